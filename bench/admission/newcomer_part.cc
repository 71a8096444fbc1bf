// Whether somebody new comes in through a flood of forged addresses.

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/bench/admission/flood.h"
#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/admission/round.h"
#include "ringpeer/bench/scale/spoofing_sender.h"
#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kRepeat{100};
constexpr int kPacketsOfATry = 10;
constexpr milliseconds kTry = kPacketsOfATry * kRepeat;
constexpr milliseconds kWarmUp{500};
// Of the tries with a cookie.
constexpr double kPromised = 0.95;

// One that wants to come in. Looks at its socket once a frame, as a game does.
class Newcomer {
 public:
  Newcomer(int port, bool cookie) : cookie_(cookie) {
    net::Endpoint server;
    server.address = *net::IpAddress::parse("127.0.0.1");
    server.port = static_cast<std::uint16_t>(port);
    is_valid_ = socket_.open(net::SocketFamily::kIpv4) == 0 && socket_.connect(server) == 0;
  }

  bool is_valid() const { return is_valid_; }
  std::uint16_t port() const { return socket_.local_endpoint().value_or(net::Endpoint()).port; }
  Clock::time_point begun() const { return begun_; }

  void play_frame() {
    const auto now = Clock::now();
    answer();
    if (packets_ == kPacketsOfATry || now < begun_ + packets_ * kRepeat) return;
    ++packets_;
    if (cookie_) {
      send(admission::hello_packet());
    } else {
      send(std::array<std::uint8_t, kGamePacketSize>{});
    }
  }

 private:
  void send(std::span<const std::uint8_t> bytes) const {
    (void)::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  }
  void answer() {
    admission::HandshakePacket packet;
    while (::recv(socket_.descriptor(), packet.data(), packet.size(), MSG_DONTWAIT) ==
           static_cast<ssize_t>(packet.size())) {
      bool is_handshake = false;
      if (const auto reply = handshake_.receive(packet, 0, &is_handshake)) send(*reply);
    }
  }

  const bool cookie_;
  net::Socket socket_;
  bool is_valid_ = false;
  const Clock::time_point begun_ = Clock::now();
  int packets_ = 0;
  admission::ClientHandshake handshake_;
};

struct Outcome {
  std::string error;
  int in_time = 0;
  std::vector<double> milliseconds_until_in;
  double strangers_per_look = 0;
  double flood_per_second = 0;
  std::uint64_t kernel_drops = 0;
  std::optional<double> steal_percent;
};

// Milliseconds; negative when it is not in within the time.
double try_once(House& house, bool cookie) {
  Newcomer newcomer(house.port(), cookie);
  if (!newcomer.is_valid()) return -1;
  double in_after = -1;
  house.set_keeps([&](const PacketPeerUDP& peer) {
    if (peer.get_packet_port() == newcomer.port() && peer.get_packet_ip() == "127.0.0.1") {
      const std::chrono::duration<double, std::milli> after = Clock::now() - newcomer.begun();
      if (in_after < 0) in_after = after.count();
    }
    return false;
  });
  house.set_each_frame([&] { newcomer.play_frame(); });
  const auto end = newcomer.begun() + kTry;
  while (in_after < 0 && Clock::now() < end) house.play_frame();
  house.set_each_frame(nullptr);
  house.set_keeps(nullptr);
  return in_after <= static_cast<double>(kTry.count()) ? in_after : -1;
}

Outcome measure(bool cookie, const PartOptions& options) {
  Outcome outcome;
  HouseOptions empty = house_options(options);
  empty.players = 0;
  empty.admission.cookie = cookie;
  const auto house = House::open(empty, &outcome.error);
  if (house == nullptr) return outcome;
  SpoofingSender sender(house->port(), kForgedBlock);
  const auto hello = admission::hello_packet();
  const std::array<std::uint8_t, kGamePacketSize> game_packet{};
  const std::span<const std::uint8_t> payload =
      cookie ? std::span<const std::uint8_t>(hello) : std::span<const std::uint8_t>(game_packet);
  Flood flood(
      [&](std::uint32_t first, std::size_t count) { return sender.send(first, count, payload); },
      options.sources, options.forged_per_second);
  flood.start();
  house->play_for(kWarmUp);
  const CounterSnapshot before = house->engine().counters();
  const std::uint64_t frames_before = house->frames();
  const std::uint64_t flood_before = flood.sent();
  const auto begun = Clock::now();
  const tools::StealMeter steal;
  for (int i = 0; i < options.tries; ++i) {
    const double in_after = try_once(*house, cookie);
    if (in_after < 0) continue;
    ++outcome.in_time;
    outcome.milliseconds_until_in.push_back(in_after);
  }
  const std::chrono::duration<double> seconds = Clock::now() - begun;
  const CounterSnapshot after = house->engine().counters();
  outcome.steal_percent = steal.percent();
  outcome.flood_per_second = static_cast<double>(flood.sent() - flood_before) / seconds.count();
  outcome.strangers_per_look =
      static_cast<double>(after[Counter::kReceivedPackets] - before[Counter::kReceivedPackets]) /
      static_cast<double>(std::max<std::uint64_t>(1, house->frames() - frames_before));
  outcome.kernel_drops = after[Counter::kKernelDrops] - before[Counter::kKernelDrops];
  flood.stop();
  return outcome;
}

double chance_without_cookie(double strangers_per_look) {
  const double of_a_look =
      std::min(1.0, UDPServer::kDefaultMaxPendingConnections / std::max(1.0, strangers_per_look));
  return 1 - std::pow(1 - of_a_look, kPacketsOfATry);
}

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void add_row(bool cookie, const PartOptions& options, Table* table) {
  const Outcome outcome = measure(cookie, options);
  Json row = {{"admission", cookie ? "cookie" : "off"}};
  if (!outcome.error.empty()) return table->add_error(row, outcome.error);
  row["forged/s"] = rounded(outcome.flood_per_second, 0);
  row["tries"] = options.tries;
  row["in within 1 s"] = outcome.in_time;
  row["median ms"] = rounded(median_of(outcome.milliseconds_until_in), 0);
  row["strangers a look"] = rounded(outcome.strangers_per_look, 0);
  row["computed chance"] =
      cookie ? Json(nullptr) : Json(rounded(chance_without_cookie(outcome.strangers_per_look), 3));
  row["measured"] = rounded(static_cast<double>(outcome.in_time) / options.tries, 3);
  row["kernel drops"] = outcome.kernel_drops;
  row["steal %"] = steal_of(outcome.steal_percent);
  if (!cookie) return table->add(row, kShown);
  const bool is_kept = outcome.in_time >= kPromised * options.tries;
  const bool is_void = outcome.steal_percent.value_or(0) > kMaxStealPercent;
  table->add(row, is_kept ? kKept : is_void ? kVoid : kMissed);
}

}  // namespace

Table measure_newcomer(const PartOptions& options) {
  Table table;
  table.name = "newcomer";
  table.about =
      "Forged packets at a rate, and somebody who says hello (cookie) or sends his first packet "
      "(off) "
      "ten times in a\nsecond; the application takes newcomers 60 times a second. With the cookie "
      "19 "
      "of 20 are promised. Without, a\nforged source looks like a newcomer: of the n strangers "
      "between two looks of the application each has the same\nchance of one of 16 places, and "
      "each "
      "of the ten packets comes before another look, so it is\n1 - (1 - min(1, 16 / n))^10.";
  add_row(true, options, &table);
  add_row(false, options, &table);
  return table;
}

}  // namespace ringpeer::bench
