#include "ringpeer/tests/simulation/world.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/little_memory.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/support/heap/heap.h"

namespace ringpeer::simulation {
namespace {

// In which 65,535 bytes may wait, as with a server's peer.
constexpr int kLeastReceiveBuffer = 65'535;

constexpr std::uint16_t kFirstServerPort = 4000;
// Half of what a worker sleeps when nothing wakes it.
constexpr Time kMaxDelay = 250 * kMillisecond;
// What the calls of one look at all sockets take.
constexpr Time kLook = 100 * kMicrosecond;

constexpr std::uint16_t kFirstHostPort = 20'000;
constexpr std::uint16_t kFirstPeerPort = 5000;

// Numbers of senders, by what they are.
constexpr std::uint32_t kHosts = 1;
constexpr std::uint32_t kServers = 1000;

constexpr std::uint32_t kStepsWithListOf1000 = 25;

// An engine may fail to start because of faults; one that has none must not.
constexpr int kTries = 1000;
// Each of its threads needs many allocations in a row: more than chance brings, with most refused.
constexpr int kTriesWithoutMemory = 20;

net::Endpoint host_endpoint(std::size_t index) {
  net::Endpoint endpoint;
  // Several ports of one address, several addresses, both families.
  if (index % 3 == 2) {
    net::IpAddress::Bytes bytes{};
    bytes[0] = 0xfd;
    bytes[15] = static_cast<std::uint8_t>(index);
    endpoint.address = net::IpAddress(bytes);
  } else {
    endpoint.address =
        net::IpAddress::from_ipv4(htonl(0x0a000100 + static_cast<std::uint32_t>(index / 4)));
  }
  endpoint.port = static_cast<std::uint16_t>(kFirstHostPort + index);
  return endpoint;
}

}  // namespace

// Whether what nothing is wrong with has to come out, packet by packet: who is late may meet
// several at once that came within a rate.
bool World::loses_nothing(const Plan& plan) {
  return !plan.has(Fault::kDuplicate) && !plan.has(Fault::kNoAllocation) &&
         !plan.has(Fault::kMalformed) && !(plan.limits && plan.has(Fault::kSlowThread)) &&
         !plan.shares_port;
}

World::World(const Plan& plan)
    : plan_(plan),
      random_(plan.seed ^ 0x5eed),
      faults_(Random(plan.seed ^ 0xfa)),
      scheduler_(Random(plan.seed ^ 0x5c)),
      network_(scheduler_, faults_, Random(plan.seed ^ 0x7e)),
      kernel_(scheduler_, faults_, network_, Random(plan.seed ^ 0x6e), plan.kernel),
      ledger_(plan.max_datagram, loses_nothing(plan)) {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    faults_.turn_on(static_cast<Fault>(i), plan.faults[i]);
  }
  ledger_.drop_reasons().set_budget((plan.payload_budget_kib << 10) /
                                    static_cast<std::uint64_t>(std::max(1, plan.workers)));
  watch_kernel();
}

void World::watch_kernel() {
  const auto taken = [this](const UdpSocket& socket, const SimulatedDatagram& datagram) {
    note(datagram.payload.size());
    check_delay(socket, datagram);
    cookies_.record_in(socket.local->port, datagram.source, datagram.payload);
    ledger_.record_taken(socket, datagram, scheduler_.now());
  };
  const auto accepted = [this](const UdpSocket& socket, const net::Endpoint& to,
                               std::span<const std::uint8_t> payload) {
    note(payload.size() + to.port);
    cookies_.record_out(socket.local->port, to, payload);
    if (is_handshake(payload)) return;  // of the engine's own
    ledger_.record_accepted(to, payload);
    if (attackers_ != nullptr && plan_.detect_unreachable) {
      attackers_->see(socket.local->port, to, payload);
    }
  };
  kernel_.set_watcher({.taken = taken, .accepted = accepted});
}

World::~World() = default;

void World::run() {
  scheduler_.run([this] { live(); });
  note(static_cast<std::uint64_t>(scheduler_.now()));
}

void World::add_hosts() {
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan_.remotes); ++i) {
    const Host host{host_endpoint(i), kHosts + static_cast<std::uint32_t>(i)};
    hosts_.push_back(host);
    network_.add_host(host.endpoint, [this, host](const SimulatedDatagram& datagram) {
      check_reply(datagram);
      if (plan_.cookies) answer(host, datagram);
    });
  }
}

