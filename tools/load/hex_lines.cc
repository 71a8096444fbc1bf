#include "ringpeer/tools/load/hex_lines.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Empty, or what is wrong.
std::string read_packet(std::string_view line, std::vector<std::uint8_t>* packet) {
  constexpr int kBase = 16;
  int high = -1;
  for (const char c : line) {
    if (kBlanks.find(c) != std::string_view::npos) {
      if (high >= 0) return "a byte has two digits";
      continue;
    }
    const int digit = digit_of(c);
    if (digit < 0) {
      const auto code = static_cast<unsigned char>(c);
      return code >= ' ' && code < 0x7f ? fmt::format("'{}' is no hexadecimal digit", c)
                                        : fmt::format("byte {:#x} is no hexadecimal digit", code);
    }
    if (high < 0) {
      high = digit;
      continue;
    }
    if (packet->size() == kMaxRawPacket) {
      return fmt::format("a datagram has {} bytes at most", kMaxRawPacket);
    }
    packet->push_back(static_cast<std::uint8_t>(high * kBase + digit));
    high = -1;
  }
  return high < 0 ? "" : "a byte has two digits";
}

std::string_view trimmed(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

bool read_hex_lines(std::istream& input, std::vector<std::vector<std::uint8_t>>* packets,
                    std::string* error) {
  packets->clear();
  std::size_t bytes = 0;
  std::size_t number = 0;
  for (std::string line; std::getline(input, line);) {
    ++number;
    const std::string_view text = trimmed(line);
    if (text.empty()) continue;
    std::vector<std::uint8_t> packet;
    const std::string complaint = text == "-" ? "" : read_packet(text, &packet);
    if (!complaint.empty()) {
      *error = fmt::format("line {}: {}.", number, complaint);
      return false;
    }
    bytes += packet.size();
    packets->push_back(std::move(packet));
    if (packets->size() > kMaxHexPackets || bytes > kMaxHexBytes) {
      *error = fmt::format("line {}: more than {} packets or {} MiB.", number, kMaxHexPackets,
                           kMaxHexBytes >> 20);
      return false;
    }
  }
  if (input.bad()) {
    *error = fmt::format("line {}: the file cannot be read any further.", number + 1);
    return false;
  }
  if (packets->empty()) {
    *error = "there is no packet in it: a line each, in hexadecimal digits.";
    return false;
  }
  return true;
}

}  // namespace ringpeer::tools
