#ifndef RINGPEER_TESTS_SIMULATION_WORLD_H_
#define RINGPEER_TESTS_SIMULATION_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/simulation/attackers.h"
#include "ringpeer/tests/simulation/cookie_witness.h"
#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/host_handshakes.h"
#include "ringpeer/tests/simulation/kernel.h"
#include "ringpeer/tests/simulation/ledger.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/plan.h"
#include "ringpeer/tests/simulation/scheduler.h"
#include "ringpeer/tests/simulation/source_rules.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::simulation {

// One run of a plan: an engine on a simulated machine, its servers and peers, the hosts around, and
// an application that calls whatever there is to call. What must always hold is looked at after
// each step; at the end the faults stop, and everything that is left has to come out.
class World {
 public:
  explicit World(const Plan& plan);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Fails (see failure.h), or returns.
  void run();

  // Of the engines of the run, all together.
  const CounterSnapshot& counters() const { return past_counters_; }
  const Faults& faults() const { return faults_; }
  // What everything that happened comes to: the same for the same plan.
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Server {
    std::unique_ptr<UDPServer> server;
    ServerOptions options;
    std::uint16_t port = 0;
    std::uint32_t sender = 0;
    std::vector<std::shared_ptr<PacketPeerUDP>> peers;
    std::span<const std::uint8_t> view;  // what it has shown last itself
    SourceRules rules;                   // of its list
    bool is_listening = false;
    bool polls_itself = true;

    bool asks_for_cookie() const { return options.admission.cookie; }
  };
  struct Peer {
    std::unique_ptr<PacketPeerUDP> peer;
    std::uint32_t sender = 0;
    std::span<const std::uint8_t> view;  // what it has shown last
    bool is_open = false;
    bool speaks_cookie = false;
    std::uint16_t server_port = 0;  // of one that is connected to a server
  };
  // Of the peers, who is connected to a server, opened by what is put first, and connected to a
  // host.
  static constexpr std::size_t kConnectedToServer = 1;
  static constexpr std::size_t kOpenedByPut = 2;  // half of the time
  static constexpr std::size_t kConnectedToHost = 3;
  static constexpr std::uint32_t kPeers = 2000;  // the number of the first as a sender
  static constexpr std::uint32_t kAttackers = 3000;

  static constexpr int kManyConnections = 1000;

  // 500 ms for what was put, and what it takes to wake up and look.
  static constexpr Time kMaxEnd = 700 * kMillisecond;

  struct Host {
    net::Endpoint endpoint;
    std::uint32_t sender = 0;
  };

  static bool loses_nothing(const Plan& plan);
  void live();
  void watch_kernel();
  void add_hosts();
  void add_attackers();
  // ---- Beginning and end.
  void start_engine();
  void make_engine();
  static void refuse_allocations(bool is_so);
  void stop_engine();
  void set_admission(Server& server);
  void listen(Server& server);
  void open(Peer& peer);
  void try_to_open(Peer& peer, bool may_lack_memory);
  void open_by_put(Peer& peer, bool may_lack_memory);
  void settle_everything();
  void show_that_all_works();
  void show_that_sockets_are_read();
  void show_that_a_burst_is_read(const Server& server);
  void all_hosts_send_once(Server& server);
  template <typename Take>
  void show_that_packets_arrive(Server& server, Take take);
  void show_that_so_many_wait(Server& server);
  void show_that_strangers_get_in(Server& server);
  void show_that_the_largest_pass(Server& server);
  void show_that_puts_are_sent(Server& server);
  void show_that_silence_is_told(Server& server);
  void show_that_the_deaf_are_told(Server& server);
  void reopen_those_that_have_ended();
  void reopen(Peer& peer);
  void show_that_a_peer_receives(Peer& peer);
  void end();

  // ---- Whoever sleeps is woken.
  Time soon() const;
  void show_that_sleepers_are_woken();
  void show_that_loops_end();
  void show_that_loops_end(PacketPeerUDP& peer, std::uint16_t port);
  template <typename Consumer, typename Take>
  void show_that_a_sleeper_is_woken(Consumer& consumer, std::uint16_t port, Take take);
  template <typename Consumer>
  void check_wait(Consumer& consumer, Error expected, Time most);
  template <typename Consumer, typename Take>
  void show_that_a_loop_is_told(Consumer& consumer, std::uint16_t port, Take take);
  void show_that_a_stop_ends_a_wait();
  void show_that_a_connect_begins_again(Peer& peer);

  // ---- Steps.
  void step();
  void hosts_send();
  void accept_connections(Server& server);
  void drain_server(Server& server);
  void take_everything(Server& server);
  void get_from_peers(Server& server);
  // most: 0 for any.
  void get_from_server(Server& server, std::size_t most = 0);
  void server_sends(Server& server);
  void broadcast(Server& server);
  void peers_send();
  void drain_peer(Peer& peer);
  void get_from_peer(Peer& peer, std::size_t most = 0);
  void wait_somewhere();
  void change_something();
  void set_limit(Server& server);
  void close_a_peer(Server& server);
  void close_peer(const Server& server, PacketPeerUDP& peer);
  void close_peers(Server& server);
  void close_peers_unless(Server& server, const std::function<bool(const net::Endpoint&)>& is_good);
  void keep_closed(const std::shared_ptr<PacketPeerUDP>& peer);
  void forget_oldest_closed();
  // most: how long what they wait for may take.
  void restart_server(Server& server, Time most = kMaxEnd);
  void restart_engine(Time most = kMaxEnd);
  void end_in_time(Time most, const std::function<void()>& end);
  void set_intruder(bool is_there);
  void restart_peer(Peer& peer);
  void close_own(Peer& peer);
  void look_at_presence(Server& server);
  void pass_time(Time most);