void World::live() {
  add_hosts();
  if (plan_.attackers) add_attackers();
  start_engine();
  refuse_allocations(true);
  const auto wanted = static_cast<std::uint64_t>(plan_.datagrams);
  for (int i = 0; i < plan_.steps && (sent_by_hosts_ < wanted || puts_ < wanted); ++i) {
    step();
    if (plan_.attackers) attack();
    if (plan_.source_lists && random_.chance(kStepsWithListOf1000)) change_list(any_server());
    check_counters(false);
  }
  play_scenarios();
  set_intruder(false);
  faults_.turn_all_off();
  refuse_allocations(false);
  reopen_those_that_have_ended();
  if (plan_.source_lists) withdraw_lists();
  if (plan_.cookies) show_that_clients_are_let_in();
  show_that_sockets_are_read();
  settle_everything();
  if (plan_.attackers) forget_attackers();
  show_that_a_burst_is_read(servers_.front());
  show_that_all_works();
  settle_everything();
  end();
}

// ---- Beginning and end.

void World::refuse_allocations(bool is_so) {
  test::set_refusal(is_so ? +[] {
    if (!Kernel::is_there()) return false;
    const Scheduler& scheduler = Kernel::current().scheduler();
    const bool may_fail =
        scheduler.runs_worker_code() || (LittleMemory::is_there() && scheduler.runs_application_code());
    return may_fail && Kernel::current().faults().happens(Fault::kNoAllocation);
  } : nullptr);
}

void World::make_engine() {
  EngineOptions options;
  options.backend = plan_.use_uring ? BackendKind::kAuto : BackendKind::kRecvmmsg;
  options.workers = plan_.workers;
  const std::chrono::microseconds budget(plan_.latency_budget_us);
  options.latency_budget =
      plan_.automatic_budget ? LatencyBudget::automatic(budget) : LatencyBudget(budget);
  if (plan_.max_datagram != kDefaultMaxDatagram) options.max_datagram = plan_.max_datagram;
  options.payload_budget = plan_.payload_budget_kib << 10;
  options.socket_receive_buffer = plan_.receive_buffer;
  options.gro = plan_.gro;
  options.use_gso = plan_.gso;
  options.encode_buffers = 1;
  options.log = [](std::string_view) { throw std::runtime_error("a line that cannot be said"); };
  for (int i = 0; engine_ == nullptr; ++i) {
    if (i == kTriesWithoutMemory) refuse_allocations(false);
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    check(engine_ != nullptr || !message.empty(), "an engine does not say why it cannot be made");
    check(i < kTries, "no engine can be made: " + message);
  }
}

namespace {

// So low that whoever sends a burst goes beyond, and most keep within.
AdmissionOptions limits_of_attackers() {
  AdmissionOptions limits;
  limits.limit_rates = true;
  limits.source = {.packets_per_second = 2000, .bytes_per_second = 500e3, .burst_seconds = 0.05};
  limits.remote = {.packets_per_second = 500, .bytes_per_second = 200e3, .burst_seconds = 0.05};
  limits.new_remotes_per_second = 50;
  return limits;
}

}  // namespace

void World::start_engine() {
  make_engine();
  servers_.resize(static_cast<std::size_t>(plan_.servers));
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Server& server = servers_[i];
    server.server = std::make_unique<UDPServer>(engine_);
    server.port = static_cast<std::uint16_t>(kFirstServerPort + i);
    server.sender = kServers + static_cast<std::uint32_t>(i);
    server.options.socket.receive_timestamps = plan_.timestamps;
    server.options.socket.reply_from_received_address = plan_.local_addresses;
    server.options.socket.detect_unreachable = plan_.detect_unreachable;
    server.options.socket.share_port = plan_.shares_port && i == 0;
    if (plan_.together && i + 1 == servers_.size()) {
      server.options.receive = ServerReceive::kTogether;
    }
    ledger_.drop_reasons().set_queue(server.port, server.options.receive == ServerReceive::kTogether
                                                      ? DropReasons::Queue::kTogether
                                                      : DropReasons::Queue::kOfRemotes);
    if (server.options.receive == ServerReceive::kPerRemote) set_admission(server);
    ledger_.drop_reasons().forget_lists(server.port);
    listen(server);
  }
  peers_.resize(static_cast<std::size_t>(plan_.peers));
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    peers_[i].peer = std::make_unique<PacketPeerUDP>(engine_);
    peers_[i].sender = kPeers + static_cast<std::uint32_t>(i);
    open(peers_[i]);
  }
}

