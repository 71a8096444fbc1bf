#ifndef RINGPEER_TOOLS_CAPTURE_SESSION_RECORDING_H_
#define RINGPEER_TOOLS_CAPTURE_SESSION_RECORDING_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// One packet of a recorded session.
struct RecordedPacket {
  std::chrono::nanoseconds offset{0};  // since the client's first; never less than the one before
  std::size_t size = 0;                // of the payload, also where the capture has only a part
  std::size_t place = 0;               // of its bytes among those of the recording
  std::size_t captured = 0;

  bool is_whole() const { return captured == size; }
};

// What one client and its server said to each other, as a pcap or pcapng file has it: times, sizes
// and bytes. The client is the side that sends first, or the one that is named.
//
// Threads: one reads; then any.
class SessionRecording {
 public:
  // More packets, or bytes of payload, are no session of one client.
  static constexpr std::size_t kMaxPackets = 4'000'000;
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
  // Sessions that are told apart in one file.
  static constexpr std::size_t kMaxSessions = 65'536;

  // Which session is meant, where a file has several.
  struct Choice {
    std::optional<net::Endpoint> client = std::nullopt;
    std::optional<net::Endpoint> server = std::nullopt;
  };

  // False, with words that say what to do in *error: no capture, no UDP, several sessions of which
  // none is named, packets of the client that are there only in part. A file that ends in the
  // middle of a frame is read as far as it goes, and is_cut_short() says so.
  bool read(const std::string& path, const Choice& choice, std::string* error);

  const net::Endpoint& client() const { return client_; }
  const net::Endpoint& server() const { return server_; }
  // What the client sent: all of it whole.
  const std::vector<RecordedPacket>& sent() const { return sent_; }
  // What the server answered. Of packets that are not whole the size is right.
  const std::vector<RecordedPacket>& answers() const { return answers_; }
  std::span<const std::uint8_t> payload(const RecordedPacket& packet) const {
    return std::span<const std::uint8_t>(bytes_).subspan(packet.place, packet.captured);
  }
  // From the client's first packet to its last.
  std::chrono::nanoseconds duration() const;

  // What a user should hear of, if anything: answers in part, frames that make no sense, times that
  // go backwards, an end in the middle. One sentence each.
  const std::vector<std::string>& remarks() const { return remarks_; }
  bool is_cut_short() const { return is_cut_short_; }

 private:
  struct Pass;

  net::Endpoint client_;
  net::Endpoint server_;
  std::vector<RecordedPacket> sent_;
  std::vector<RecordedPacket> answers_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::string> remarks_;
  bool is_cut_short_ = false;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_CAPTURE_SESSION_RECORDING_H_
