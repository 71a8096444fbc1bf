#include "ringpeer/bench/admission/network_counters.h"

#include <fstream>
#include <iterator>
#include <sstream>

namespace ringpeer::bench {
namespace {

std::string read_file(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "Udp: InDatagrams NoPorts ..." and below it "Udp: 3 0 ...".
std::optional<std::uint64_t> udp_value(std::string_view snmp, std::string_view wanted) {
  std::istringstream lines{std::string(snmp)};
  std::string names;
  std::string values;
  while (std::getline(lines, names) && !names.starts_with("Udp:")) {
  }
  if (!std::getline(lines, values) || !values.starts_with("Udp:")) return std::nullopt;
  std::istringstream name_words(names);
  std::istringstream value_words(values);
  std::string name;
  std::string value;
  while (name_words >> name && value_words >> value) {
    std::uint64_t number = 0;
    if (name == wanted && std::istringstream(value) >> number) return number;
  }
  return std::nullopt;
}

// "    lo: 123 1 0 0 0 0 0 0 123 1 ...": received bytes and packets, and six more; then those sent.
std::optional<std::uint64_t> loopback_bytes_sent(std::string_view dev) {
  constexpr std::string_view kInterface = "lo:";
  constexpr int kFieldsBefore = 8;
  std::istringstream lines{std::string(dev)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name) || name != kInterface) continue;
    std::uint64_t value = 0;
    for (int i = 0; i <= kFieldsBefore; ++i) {
      if (!(words >> value)) return std::nullopt;
    }
    return value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<NetworkCounters> parse_network_counters(std::string_view snmp, std::string_view dev) {
  const auto in = udp_value(snmp, "InDatagrams");
  const auto out = udp_value(snmp, "OutDatagrams");
  const auto bytes = loopback_bytes_sent(dev);
  if (!in || !out || !bytes) return std::nullopt;
  return NetworkCounters{*in, *out, *bytes};
}

std::optional<NetworkCounters> network_counters() {
  return parse_network_counters(read_file("/proc/self/net/snmp"), read_file("/proc/self/net/dev"));
}

}  // namespace ringpeer::bench