// On a shared port somebody known may come to a worker that does not know him, and is not let in
// there.
void World::set_admission(Server& server) {
  AdmissionOptions& admission = server.options.admission;
  if (plan_.limits) {
    admission = limits_of_attackers();
    ledger_.drop_reasons().set_limits(server.port, admission);
    if (plan_.planted == PlantedBug::kLowerLimits) admission.remote.packets_per_second /= 10;
  }
  if (plan_.cookies && !server.options.socket.share_port) {
    admission.cookie = true;
    cookies_.watch(server.port);
    ledger_.drop_reasons().set_cookies(server.port);
  }
}

void World::listen(Server& server) {
  server.server->set_max_pending_connections(plan_.max_pending);
  for (int i = 0; !server.is_listening; ++i) {
    check(i < kTries, "a server cannot listen");
    ServerOptions options = server.options;
    if (plan_.planted == PlantedBug::kNoCookies) options.admission.cookie = false;
    const auto listen = [&] { return server.server->listen(server.port, "*", options); };
    server.is_listening = (i == 0 ? with_little_memory(listen) : listen()) == Error::OK;
    // One of its workers may have begun.
    if (!server.is_listening) ledger_.record_closed_port(server.port);
  }
}

void World::open(Peer& peer) {
  // Whose error queue nobody reads.
  SocketOptions of_servers;
  of_servers.detect_unreachable = true;
  check(peer.peer->set_socket_options(of_servers) == Error::ERR_INVALID_PARAMETER &&
            peer.peer->bind(0, "*", PacketPeerUDP::kDefaultReceiveBufferSize, of_servers) ==
                Error::ERR_INVALID_PARAMETER,
        "a peer takes an option of servers");
  for (int i = 0; !peer.is_open; ++i) {
    check(i < kTries, "a peer cannot be opened");
    try_to_open(peer, i == 0);
  }
}

void World::try_to_open(Peer& peer, bool may_lack_memory) {
  const auto index = peer.sender - kPeers;
  if (index == kOpenedByPut && random_.chance(500)) return open_by_put(peer, may_lack_memory);
  const std::string host = hosts_[0].endpoint.host();
  Server& server = any_server();
  const bool is_first = index == 0;  // which has little room
  const int room = is_first ? kLeastReceiveBuffer : PacketPeerUDP::kDefaultReceiveBufferSize;
  peer.speaks_cookie = index == kConnectedToServer && server.asks_for_cookie() && clients_speak_;
  peer.server_port = server.port;
  SocketOptions options;
  options.cookie = peer.speaks_cookie;
  check(peer.peer->set_socket_options(options) == Error::OK, "a peer refuses an option of clients");
  const auto open = [&] {
    if (index == kConnectedToServer) return peer.peer->connect_to_host("10.0.0.1", server.port);
    if (index == kConnectedToHost) return peer.peer->connect_to_host(host, hosts_[0].endpoint.port);
    const auto port = static_cast<int>(kFirstPeerPort + index);
    return peer.peer->bind(port, is_first ? "*" : "10.0.0.1", room);
  };
  peer.is_open = (may_lack_memory ? with_little_memory(open) : open()) == Error::OK;
}

// A packet that finds no socket is not asked for.
void World::open_by_put(Peer& peer, bool may_lack_memory) {
  const net::Endpoint& host = hosts_[0].endpoint;  // of whose family the socket is
  const std::string ip = host.host();
  const auto payload = new_payload(peer.sender);
  const auto put = [&] {
    const Error refused = peer.peer->set_dest_address(ip, host.port);
    return refused == Error::OK ? peer.peer->put_packet(payload) : refused;
  };
  const Error error = may_lack_memory ? with_little_memory(put) : put();
  // Nobody reaches a socket that has sent nothing: it has no port.
  peer.is_open = peer.peer->get_local_port() != 0;
  if (!peer.is_open) peer.peer->close();
  ++puts_;
  if (error == Error::OK && !payload.empty()) ++puts_taken_;
}

void World::end() {
  if (random_.chance(500)) show_that_a_stop_ends_a_wait();
  stop_engine();
  check_counters(true);
  check(kernel_.open_descriptors() == 0, "descriptors stay open");
}

