// Attackers who need no forged addresses, or one: many ports, a player of their own, a player's
// address.

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ringpeer/bench/admission/flood.h"
#include "ringpeer/bench/admission/house.h"
#include "ringpeer/bench/admission/icmp_forger.h"
#include "ringpeer/bench/admission/parts.h"
#include "ringpeer/bench/admission/raw_sender.h"
#include "ringpeer/bench/admission/round.h"
#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kAttacker = "127.48.0.1";
constexpr const char* kPlayersAddress = "127.0.0.1";
constexpr std::uint32_t kPortCount = 60'000;
constexpr std::uint16_t kFirstPort = 1024;
// More than any server's packet begins with again by chance.
constexpr std::size_t kQuotedBytes = 8;
constexpr std::chrono::seconds kPatience{5};

const std::array<std::uint8_t, kGamePacketSize> kGamePacket{};

enum class Attack { kPorts, kAsPlayer, kForgesPackets, kForgesErrors, kForgesShortErrors };

struct Case {
  const char* name;
  Attack attack;
  bool limit_rates;
};
constexpr Case kCases[] = {
    {"60,000 ports", Attack::kPorts, false},
    {"60,000 ports", Attack::kPorts, true},
    {"answers the cookie", Attack::kAsPlayer, false},
    {"answers the cookie", Attack::kAsPlayer, true},
    {"forges a player's packets", Attack::kForgesPackets, false},
    {"forges a player's packets", Attack::kForgesPackets, true},
    {"forges errors for a player", Attack::kForgesErrors, true},
    {"the same, quoting nothing", Attack::kForgesShortErrors, true},
};

HouseOptions house_of(const Case& attack, const PartOptions& options) {
  HouseOptions house = house_options(options);
  house.admission.limit_rates = attack.limit_rates;
  house.admission.cookie = attack.attack == Attack::kAsPlayer;
  house.detect_unreachable =
      attack.attack == Attack::kForgesErrors || attack.attack == Attack::kForgesShortErrors;
  return house;
}

// A socket of the attacker's own address that the server takes for a player's.
class AcceptedAttacker {
 public:
  bool come_in(House& house) {
    net::Endpoint own;
    own.address = *net::IpAddress::parse(kAttacker);
    net::Endpoint server;
    server.address = *net::IpAddress::parse(kPlayersAddress);
    server.port = static_cast<std::uint16_t>(house.port());
    if (socket_.open(net::SocketFamily::kIpv4) != 0 || socket_.bind(own) != 0 ||
        socket_.connect(server) != 0) {
      return false;
    }
    const std::size_t kept_before = house.kept();
    house.set_keeps([this](const PacketPeerUDP& newcomer) {
      return newcomer.get_packet_ip() == kAttacker && newcomer.get_packet_port() == port();
    });
    const auto patience_ends = Clock::now() + kPatience;
    while (house.kept() == kept_before && Clock::now() < patience_ends) {
      send(admission::hello_packet());
      house.play_frame();
      answer();
    }
    house.set_keeps(nullptr);
    return house.kept() > kept_before;
  }
  std::uint16_t port() const { return socket_.local_endpoint().value_or(net::Endpoint()).port; }

 private:
  void send(std::span<const std::uint8_t> bytes) const {
    (void)::send(socket_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  }
  void answer() {
    admission::HandshakePacket packet;
    if (::recv(socket_.descriptor(), packet.data(), packet.size(), MSG_DONTWAIT) !=
        static_cast<ssize_t>(packet.size())) {
      return;
    }
    bool is_handshake = false;
    const auto reply = admission::ClientHandshake().receive(packet, 0, &is_handshake);
    if (reply) send(*reply);
  }

  net::Socket socket_;
};

// What the flood sends; whoever is in for it lives as long.
struct Attacker {
  AcceptedAttacker accepted;
  std::unique_ptr<RawSender> raw;
  std::unique_ptr<IcmpForger> icmp;
  std::uint16_t first_port = kFirstPort;
  std::uint16_t step = 0;
  std::uint32_t sources = Flood::kBatch;

  // "" or why it cannot.
  std::string prepare(const Case& attack, House& house) {
    const std::uint16_t victim = house.players().port_of(0);
    const bool forges_player = attack.attack == Attack::kForgesPackets;
    if (house.options().detect_unreachable) {
      const bool is_short = attack.attack == Attack::kForgesShortErrors;
      icmp = std::make_unique<IcmpForger>(house.port(), victim, is_short ? 0 : kQuotedBytes);
      return icmp->is_valid() ? "" : "no raw socket";
    }
    raw = std::make_unique<RawSender>(forges_player ? kPlayersAddress : kAttacker, house.port());
    if (!raw->is_valid()) return "no raw socket";
    if (attack.attack == Attack::kPorts) {
      step = 1;
      sources = kPortCount;
    } else if (forges_player) {
      first_port = victim;
    } else {
      if (!accepted.come_in(house)) return "the attacker did not come in";
      first_port = accepted.port();
    }
    return "";
  }

