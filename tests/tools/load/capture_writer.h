#ifndef RINGPEER_TESTS_TOOLS_LOAD_CAPTURE_WRITER_H_
#define RINGPEER_TESTS_TOOLS_LOAD_CAPTURE_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::tools {

// Captures as tcpdump writes them, byte by byte, so that tests have any they like.
// Threads: one.

using CaptureBytes = std::vector<std::uint8_t>;

// The link types of such files.
inline constexpr std::uint32_t kNullLink = 0;
inline constexpr std::uint32_t kEthernetLink = 1;
inline constexpr std::uint32_t kRawLink = 101;
inline constexpr std::uint32_t kSllLink = 113;
inline constexpr std::uint32_t kSll2Link = 276;

net::Endpoint endpoint_of(std::string_view text);  // "10.0.0.1:4000", "[::1]:4000"

// An IP packet, of IPv4 or IPv6 as the addresses are. `fragment`: the word of IPv4's header, or of
// IPv6's fragment header, which is there only when it is not 0.
CaptureBytes ip_packet(const net::Endpoint& from, const net::Endpoint& to, std::string_view payload,
                       std::uint16_t fragment = 0);
// The same with a link's header before it; `tags` VLAN tags on Ethernet.
CaptureBytes framed(std::uint32_t link, const CaptureBytes& packet, int tags = 0);

struct CaptureEntry {
  std::uint64_t time_ns = 0;
  CaptureBytes frame;
  std::size_t snap = 262'144;  // captured at most
};

std::string pcap_file(std::uint32_t link, const std::vector<CaptureEntry>& entries,
                      bool nanoseconds = false, bool big_endian = false);
std::string pcapng_file(std::uint32_t link, const std::vector<CaptureEntry>& entries);

// Writes it where tests may, and gives the path.
std::string write_test_file(const std::string& name, const std::string& bytes);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_LOAD_CAPTURE_WRITER_H_