void World::stop_engine() {
  // Any order.
  if (random_.chance(500)) engine_->stop();
  for (Server& server : servers_) {
    if (random_.chance(500)) server.server->stop();
  }
  for (Peer& peer : peers_) {
    if (random_.chance(500)) peer.peer->close();
  }
  while (!closed_.empty()) forget_oldest_closed();
  for (const auto& [peer, view] : views_) read_payload(view);
  for (const Server& server : servers_) read_payload(server.view);
  for (const Peer& peer : peers_) read_payload(peer.view);
  views_.clear();
  servers_.clear();
  peers_.clear();
  engine_->stop();
  ledger_.record_all_closed();
  past_counters_ += engine_->counters();
  check(engine_.use_count() == 1, "somebody holds the engine");
  engine_.reset();
}

bool World::is_host(const net::Endpoint& endpoint) const {
  return endpoint.port >= kFirstHostPort && endpoint.port < kFirstHostPort + hosts_.size();
}

// With several addresses, on which hosts know the machine by turns.
net::Endpoint World::on_machine(std::uint16_t port, const net::Endpoint& from) const {
  net::IpAddress address = Network::address_for(from.address);
  if (plan_.local_addresses && is_host(from) && from.port % 2 != 0) {
    net::IpAddress::Bytes bytes = address.bytes();
    ++bytes.back();
    address = net::IpAddress(bytes);
  }
  return {address, 0, port};
}

// ---- What must hold.

// A look at a socket ends where the kernel says too early that there is no more, and the next
// begins a latency budget later: so often that happens to those that were ahead.
Time World::longest_delay(const SimulatedDatagram& datagram) const {
  const auto rate = [this](Fault fault) {
    return static_cast<Time>(plan_.faults[static_cast<std::size_t>(fault)]);
  };
  const Time ends_of_1000 = rate(Fault::kTryAgain) + rate(Fault::kShortResult);
  const Time looks = static_cast<Time>(datagram.ahead) * ends_of_1000 / 1000;
  return kMaxDelay + looks * (plan_.latency_budget_us * kMicrosecond + kLook);
}

// A worker that has a thread waits for nobody, and a server refuses nothing for long.
void World::check_delay(const UdpSocket& socket, const SimulatedDatagram& datagram) const {
  const bool may_be_late = plan_.workers == 0 || plan_.has(Fault::kSlowThread) ||
                           plan_.late_worker || socket.local->port >= kFirstPeerPort;
  const Time delay = scheduler_.now() - datagram.arrived_at;
  if (!may_be_late && delay > longest_delay(datagram)) {
    fail("a datagram waits " + std::to_string(delay / kMillisecond) + " ms in a socket, behind " +
         std::to_string(datagram.ahead));
  }
}

// What a server says to its remotes leaves from where they have sent to.
void World::check_reply(const SimulatedDatagram& datagram) const {
  read_payload(datagram.payload);
  const std::uint16_t port = datagram.source.port;
  check(port >= kFirstPeerPort || datagram.source == on_machine(port, datagram.destination),
        "a reply leaves from another address");
}

CounterSnapshot World::all_counters() const {
  CounterSnapshot sum = past_counters_;
  if (engine_ != nullptr) sum += engine_->counters();
  return sum;
}

