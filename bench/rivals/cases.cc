#include "ringpeer/bench/rivals/cases.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace ringpeer::bench {
namespace {

using Peers = std::vector<std::string>;

constexpr double kOverloadRate = 2.0 * 1e9 / static_cast<double>(kSlowWork.count());

Peers every_receiver() {
  return {"ringpeer/io_uring",
          "ringpeer/fixed",
          "ringpeer/recvmmsg",
          "ringpeer/inline",
          "floor",
          "recvfrom",
          "recvmmsg",
          "recvmmsg_cadence",
          "recvmmsg_epoll",
          "godot_way",
          "asio",
          "libuv",
          "enet"};
}

// ENet knows only its own protocol: what is not a message of a connected peer, it drops.
Peers every_raw_receiver() {
  Peers peers = every_receiver();
  peers.pop_back();
  return peers;
}

// Those that a longer bound changes, and the one that needs none.
Peers bounded_receivers() {
  return {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
          "recvmmsg_cadence",  "recvmmsg_epoll"};
}

Peers with(Peers peers, const char* further) {
  peers.emplace_back(further);
  return peers;
}

// Peers that can be asked once a frame; how recvmmsg waits makes no difference then.
Peers frame_receivers() {
  return {"ringpeer/io_uring",
          "ringpeer/fixed",
          "ringpeer/recvmmsg",
          "ringpeer/inline",
          "floor",
          "recvfrom",
          "recvmmsg_frame",
          "godot_way",
          "asio",
          "libuv",
          "enet"};
}

Peers senders() {
  return {"ringpeer/io_uring", "ringpeer/fixed", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
          "recvfrom",          "recvmmsg"};
}

Case paced(std::string name, std::string what, double rate, Peers peers, Peers quick_peers) {
  Case result;
  result.name = std::move(name);
  result.what = std::move(what);
  result.packets_per_second = rate;
  result.peers = std::move(peers);
  result.quick_peers = std::move(quick_peers);
  return result;
}

// With the kernel's default socket buffer, and with the largest.
std::vector<Case> frames(const std::string& name, const std::string& traffic, double rate,
                         Peers quick_peers, Peers quick_peers_large) {
  const std::string what = traffic + ", drained once per 16.7 ms, ";
  Case small =
      paced(name, what + "default socket buffer", rate, frame_receivers(), std::move(quick_peers));
  small.drain = Drain::kPerFrame;
  small.default_receive_buffer = true;
  Case large = paced(name + "_large", what + "the largest socket buffer", rate, frame_receivers(),
                     std::move(quick_peers_large));
  large.drain = Drain::kPerFrame;
  return {small, large};
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

// The engine, and the two ways of waiting that it chooses between.
Peers waiting_ways() { return {"ringpeer/io_uring", "recvmmsg_cadence", "recvmmsg_epoll"}; }

std::vector<Case> paced_cases() {
  std::vector<Case> cases;
  cases.push_back(paced("paced_1k", "1,000 packets/s, evenly spaced", 1e3,
                        with(every_receiver(), "ringpeer/wake_at_once"), waiting_ways()));
  cases.push_back(
      paced("paced_10k", "10,000 packets/s, evenly spaced", 1e4, every_receiver(), waiting_ways()));
  cases.push_back(paced("paced_20k", "20,000 packets/s, evenly spaced", 2e4, every_receiver(), {}));
  cases.push_back(paced("paced_100k", "100,000 packets/s, evenly spaced", 1e5, every_receiver(),
                        {"ringpeer/io_uring", "ringpeer/inline", "floor", "recvmmsg_cadence",
                         "recvmmsg_epoll", "asio", "libuv"}));
  cases.back().all_sizes_and_remotes = true;
  cases.push_back(
      paced("paced_200k", "200,000 packets/s, evenly spaced", 2e5, every_receiver(), {}));
  cases.push_back(paced("flood", "as fast as one core can send with sendmmsg", 0, every_receiver(),
                        {"ringpeer/io_uring", "ringpeer/recvmmsg", "ringpeer/inline", "floor",
                         "recvmmsg", "recvmmsg_cadence", "recvmmsg_epoll"}));
  cases.back().all_sizes_and_remotes = true;
  return cases;
}

std::vector<Case> longer_bound_cases() {
  constexpr std::chrono::milliseconds kBound{1};
  std::vector<Case> cases;
  for (const auto& [rate, name, traffic] :
       {std::tuple(1e3, "paced_1k_1ms", "1,000"), std::tuple(1e4, "paced_10k_1ms", "10,000"),
        std::tuple(1e5, "paced_100k_1ms", "100,000")}) {
    cases.push_back(paced(name, std::string(traffic) + " packets/s; packets may wait 1 ms", rate,
                          bounded_receivers(), waiting_ways()));
    cases.back().latency_bound = kBound;
  }
  return cases;
}

void append(std::vector<Case> further, std::vector<Case>* cases) {
  std::move(further.begin(), further.end(), std::back_inserter(*cases));
}

std::vector<Case> frame_cases() {
  const Peers both = {"ringpeer/io_uring", "ringpeer/fixed"};
  const Peers with_rival = {"ringpeer/io_uring", "ringpeer/fixed", "ringpeer/inline",
                            "recvmmsg_frame"};
  std::vector<Case> cases = frames("frame_10k", "10,000 packets/s", 1e4, both, with_rival);
  append(frames("frame_20k", "20,000 packets/s", 2e4, both, both), &cases);
  append(frames("frame_100k", "100,000 packets/s", 1e5, with(both, "recvfrom"), with_rival),
         &cases);
  append(frames("frame_flood", "a flood", 0, {"ringpeer/io_uring", "recvfrom"}, {}), &cases);
  return cases;
}

Case gso_case() {
  Case gso =
      paced("gso", "trains of 64 packets from the sender; UDP_GRO where the peer splits them", 0,
            with(every_raw_receiver(), "recvmmsg_gro"),
            {"ringpeer/io_uring", "recvmmsg", "recvmmsg_gro"});
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
            {"ringpeer/io_uring", "ringpeer/recvmmsg"});
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

Case idle_case(const char* name, const char* what, Drain drain, Peers peers) {
  Case idle = paced(name, what, 0, std::move(peers), {"ringpeer/io_uring", "ringpeer/recvmmsg"});
  idle.kind = Case::Kind::kIdle;
  idle.drain = drain;
  return idle;
}

std::vector<Case> sending_cases() {
  std::vector<Case> cases;
  cases.push_back(sending("fan_out", "64 packets each millisecond, to 1,000 destinations in turn",
                          {Pattern::kFanOut}, 1000, {"ringpeer/io_uring", "recvmmsg"}));
  cases.push_back(sending("runs_of_8", "8 packets to each of 100 destinations each 8 ms",
                          {Pattern::kGrouped, Pattern::kRoundRobin}, 100,
                          {"ringpeer/io_uring", "recvmmsg"}));
  for (const auto& [rate, name, what] :
       {std::tuple(1e4, "both_ways_10k",
                   "64 packets each millisecond, while 10,000 packets/s come in"),
        std::tuple(1e5, "both_ways_100k",
                   "64 packets each millisecond, while 100,000 packets/s come in")}) {
    cases.push_back(
        sending(name, what, {Pattern::kFanOut, Pattern::kToOne}, 64, {"ringpeer/io_uring"}));
    cases.back().incoming_per_second = rate;
    // The rivals' ways of sending take nothing in.
    cases.back().peers = {"ringpeer/io_uring", "ringpeer/fixed", "ringpeer/recvmmsg",
                          "ringpeer/inline"};
  }
  return cases;
}

std::vector<Case> make_cases() {
  std::vector<Case> cases = paced_cases();
  append(longer_bound_cases(), &cases);
  cases.push_back(gso_case());
  append(frame_cases(), &cases);
  cases.push_back(overload_case());
  cases.push_back(zero_length_case());
  append(sending_cases(), &cases);
  cases.push_back(idle_case("idle", "an open socket and no traffic: wake-ups a second",
                            Drain::kAsTheyCome, every_receiver()));
  cases.push_back(idle_case("idle_polled",
                            "an open socket and no traffic, looked at once per 16.7 ms",
                            Drain::kPerFrame, frame_receivers()));
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

}  // namespace ringpeer::bench
