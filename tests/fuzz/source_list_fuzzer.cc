// Any text may be asked to be a list of prefixes: what is one is written as a text that is the same
// one, and refuses what looking at each of its prefixes says. The lines of the text are taken in
// turn as denied and allowed, and their ends are looked up.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/admission/source_list.h"
#include "ringpeer/engine/admission/source_list_text.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace {

using ringpeer::SourceList;
using ringpeer::SourcePrefix;
using ringpeer::net::IpAddress;

// With the bits behind the prefix all the same.
IpAddress end_of(const IpAddress& address, int bits, bool ones) {
  IpAddress::Bytes bytes = address.bytes();
  for (int bit = bits; bit < SourcePrefix::kMaxBits; ++bit) {
    std::uint8_t& byte = bytes[static_cast<std::size_t>(bit / 8)];
    const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
    byte = static_cast<std::uint8_t>(ones ? byte | mask : byte & ~mask);
  }
  return IpAddress(bytes);
}

int longest(const std::vector<SourcePrefix>& prefixes, const IpAddress& address) {
  int bits = -1;
  for (const SourcePrefix& prefix : prefixes) {
    const bool is_ipv4 = prefix.address.is_ipv4() && prefix.bits >= SourcePrefix::kIpv4Bits;
    if (is_ipv4 != address.is_ipv4()) continue;
    if (end_of(address, prefix.bits, false) == prefix.address) bits = std::max(bits, prefix.bits);
  }
  return bits;
}

void look_up(const std::vector<SourcePrefix>& denied, const std::vector<SourcePrefix>& allowed) {
  const auto list = SourceList::create(denied, allowed);
  FUZZ_CHECK(list != nullptr);
  FUZZ_CHECK(list->prefix_count() == denied.size() + allowed.size());
  for (const auto* prefixes : {&denied, &allowed}) {
    for (const SourcePrefix& prefix : *prefixes) {
      for (const bool ones : {false, true}) {
        const IpAddress address = end_of(prefix.address, prefix.bits, ones);
        const int deny = longest(denied, address);
        const int allow = longest(allowed, address);
        const bool expected = deny < 0 && allow < 0 ? !allowed.empty() : deny >= allow;
        FUZZ_CHECK(list->refuses(address) == expected);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<SourcePrefix> prefixes;
  std::string error;
  if (!parse_source_list(text, &prefixes, &error)) {
    FUZZ_CHECK(prefixes.empty());
    FUZZ_CHECK(error.starts_with("line ") && error.find('\n') == std::string::npos);
    return 0;
  }
  std::string written;
  for (const SourcePrefix& prefix : prefixes) written += source_prefix_text(prefix) + '\n';
  std::vector<SourcePrefix> again;
  FUZZ_CHECK(parse_source_list(written, &again, &error));
  FUZZ_CHECK(again.size() == prefixes.size());
  std::vector<SourcePrefix> denied;
  std::vector<SourcePrefix> allowed;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    FUZZ_CHECK(again[i].address == prefixes[i].address && again[i].bits == prefixes[i].bits);
    (i % 2 == 0 ? denied : allowed).push_back(prefixes[i]);
  }
  look_up(denied, allowed);
  look_up(prefixes, {});
  return 0;
}
