#include "ringpeer/engine/admission/source_list_text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <optional>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
// What Windows writes at the beginning of a text in UTF-8.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
// Enough for every prefix; what is longer is cut in a message.
constexpr std::size_t kMaxQuoted = 50;
constexpr const char* kLikeThese = "192.0.2.0/24, 2001:db8::/32, or one address alone";

// The characters of a file are its writer's; a message has those that it may have.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text.substr(0, kMaxQuoted)) result += c >= ' ' && c < 0x7f ? c : '?';
  return result + (text.size() > kMaxQuoted ? "...'" : "'");
}

std::string_view trimmed(std::string_view line) {
  line = line.substr(0, line.find_first_of("#;"));
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

// The address without its bits behind the prefix.
net::IpAddress network_of(const net::IpAddress& address, int bits) {
  constexpr int kByte = 8;
  net::IpAddress::Bytes bytes = address.bytes();
  for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
    const int kept = std::clamp(bits - i * kByte, 0, kByte);
    bytes[static_cast<std::size_t>(i)] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return net::IpAddress(bytes);
}

std::string words_about_address(std::string_view text) {
  if (text.find('%') != std::string_view::npos) {
    return quoted(text) +
           " names an interface, which is no part of an address: leave it out, with "
           "the '%'.";
  }
  return quoted(text) + " is no address in numbers: write " + kLikeThese + ".";
}

// Nothing, with words, when it is no number or out of range.
std::optional<int> bits_of(std::string_view text, std::string_view digits, int most,
                           std::string* complaint) {
  int bits = -1;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (failure == std::errc() && end == digits.data() + digits.size() && bits >= 0 && bits <= most &&
      digits.front() != '-') {
    return bits;
  }
  *complaint = quoted(text) + ": behind the '/' is how many bits are given, 0 to " +
               std::to_string(most) + ", as in " +
               (most == SourcePrefix::kMaxBits ? "2001:db8::/32." : "192.0.2.0/24.");
  return std::nullopt;
}

// Empty, or what is wrong.
std::string read_prefix(std::string_view text, SourcePrefix* prefix) {
  if (text.find_first_of(kBlanks) != std::string_view::npos) {
    return quoted(text) +
           " is more than one word: write one prefix a line, and '#' before a "
           "comment.";
  }
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  const auto parsed = net::IpAddress::parse(address);
  if (!parsed) return words_about_address(text);
  *prefix = {.address = *parsed};
  if (slash == std::string_view::npos) return "";
  // As it is written: ::ffff:192.0.2.0/120 counts the bits of IPv6.
  const int mapped = address.find(':') == std::string_view::npos ? SourcePrefix::kIpv4Bits : 0;
  std::string complaint;
  const auto bits =
      bits_of(text, text.substr(slash + 1), SourcePrefix::kMaxBits - mapped, &complaint);
  if (!bits) return complaint;
  prefix->bits = *bits + mapped;
  const net::IpAddress network = network_of(*parsed, prefix->bits);
  if (network == *parsed) return "";
  return quoted(text) + " has bits behind its prefix: write " +
         source_prefix_text({.address = network, .bits = prefix->bits}) + " for the net, or " +
         source_prefix_text({.address = *parsed}) + " for the one address.";
}

bool read_lines(std::string_view text, std::vector<SourcePrefix>* prefixes, std::string* error) {
  if (text.size() > kMaxSourceListText) {
    *error = "there are more than " + std::to_string(kMaxSourceListText >> 20) +
             " MiB of it: merge prefixes that lie within each other, and leave comments out.";
    return false;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    SourcePrefix prefix;
    std::string complaint = read_prefix(line, &prefix);
    if (complaint.empty() && prefixes->size() == SourceList::kMaxPrefixes) {
      complaint = "there are more than " + std::to_string(SourceList::kMaxPrefixes) +
                  " prefixes: merge those that lie within each other.";
    }
    if (!complaint.empty()) {
      *error = "line " + std::to_string(number) + ": " + complaint;
      return false;
    }
    prefixes->push_back(prefix);
  }
  return true;
}

}  // namespace

bool parse_source_list(std::string_view text, std::vector<SourcePrefix>* prefixes,
                       std::string* error) {
  RINGPEER_TRY {
    std::vector<SourcePrefix> read;
    if (!read_lines(text, &read, error)) return false;
    prefixes->swap(read);
    return true;
  }
  RINGPEER_CATCH(const std::bad_alloc&) {
    *error = "no memory.";  // so short that it needs none
    return false;
  }
}

std::string source_prefix_text(const SourcePrefix& prefix) {
  std::string text = prefix.address.to_string();
  int most = SourcePrefix::kMaxBits;
  int bits = prefix.bits;
  if (prefix.address.is_ipv4() && bits >= SourcePrefix::kIpv4Bits) {
    most -= SourcePrefix::kIpv4Bits;
    bits -= SourcePrefix::kIpv4Bits;
  } else {
    // IpAddress::to_string() writes all eight groups, as Godot does.
    std::array<char, INET6_ADDRSTRLEN> compressed{};
    if (::inet_ntop(AF_INET6, prefix.address.bytes().data(), compressed.data(),
                    compressed.size()) != nullptr) {
      text = compressed.data();
    }
  }
  return bits == most ? text : text + '/' + std::to_string(bits);
}

}  // namespace ringpeer