  std::size_t send(std::uint32_t first, std::size_t count) {
    if (icmp != nullptr) return icmp->send(count);
    return raw->send(static_cast<std::uint16_t>(first_port + first * step), step, count,
                     kGamePacket);
  }
};

Round play(const Case& attack, const PartOptions& options) {
  Round round;
  const auto house = House::open(house_of(attack, options), &round.error);
  if (house == nullptr) return round;
  Attacker attacker;
  round.error = attacker.prepare(attack, *house);
  if (!round.error.empty()) return round;
  Flood flood([&](std::uint32_t first, std::size_t count) { return attacker.send(first, count); },
              attacker.sources);
  return play_round(*house, kPlayerHz, options.seconds, &flood);
}

// Reasons that are of the attacker's own queue or rate, which it shares with no player but the one
// that it says to be.
std::span<const Counter> own_reasons(const Case& attack) {
  static constexpr std::array<Counter, 2> kOfOneRemote = {Counter::kDropPeerFull,
                                                          Counter::kDropRemoteRate};
  const bool is_one_remote =
      attack.attack == Attack::kAsPlayer || attack.attack == Attack::kForgesPackets;
  return is_one_remote ? std::span<const Counter>(kOfOneRemote) : std::span<const Counter>();
}

void add_row(const Case& attack, double ns_of_players, const PartOptions& options, Table* table) {
  const Round round = first_that_counts([&] { return play(attack, options); });
  Json row = {{"attacker", attack.name}, {"limit_rates", attack.limit_rates ? "on" : "off"}};
  if (!round.error.empty()) return table->add_error(row, round.error);
  const auto own = own_reasons(attack);
  const bool are_errors =
      attack.attack == Attack::kForgesErrors || attack.attack == Attack::kForgesShortErrors;
  const double ns = are_errors ? round.worker_ns_per_sent(ns_of_players)
                               : round.worker_ns_per_other(ns_of_players);
  row["sent/s"] = rounded(static_cast<double>(round.flood_sent) / round.seconds, 0);
  row["players sent"] = round.players_sent;
  row["delivered"] = round.players_delivered;
  row["gone"] = round.players_gone;
  row["may be of players"] = round.drops_that_can_meet_players(own);
  row["kernel drops"] = round.kernel_drops();
  row["worker ns"] = rounded(ns, 0);
  row["most remotes"] = round.most_remotes;
  row["growth KiB"] = round.growth_kib;
  row["steal %"] = steal_of(round.steal_percent);
  row["drops of the engine"] = drops_of(round.counters);
  // The player whose address is forged shares its queue and rate with the forger.
  const bool is_victim_hurt = attack.attack == Attack::kForgesPackets;
  const bool is_kept =
      (is_victim_hurt ? round.players_gone == 0 && round.drops_that_can_meet_players(own) == 0
                      : round.lost_nothing(own)) &&
      round.growth_kib <= kMaxGrowthKib;
  table->add(row, round.is_void() ? kVoid : is_kept ? kKept : kMissed);
}

Round players_alone(const PartOptions& options) {
  Round round;
  const auto house = House::open(house_options(options), &round.error);
  if (house == nullptr) return round;
  return play_round(*house, Players::kFlatOut, options.seconds, nullptr);
}

}  // namespace

Table measure_one_address(const PartOptions& options) {
  Table table;
  table.name = "one-address";
  table.about =
      "Players at 60 Hz, and one attacker at the highest rate of the machine, whom the application "
      "turns away\n(60,000 ports) or keeps (who answers the cookie). worker ns: processor time of "
      "the engine's worker for a packet\nof the attacker's, or an ICMP error. may be of players: "
      "as "
      "in flood, but for the attacker's own queue and rate;\nthe player whose address is forged "
      "shares these with the forger, and loses packets, but is not gone.";
  const Round alone = first_that_counts([&] { return players_alone(options); });
  if (!alone.error.empty()) {
    table.add_error({{"attacker", "none"}}, alone.error);
    return table;
  }
  for (const Case& attack : kCases) add_row(attack, alone.worker_ns_per_packet(), options, &table);
  return table;
}

}  // namespace ringpeer::bench