  // ---- Attackers (world_attackers.cc).
  void attack();
  void forget_attackers();
  void show_that_players_pass_attackers(Server& server);
  void show_that_a_newcomer_passes_a_flood(Server& server);

  // ---- Cookies (world_cookies.cc).
  void say_hello(const Host& host, std::uint16_t port);
  void answer(const Host& host, const SimulatedDatagram& datagram);
  // What a host sends that wants to be known.
  void knock(const Host& host, const Server& server);
  // All hosts have answered then.
  void introduce_hosts(Server& server);
  void look_some_times(Server& server);
  void look_after(Time most, Server& server);
  void check_is_of_game(std::uint16_t port, std::span<const std::uint8_t> payload) const;
  void check_newcomer(const Server& server, const net::Endpoint& sender) const;
  void show_that_clients_are_let_in();
  void show_that_a_client_is_let_in(Peer& peer);

  // ---- Source lists (world_lists.cc).
  void change_list(Server& server);
  SourceRules draw_rules();
  SourcePrefix draw_prefix();
  void set_list(Server& server, const SourceRules& rules);
  void bring_lists_to_workers();
  void show_that_the_denied_are_gone(Server& server);
  void withdraw_lists();

  // ---- What happens once in some runs.
  void play_scenarios();
  void let_in_all_hosts(Server& server);
  void flood(Server& server);
  void flood_a_peer(Server& server);
  void flood(Peer& peer);
  void close_behind_a_late_worker(Server& server);
  void stop_before_full_sockets();
  void talk_to_the_deaf(Peer& peer);
  void end_peer(Peer& peer);

  // ---- What must hold.
  void check_counters(bool is_quiet);
  void check_reasons(const CounterSnapshot& counters) const;
  void flush();
  CounterSnapshot all_counters() const;

  // Where somebody sends to who wants to reach a port.
  net::Endpoint on_machine(std::uint16_t port, const net::Endpoint& from) const;
  bool is_host(const net::Endpoint& endpoint) const;
  Time longest_delay(const SimulatedDatagram& datagram) const;
  void check_delay(const UdpSocket& socket, const SimulatedDatagram& datagram) const;
  void check_reply(const SimulatedDatagram& datagram) const;
  void send_from_host(const Host& host, std::uint16_t port);
  // One of this size, and no fault of the host's.
  void send_stamp(const Host& host, std::uint16_t port, std::size_t size);
  template <typename Put>
  void put(std::span<const std::uint8_t> payload, Put put);
  void record_put(Error error, std::span<const std::uint8_t> payload, std::size_t receivers = 1);
  std::size_t new_size();
  // size: 0 for any.
  std::vector<std::uint8_t> new_payload(std::uint32_t sender, std::size_t size = 0);
  void receive(std::uint16_t port, const net::Endpoint& sender,
               std::span<const std::uint8_t> payload);
  void receive_wrongly(std::uint16_t port, net::Endpoint sender,
                       std::span<const std::uint8_t> payload);
  void read_batch(std::uint16_t port, DrainBatch batch);
  static std::uint16_t port_of(const Peer& peer) {
    return static_cast<std::uint16_t>(peer.peer->get_local_port());
  }
  Server& any_server() { return servers_[random_.below(servers_.size())]; }
  bool is_reached_by_hosts(const Peer& peer) const {
    return static_cast<std::size_t>(&peer - peers_.data()) != kConnectedToServer;
  }
  Peer& any_peer() { return peers_[random_.below(peers_.size())]; }
  std::size_t burst() { return 1 + random_.below(static_cast<std::uint64_t>(plan_.largest_burst)); }
  void note(std::uint64_t value) { fingerprint_ = (fingerprint_ ^ value) * 0x100000001b3; }

  const Plan plan_;
  Random random_;
  Faults faults_;
  Scheduler scheduler_;
  Network network_;
  Kernel kernel_;
  Ledger ledger_;

  std::shared_ptr<Engine> engine_;
  std::vector<Server> servers_;
  std::vector<Peer> peers_;
  std::vector<Host> hosts_;
  std::unique_ptr<Attackers> attackers_;
  HostHandshakes handshakes_;
  CookieWitness cookies_;
  bool clients_speak_ = true;
  std::shared_ptr<UdpSocket> intruder_;
  std::uint64_t sent_by_hosts_ = 0;
  // Packets put: all, those that OK was said to, and those that surely count as failed.
  std::uint64_t puts_ = 0;
  std::uint64_t puts_taken_ = 0;
  std::uint64_t puts_refused_ = 0;
  CounterSnapshot past_counters_;  // of engines that have ended
  // Of servers, not yet destroyed.
  std::deque<std::shared_ptr<PacketPeerUDP>> closed_;
  // What server's peers have shown last.
  std::map<const PacketPeerUDP*, std::span<const std::uint8_t>> views_;
  std::vector<std::uint8_t> held_back_;  // by a planted bug
  std::uint64_t fingerprint_ = 0xcbf29ce484222325;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_WORLD_H_