void World::check_counters(bool is_quiet) {
  const CounterSnapshot counters = all_counters();
  const auto count = [&](Counter counter) { return counters[counter]; };
  const auto expect = [&](bool holds, const char* what, std::uint64_t a, std::uint64_t b) {
    if (!holds) fail(std::string(what) + ": " + std::to_string(a) + " and " + std::to_string(b));
  };
  const std::uint64_t received = count(Counter::kReceivedPackets);
  const std::uint64_t done = count(Counter::kDeliveredPackets) + counters.dropped_packets();
  expect(received <= ledger_.taken(), "more received than taken", received, ledger_.taken());
  expect(done <= received, "more delivered and dropped than received", done, received);
  expect(count(Counter::kDeliveredPackets) == ledger_.delivered(), "delivered is miscounted",
         count(Counter::kDeliveredPackets), ledger_.delivered());
  const std::uint64_t failed = counters.unsent_packets();
  const std::uint64_t sent = count(Counter::kSentPackets);
  const std::uint64_t requested = count(Counter::kSendRequestedPackets);
  expect(requested >= puts_taken_ + puts_refused_, "less requested than was put", requested,
         puts_taken_ + puts_refused_);
  expect(requested <= puts_, "more requested than was put", requested, puts_);
  expect(sent + failed <= requested, "more sent and failed than requested", sent + failed,
         requested);
  if (!is_quiet) return;
  expect(received == ledger_.taken(), "taken is not received", ledger_.taken(), received);
  expect(done == received, "received is not delivered or dropped", received, done);
  expect(sent == ledger_.accepted(), "sent is not what the kernel took", sent, ledger_.accepted());
  expect(sent + failed == requested, "requested is not sent or failed", requested, sent + failed);
  expect(count(Counter::kDeliveredBytes) == ledger_.delivered_bytes(), "delivered bytes",
         count(Counter::kDeliveredBytes), ledger_.delivered_bytes());
  expect(count(Counter::kSentBytes) == ledger_.accepted_bytes(), "sent bytes",
         count(Counter::kSentBytes), ledger_.accepted_bytes());
  expect(count(Counter::kKernelDrops) == network_.told_drops(), "the kernel's drops",
         count(Counter::kKernelDrops), network_.told_drops());
  // What makes no sense, or is cut, has no bytes, but where a connect finds it.
  const std::uint64_t bytes = count(Counter::kReceivedBytes);
  const std::uint64_t least = ledger_.taken_bytes() - ledger_.of_taken().too_large_bytes;
  expect(bytes <= ledger_.taken_bytes(), "received bytes, and taken ones", bytes,
         ledger_.taken_bytes());
  expect(bytes >= least || faults_.happened(Fault::kMalformed) > 0, "received bytes, and least",
         bytes, least);
  check_reasons(counters);
}

// Nothing counts under a reason that there was not.
void World::check_reasons(const CounterSnapshot& counters) const {
  const auto expect = [&](bool may_be, Counter counter, std::uint64_t most = 0) {
    if (may_be || counters[counter] <= most) return;
    fail(std::string(counter_info(counter).name) + " is " + std::to_string(counters[counter]) +
         " and not " + std::to_string(most) + ": there was no reason");
  };
  expect(false, Counter::kDropTruncated, ledger_.of_taken().too_large);
  for (const Counter reason :
       {Counter::kDropPeerFull, Counter::kDropRingFull, Counter::kDropPendingFull}) {
    expect(plan_.shares_port, reason, ledger_.drop_reasons().most(reason));
  }
  for (const Counter reason :
       {Counter::kDropRemoteRate, Counter::kDropSourceRate, Counter::kDropNewRate,
        Counter::kDropDenied, Counter::kDropUnverified, Counter::kDropHandshake}) {
    expect(false, reason, ledger_.drop_reasons().most(reason));
  }
  check(counters[Counter::kChallengesSent] == cookies_.challenges(), "challenges are miscounted");
  expect(false, Counter::kDropMalformed, faults_.happened(Fault::kMalformed));
  expect(plan_.shares_port, Counter::kDropWrongWorker);
  expect(plan_.has(Fault::kNoAllocation), Counter::kDropNoMemory);
  expect(plan_.has(Fault::kSendRefused) || plan_.has(Fault::kNoAllocation),
         Counter::kSendFailedOther);
  expect(plan_.has(Fault::kDeviceQueueFull), Counter::kSendFailedQueueFull, puts_ - puts_taken_);
  const bool may_be_late = plan_.has(Fault::kFullSendBuffer) || plan_.has(Fault::kSlowThread) ||
                           plan_.late_worker || plan_.full_sockets;
  expect(may_be_late, Counter::kSendFailedClosed);
  const std::uint64_t cut = counters[Counter::kDropTruncated] + counters[Counter::kDropClosed];
  check(plan_.has(Fault::kMalformed) || cut >= ledger_.of_taken().too_large,
        "what is too large is not counted as such");
}

// All that the application has put, on one thread, is with the kernel then, or has failed.
void World::flush() {
  const bool good = with_little_memory([this] { return engine_->flush(); }) == Error::OK;
  check(good || faults_.is_any_on() || plan_.full_sockets, "a flush fails without any fault");
  if (!good) return;
  const CounterSnapshot counters = all_counters();
  const std::uint64_t done = counters[Counter::kSentPackets] + counters.unsent_packets();
  check(done == counters[Counter::kSendRequestedPackets], "a flush leaves something");
}

}  // namespace ringpeer::simulation
