#ifndef RINGPEER_TOOLS_LOAD_LOAD_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_LOAD_PAYLOAD_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace ringpeer::tools {

class SessionReplay;

// Says which packet one is, and when it was due. When it left is the client's own knowledge.
struct LoadStamp {
  std::uint32_t client = 0;
  std::uint64_t sequence = 0;
  std::chrono::steady_clock::time_point due_at;
  // Its place in the schedule of its client. Packets that were not sent have one, too, and no
  // sequence number.
  std::uint64_t index = 0;
};

// What a packet that came back turned out to be.
struct LoadReply {
  enum class Kind {
    kForeign,    // nothing that a server should answer: damaged beyond recognition, or another's
    kCorrupted,  // names a packet of ours, and has other bytes
    kEcho,       // our own packet
    kNamed,      // has the sequence and time of a packet of ours; is_packet() tells the rest
    kUnmatched,  // an answer that names no packet: it counts, and no more is known of it
    kSnapshot,   // the arena's answer to all inputs so far
  };

  Kind kind = Kind::kForeign;
  // Of the echoed packet, or of the newest input that the snapshot has seen.
  LoadStamp stamp;

  // Of a corrupted one: nothing but the sequence and the time says that it is ours. One whose time
  // is not that packet's is foreign.
  bool is_known_by_time_alone = false;

  // The rest is a snapshot's.
  std::uint64_t session = 0;          // which one the two numbers are of
  std::uint64_t snapshot_number = 0;  // counts this session's snapshots from 1
  std::uint64_t inputs_received = 0;  // inputs of this client that reached the game
  bool left = false;                  // the game has taken note that the client leaves
};

// Makes the packets that the simulated clients send, and reads what comes back.
//
// Threads: one.
class LoadPayload {
 public:
  virtual ~LoadPayload() = default;

  // The packet is valid until the next call. A leaving client says so in its last
  // packets, where the payload has a word for it.
  virtual std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) = 0;
  // Anyone may have sent `packet`: nothing of it is taken for granted. stamp.client of an
  // answer that does not carry one is `client`, whose socket it arrived at.
  virtual LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const = 0;
  // Of a kNamed one, whether it is the packet of `stamp`, which says its index too.
  virtual bool is_packet(std::span<const std::uint8_t> /*packet*/,
                         const LoadStamp& /*stamp*/) const {
    return false;
  }
  // The recorded session that is sent, which has times of its own; null where packets are sent at
  // a rate.
  virtual const SessionReplay* replay() const { return nullptr; }
  // Of what packets are made of, where that came out of a file: another file has another.
  virtual std::optional<std::uint64_t> digest() const { return std::nullopt; }
  // Another one that makes the same packets, for a thread of its own.
  virtual std::unique_ptr<LoadPayload> clone() const = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_PAYLOAD_H_
