#include "ringpeer/bench/rivals/cases.h"

#include <algorithm>

namespace ringpeer::bench {
namespace {

using Peers = std::vector<std::string>;

constexpr double kOverloadRate = 2.0 * 1e9 / static_cast<double>(kSlowWork.count());

Peers every_receiver() {
  return {
      "ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor", "recvfrom", "recvmmsg",
      "recvmmsg_cadence",  "recvmmsg_epoll",    "godot_way",       "asio",  "libuv",    "enet"};
}

// ENet knows only its own protocol: what is not a message of a connected peer, it drops.
Peers every_raw_receiver() {
  Peers peers = every_receiver();
  peers.pop_back();
  return peers;
}

Peers with(Peers peers, const char* further) {
  peers.emplace_back(further);
  return peers;
}

// Peers that can be asked once a frame; how recvmmsg waits makes no difference then.
Peers frame_receivers() {
  return {"ringpeer/io_uring",
          "ringpeer/recvmmsg",
          "ringpeer/inline",
          "floor",
          "recvfrom",
          "recvmmsg",
          "godot_way",
          "asio",
          "libuv",
          "enet"};
}

Peers senders() {
  return {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
          "recvfrom",          "recvmmsg"};
}

Case paced(const char* name, const char* what, double rate, Peers peers, Peers quick_peers) {
  Case result;
  result.name = name;
  result.what = what;
  result.packets_per_second = rate;
  result.peers = std::move(peers);
  result.quick_peers = std::move(quick_peers);
  return result;
}

Case frame(const char* name, const char* what, double rate) {
  Case result = paced(name, what, rate, frame_receivers(), {"ringpeer/io_uring", "recvfrom"});
  result.drain = Drain::kPerFrame;
  result.default_receive_buffer = true;
  return result;
}

Case sending(const char* name, const char* what, std::vector<Pattern> patterns, int destinations,
             Peers quick_peers) {
  Case result;
  result.name = name;
  result.what = what;
  result.kind = Case::Kind::kSend;
  result.patterns = std::move(patterns);
  result.destinations = destinations;
  result.peers = senders();
  result.quick_peers = std::move(quick_peers);
  return result;
}

std::vector<Case> paced_cases() {
  std::vector<Case> cases;
  cases.push_back(paced("paced_1k", "1,000 packets/s, evenly spaced", 1e3,
                        with(every_receiver(), "ringpeer/wake_at_once"),
                        {"ringpeer/io_uring", "ringpeer/wake_at_once"}));
  cases.push_back(paced("paced_10k", "10,000 packets/s, evenly spaced", 1e4, every_receiver(),
                        {"ringpeer/io_uring", "recvmmsg_epoll"}));
  cases.push_back(paced("paced_100k", "100,000 packets/s, evenly spaced", 1e5, every_receiver(),
                        {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
                         "recvmmsg_cadence", "recvmmsg_epoll", "asio", "libuv"}));
  cases.back().all_sizes_and_remotes = true;
  cases.push_back(
      paced("paced_200k", "200,000 packets/s, evenly spaced", 2e5, every_receiver(), {}));
  cases.push_back(paced("flood", "as fast as one core can send with sendmmsg", 0, every_receiver(),
                        {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
                         "recvmmsg", "recvmmsg_cadence", "recvmmsg_epoll"}));
  cases.back().all_sizes_and_remotes = true;
  return cases;
}

Case gso_case() {
  Case gso =
      paced("gso", "trains of 64 packets from the sender; UDP_GRO where the peer splits them", 0,
            with(every_raw_receiver(), "recvmmsg_gro"),
            {"ringpeer/io_uring", "ringpeer/recvmmsg", "recvmmsg", "recvmmsg_gro"});
  gso.train = 64;
  gso.gro = true;
  gso.all_sizes_and_remotes = true;
  return gso;
}

Case overload_case() {
  Case overload =
      paced("overload", "40,000 packets/s to an application that can take 20,000", kOverloadRate,
            {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor", "recvfrom",
             "recvmmsg", "godot_way"},
            {"ringpeer/io_uring", "ringpeer/recvmmsg", "godot_way"});
  overload.drain = Drain::kSlow;
  return overload;
}

Case zero_length_case() {
  Case zero = paced("zero_length",
                    "a flood of zero-length packets of one remote, every 16th an ordinary "
                    "one of another",
                    0, every_raw_receiver(), {"ringpeer/io_uring", "ringpeer/recvmmsg"});
  zero.ordinary_one_in = 16;
  return zero;
}

Case idle_case() {
  Case idle = paced("idle", "an open socket and no traffic: wake-ups a second", 0, every_receiver(),
                    {"ringpeer/io_uring", "ringpeer/recvmmsg"});
  idle.kind = Case::Kind::kIdle;
  return idle;
}

std::vector<Case> make_cases() {
  std::vector<Case> cases = paced_cases();
  cases.push_back(gso_case());
  cases.push_back(frame("frame_100k",
                        "100,000 packets/s, drained once per 16.7 ms, default socket buffer", 1e5));
  cases.push_back(
      frame("frame_flood", "a flood, drained once per 16.7 ms, default socket buffer", 0));
  cases.push_back(overload_case());
  cases.push_back(zero_length_case());
  cases.push_back(sending("fan_out", "64 packets each millisecond, to 1,000 destinations in turn",
                          {Pattern::kFanOut}, 1000,
                          {"ringpeer/io_uring", "ringpeer/recvmmsg", "recvmmsg"}));
  cases.push_back(sending("runs_of_8", "8 packets to each of 100 destinations each 8 ms",
                          {Pattern::kGrouped, Pattern::kRoundRobin}, 100,
                          {"ringpeer/io_uring", "ringpeer/recvmmsg", "recvmmsg"}));
  cases.push_back(idle_case());
  return cases;
}

}  // namespace

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases = make_cases();
  return cases;
}

const Case* find_case(std::string_view name) {
  const std::vector<Case>& cases = all_cases();
  const auto found =
      std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.name == name; });
  return found == cases.end() ? nullptr : &*found;
}

std::vector<std::string> all_peers() {
  std::vector<std::string> peers;
  for (const Case& test_case : all_cases()) {
    for (const std::string& peer : test_case.peers) {
      if (std::find(peers.begin(), peers.end(), peer) == peers.end()) peers.push_back(peer);
    }
  }
  return peers;
}

bool peer_uses_gro(const Case& test_case, std::string_view peer) {
  return test_case.gro &&
         (peer.starts_with("ringpeer/") || peer == "floor" || peer == "recvmmsg_gro");
}

int latency_budget_us(std::string_view peer) {
  constexpr int kBudget = 200;
  return peer == "ringpeer/wake_at_once" ? 0 : kBudget;
}

}  // namespace ringpeer::bench
