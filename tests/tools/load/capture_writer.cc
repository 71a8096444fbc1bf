#include "ringpeer/tests/tools/load/capture_writer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "ringpeer/tools/target/target_address.h"

namespace ringpeer::tools {
namespace {

// Puts numbers one behind another.
class Writer {
 public:
  explicit Writer(bool big_endian) : big_endian_(big_endian) {}

  Writer& add(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      const int byte = big_endian_ ? bytes - 1 - i : i;
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
    }
    return *this;
  }
  Writer& add(const CaptureBytes& more, std::size_t most = ~std::size_t{0}) {
    const std::size_t size = std::min(most, more.size());
    bytes_.insert(bytes_.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(size));
    return *this;
  }
  Writer& pad() {
    while (bytes_.size() % 4 != 0) bytes_.push_back(0);
    return *this;
  }
  const CaptureBytes& bytes() const { return bytes_; }

 private:
  bool big_endian_;
  CaptureBytes bytes_;
};

std::string text_of(const CaptureBytes& bytes) { return {bytes.begin(), bytes.end()}; }

CaptureBytes address_of(const net::Endpoint& endpoint) {
  const auto& all = endpoint.address.bytes();
  const std::size_t first = endpoint.address.is_ipv4() ? 12 : 0;
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.end()};
}

void add_block(std::uint32_t type, const CaptureBytes& body, Writer* file) {
  const std::size_t size = body.size() + 12;
  file->add(type, 4).add(size, 4).add(body).add(size, 4);
}

}  // namespace

net::Endpoint endpoint_of(std::string_view text) { return parse_target_address(text).value(); }

CaptureBytes ip_packet(const net::Endpoint& from, const net::Endpoint& to, std::string_view payload,
                       std::uint16_t fragment) {
  Writer udp(true);
  udp.add(from.port, 2).add(to.port, 2).add(payload.size() + 8, 2).add(0, 2);
  udp.add({payload.begin(), payload.end()});
  Writer ip(true);
  if (from.address.is_ipv4()) {
    ip.add(0x45, 1).add(0, 1).add(20 + udp.bytes().size(), 2).add(1, 2).add(fragment, 2);
    ip.add(64, 1).add(17, 1).add(0, 2);
  } else {
    const std::size_t extra = fragment != 0 ? 8 : 0;
    ip.add(0x60000000, 4).add(udp.bytes().size() + extra, 2).add(fragment != 0 ? 44 : 17, 1);
    ip.add(64, 1);
  }
  ip.add(address_of(from)).add(address_of(to));
  if (!from.address.is_ipv4() && fragment != 0) ip.add(17, 1).add(0, 1).add(fragment, 2).add(7, 4);
  return ip.add(udp.bytes()).bytes();
}

CaptureBytes framed(std::uint32_t link, const CaptureBytes& packet, int tags) {
  const bool is_ipv6 = packet[0] >> 4 == 6;
  const std::uint64_t type = is_ipv6 ? 0x86dd : 0x0800;
  Writer frame(true);
  switch (link) {
    case kNullLink:
      frame.add(is_ipv6 ? 0x1e000000 : 0x02000000, 4);
      break;
    case kEthernetLink:
      frame.add(0, 6).add(0, 6);
      for (int i = 0; i < tags; ++i) frame.add(i == 0 ? 0x88a8 : 0x8100, 2).add(7, 2);
      frame.add(type, 2);
      break;
    case kSllLink:
      frame.add(0, 2).add(1, 2).add(6, 2).add(0, 8).add(type, 2);
      break;
    case kSll2Link:
      frame.add(type, 2).add(0, 2).add(2, 4).add(1, 2).add(0, 1).add(6, 1).add(0, 8);
      break;
    default:
      break;
  }
  return frame.add(packet).bytes();
}

std::string pcap_file(std::uint32_t link, const std::vector<CaptureEntry>& entries,
                      bool nanoseconds, bool big_endian) {
  Writer file(big_endian);
  file.add(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4).add(2, 2).add(4, 2).add(0, 8);
  file.add(262'144, 4).add(link, 4);
  for (const CaptureEntry& entry : entries) {
    const std::uint64_t rest = entry.time_ns % 1'000'000'000;
    file.add(entry.time_ns / 1'000'000'000, 4).add(nanoseconds ? rest : rest / 1000, 4);
    file.add(std::min(entry.snap, entry.frame.size()), 4).add(entry.frame.size(), 4);
    file.add(entry.frame, entry.snap);
  }
  return text_of(file.bytes());
}

std::string pcapng_file(std::uint32_t link, const std::vector<CaptureEntry>& entries) {
  Writer file(false);
  Writer section(false);
  section.add(0x1a2b3c4d, 4).add(1, 2).add(0, 2).add(~std::uint64_t{0}, 8);
  add_block(0x0a0d0d0a, section.bytes(), &file);
  Writer interface(false);
  interface.add(link, 2).add(0, 2).add(262'144, 4);
  interface.add(9, 2).add(1, 2).add(9, 4).add(0, 4);  // if_tsresol: nanoseconds
  add_block(1, interface.bytes(), &file);
  for (const CaptureEntry& entry : entries) {
    Writer packet(false);
    packet.add(0, 4).add(entry.time_ns >> 32, 4).add(entry.time_ns & 0xffffffff, 4);
    packet.add(std::min(entry.snap, entry.frame.size()), 4).add(entry.frame.size(), 4);
    packet.add(entry.frame, entry.snap).pad();
    add_block(6, packet.bytes(), &file);
  }
  return text_of(file.bytes());
}

std::string write_test_file(const std::string& name, const std::string& bytes) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = std::string(folder == nullptr ? "/tmp" : folder) + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

}  // namespace ringpeer::tools
