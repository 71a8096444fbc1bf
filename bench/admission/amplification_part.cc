// How many bytes a server with cookies sends to sources that have shown none.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "ringpeer/bench/admission/flood.h"
#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/network_counters.h"
#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/scale/spoofing_sender.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::bench {
namespace {

// Fewer than a worker challenges at most: each that may be answered is.
constexpr double kPacketsPerSecond = 20'000;
constexpr std::size_t kCalibrationPackets = 1000;
// What the senders put into the server's socket has left it by then.
constexpr std::chrono::milliseconds kRest{200};

struct Traffic {
  std::string name;
  std::vector<std::uint8_t> payload;
};

std::vector<Traffic> all_traffic() {
  const auto hello = admission::hello_packet();
  std::vector<Traffic> all = {{"hello", {hello.begin(), hello.end()}}};
  for (const std::size_t size : {std::size_t{1}, std::size_t{23}}) {
    all.push_back({fmt::format("beginning of a hello, {}", size),
                   {hello.begin(), hello.begin() + static_cast<std::ptrdiff_t>(size)}});
  }
  for (const std::size_t size : {std::size_t{24}, std::size_t{48}, std::size_t{1400}}) {
    all.push_back({fmt::format("game packet, {}", size), std::vector<std::uint8_t>(size, 0x2a)});
  }
  return all;
}

struct Flow {
  std::uint64_t sent = 0;
  NetworkCounters counted;
  std::uint64_t challenges = 0;
};

// What the kernel counts for a datagram beside its payload, as seen of datagrams that nobody
// answers; nothing when it counts nothing that makes sense.
std::optional<std::uint64_t> header_bytes() {
  net::Socket sink;
  net::Endpoint any_port;
  any_port.address = *net::IpAddress::parse("127.0.0.1");
  if (sink.open(net::SocketFamily::kIpv4) != 0 || sink.bind(any_port) != 0) return std::nullopt;
  SpoofingSender sender(sink.local_endpoint().value_or(any_port).port, kForgedBlock);
  const std::array<std::uint8_t, kGamePacketSize> payload{};
  const auto before = network_counters();
  const std::size_t sent = sender.send(0, kCalibrationPackets, payload);
  const auto after = network_counters();
  if (!before || !after || sent == 0) return std::nullopt;
  const NetworkCounters counted = *after - *before;
  if (counted.datagrams_out != sent || counted.loopback_bytes < sent * payload.size()) {
    return std::nullopt;
  }
  return counted.loopback_bytes / sent - payload.size();
}

std::optional<Flow> measure(const Traffic& traffic, const PartOptions& options,
                            std::string* error) {
  HouseOptions empty = house_options(options);
  empty.players = 0;
  empty.admission.cookie = true;
  const auto house = House::open(empty, error);
  if (house == nullptr) return std::nullopt;
  SpoofingSender sender(house->port(), kForgedBlock);
  Flood flood([&](std::uint32_t first,
                  std::size_t count) { return sender.send(first, count, traffic.payload); },
              options.sources, kPacketsPerSecond);
  const auto before = network_counters();
  flood.start();
  house->play_for(std::chrono::duration<double>(options.seconds));
  flood.stop();
  house->settle();
  house->play_for(kRest);
  const auto after = network_counters();
  if (!before || !after) {
    *error = "/proc/self/net cannot be read";
    return std::nullopt;
  }
  return Flow{flood.sent(), *after - *before, house->engine().counters()[Counter::kChallengesSent]};
}

void add_row(const Traffic& traffic, std::uint64_t headers, const PartOptions& options,
             Table* table) {
  Json row = {{"traffic", traffic.name}};
  std::string error;
  const auto flow = measure(traffic, options, &error);
  if (!flow) return table->add_error(row, error);
  const std::uint64_t size = traffic.payload.size() + headers;
  const std::uint64_t bytes_in = flow->counted.datagrams_in * size;
  // What is not the sender's own is the server's, or an error that its answers have caused.
  const std::uint64_t bytes_out =
      flow->counted.loopback_bytes - std::min(flow->counted.loopback_bytes, flow->sent * size);
  row["sent"] = flow->sent;
  row["packets in"] = flow->counted.datagrams_in;
  row["bytes in"] = bytes_in;
  row["packets out"] = flow->counted.datagrams_out - flow->sent;
  row["bytes out"] = bytes_out;
  row["challenges"] = flow->challenges;
  row["out / in"] = rounded(
      static_cast<double>(bytes_out) / static_cast<double>(std::max<std::uint64_t>(1, bytes_in)),
      3);
  const bool is_kept = flow->counted.datagrams_in > 0 && bytes_out <= bytes_in;
  table->add(row, is_kept ? kKept : kMissed);
}

}  // namespace

Table measure_amplification(const PartOptions& options) {
  Table table;
  table.name = "amplification";
  const auto headers = header_bytes();
  if (!headers) {
    table.add_error(Json::object(), "the kernel's counters make no sense");
    return table;
  }
  table.about = fmt::format(
      "With the cookie on, {:.0f} packets/s of forged addresses, by the kernel's counters of the "
      "namespace, in which nobody\nelse sends. in: InDatagrams, which only the server reads, each "
      "of its payload and {} bytes of headers (measured).\nout: all bytes that have passed the "
      "loopback interface, and OutDatagrams, less those of the sender, who knows\nhow many it has "
      "sent. At most as many bytes out as in are promised.",
      kPacketsPerSecond, *headers);
  for (const Traffic& traffic : all_traffic()) add_row(traffic, *headers, options, &table);
  return table;
}

}  // namespace ringpeer::bench
