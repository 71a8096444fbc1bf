#include "ringpeer/tests/simulation/world.h"

#include <arpa/inet.h>

#include <chrono>
#include <string>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/payload.h"
#include "ringpeer/tests/support/heap/heap.h"

namespace ringpeer::simulation {
namespace {

constexpr std::uint16_t kFirstServerPort = 4000;
constexpr std::uint16_t kFirstPeerPort = 5000;

// Numbers of senders, by what they are.
constexpr std::uint32_t kHosts = 1;
constexpr std::uint32_t kServers = 1000;
constexpr std::uint32_t kPeers = 2000;

// An engine may fail to start because of faults; one that has none must not.
constexpr int kTries = 1000;

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
  endpoint.port = static_cast<std::uint16_t>(20'000 + index);
  return endpoint;
}

}  // namespace

World::World(const Plan& plan)
    : plan_(plan),
      random_(plan.seed ^ 0x5eed),
      faults_(Random(plan.seed ^ 0xfa)),
      scheduler_(Random(plan.seed ^ 0x5c)),
      network_(scheduler_, faults_, Random(plan.seed ^ 0x7e)),
      kernel_(scheduler_, faults_, network_, Random(plan.seed ^ 0x6e), plan.kernel) {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    faults_.turn_on(static_cast<Fault>(i), plan.faults[i]);
  }
  kernel_.set_watcher({.taken =
                           [this](const UdpSocket& socket, const SimulatedDatagram& datagram) {
                             note(datagram.payload.size());
                             ledger_.record_taken(socket, datagram, scheduler_.now());
                           },
                       .accepted =
                           [this](const UdpSocket&, const net::Endpoint& to,
                                  std::span<const std::uint8_t> payload) {
                             note(payload.size() + to.port);
                             ledger_.record_accepted(to, payload);
                           }});
}

World::~World() = default;

void World::run() {
  scheduler_.run([this] { live(); });
  note(static_cast<std::uint64_t>(scheduler_.now()));
}

void World::live() {
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan_.remotes); ++i) {
    hosts_.push_back({host_endpoint(i), kHosts + static_cast<std::uint32_t>(i)});
    network_.add_host(hosts_.back().endpoint,
                      [](const SimulatedDatagram& datagram) { read_payload(datagram.payload); });
  }
  start_engine();
  test::set_refusal([] {
    return Kernel::is_there() && Kernel::current().scheduler().runs_worker_code() &&
           Kernel::current().faults().happens(Fault::kNoAllocation);
  });
  const auto wanted = static_cast<std::uint64_t>(plan_.datagrams);
  for (int i = 0; i < plan_.steps && (sent_by_hosts_ < wanted || puts_ < wanted); ++i) {
    step();
    check_counters(false);
  }
  if (plan_.flood) flood(servers_.back());
  set_intruder(false);
  faults_.turn_all_off();
  test::set_refusal(nullptr);
  show_that_sockets_are_read();
  settle_everything();
  show_that_all_works();
  settle_everything();
  end();
}

// ---- Beginning and end.

void World::start_engine() {
  EngineOptions options;
  options.backend = plan_.use_uring ? BackendKind::kAuto : BackendKind::kRecvmmsg;
  options.workers = plan_.workers;
  options.latency_budget = std::chrono::microseconds(plan_.latency_budget_us);
  options.max_datagram = plan_.max_datagram;
  options.payload_budget = plan_.payload_budget_kib << 10;
  options.socket_receive_buffer = plan_.receive_buffer;
  options.gro = plan_.gro;
  options.use_gso = plan_.gso;
  options.encode_buffers = 1;
  for (int i = 0; engine_ == nullptr; ++i) {
    std::string message;
    engine_ = Engine::create(options, nullptr, &message);
    check(engine_ != nullptr || !message.empty(), "an engine does not say why it cannot be made");
    check(i < kTries, "no engine can be made: " + message);
  }
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
    listen(server);
  }
  peers_.resize(static_cast<std::size_t>(plan_.peers));
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    peers_[i].peer = std::make_unique<PacketPeerUDP>(engine_);
    peers_[i].sender = kPeers + static_cast<std::uint32_t>(i);
    open(peers_[i]);
  }
}

void World::listen(Server& server) {
  server.server->set_max_pending_connections(plan_.max_pending);
  for (int i = 0; !server.is_listening; ++i) {
    check(i < kTries, "a server cannot listen");
    server.is_listening = server.server->listen(server.port, "*", server.options) == Error::OK;
  }
}

void World::open(Peer& peer) {
  const auto index = peer.sender - kPeers;
  for (int i = 0; !peer.is_open; ++i) {
    check(i < kTries, "a peer cannot be opened");
    const int port = static_cast<int>(kFirstPeerPort + index);
    if (index == 1) {
      const Server& server = any_server();
      peer.is_open = peer.peer->connect_to_host("10.0.0.1", server.port) == Error::OK;
    } else if (index == 3) {
      const net::Endpoint& host = hosts_[0].endpoint;
      peer.is_open = peer.peer->connect_to_host(host.host(), host.port) == Error::OK;
    } else {
      peer.is_open = peer.peer->bind(port, index % 4 == 0 ? "*" : "10.0.0.1") == Error::OK;
    }
  }
}

void World::end() {
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
  views_.clear();
  servers_.clear();
  peers_.clear();
  engine_->stop();
  past_counters_ += engine_->counters();
  check(engine_.use_count() == 1, "somebody holds the engine");
  engine_.reset();
}

// ---- What must hold.

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
  const std::uint64_t failed = count(Counter::kSendFailedQueueFull) +
                               count(Counter::kSendFailedRefused) +
                               count(Counter::kSendFailedOther) + count(Counter::kSendFailedClosed);
  const std::uint64_t sent = count(Counter::kSentPackets);
  const std::uint64_t requested = count(Counter::kSendRequestedPackets);
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
}

}  // namespace ringpeer::simulation
