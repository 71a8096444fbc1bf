// The end of a run, too: whoever sleeps is woken, and soon. What is late by half a second is late
// by what an idle worker sleeps.

#include <chrono>
#include <string>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/world.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::milliseconds;

// What it takes to a socket at most, and what the calls of workers and application take together.
constexpr Time kUnderWay = 400 * kMicrosecond;
constexpr Time kCalls = 600 * kMicrosecond;
// Without threads a wait looks up so often.
constexpr Time kInlineWait = 20 * kMillisecond;

constexpr int kPackets = 6;
constexpr int kLooksOfLoop = 40;

// It knows the machine by the same address as the first.
constexpr std::size_t kOtherHost = 4;

// A stop that finds nothing to send, or to take.
constexpr Time kStopSoon = 50 * kMillisecond;
// Much longer than anything takes that is waited for.
constexpr milliseconds kLongWait(2000);

}  // namespace

// A datagram that is sent now is with the application then: it may be gathered with others for one
// latency budget, and its consumer told after another.
Time World::soon() const { return kUnderWay + 2 * plan_.latency_budget_us * kMicrosecond + kCalls; }

void World::show_that_sleepers_are_woken() {
  for (Server& server : servers_) {
    show_that_a_sleeper_is_woken(*server.server, server.port, [&](bool all) {
      all ? take_everything(server) : get_from_server(server, 1);
    });
  }
  for (Peer& peer : peers_) {
    if (!is_reached_by_hosts(peer)) continue;
    show_that_a_sleeper_is_woken(*peer.peer, port_of(peer), [&](bool all) {
      all ? drain_peer(peer) : get_from_peer(peer, 1);
    });
  }
}

template <typename Consumer, typename Take>
void World::show_that_a_sleeper_is_woken(Consumer& consumer, std::uint16_t port, Take take) {
  const bool all = true;
  take(all);
  while (consumer.wait(milliseconds(0)) != Error::ERR_TIMEOUT) take(all);  // also a wake() before
  // What a worker finds when it looks for another reason may be told later.
  const std::uint64_t wanted = ledger_.delivered() + kPackets;
  for (int i = 0; i < kPackets; ++i) send_from_host(hosts_[0], port);
  while (ledger_.delivered() < wanted) {
    check_wait(consumer, Error::OK, soon());
    take(all);
    if (random_.chance(500)) flush();
  }
  const auto other = scheduler_.start([&] {
    pass_time(kMillisecond);
    consumer.wake();
  });
  check_wait(consumer, Error::ERR_SKIP, plan_.workers == 0 ? kInlineWait + soon() : 2 * soon());
  scheduler_.wait_until([&] { return scheduler_.has_ended(other); });
  show_that_a_loop_is_told(consumer, port, take);
}

template <typename Consumer>
void World::check_wait(Consumer& consumer, Error expected, Time most) {
  const Time begun = scheduler_.now();
  const Error error = consumer.wait(kLongWait);
  const Time took = scheduler_.now() - begun;
  check(error == expected, "a wait ends with " + std::to_string(static_cast<int>(error)) +
                               " and not " + std::to_string(static_cast<int>(expected)));
  check(took <= most, "a wait takes " + std::to_string(took / kMicrosecond) + " us of " +
                          std::to_string(most / kMicrosecond));
}

// An event loop sleeps while the descriptor is quiet: when something waits it must not be, or not
// for long.
template <typename Consumer, typename Take>
void World::show_that_a_loop_is_told(Consumer& consumer, std::uint16_t port, Take take) {
  const int descriptor = consumer.get_poll_descriptor();
  if (descriptor < 0) {  // also where there was none to have when it was opened
    check(plan_.workers == 0 || plan_.has(Fault::kNoDescriptors), "nobody can watch");
    return;
  }
  const auto is_told = [&] { return kernel_.find(descriptor)->event->count > 0; };
  const auto arrived = [&] { return network_.waiting_packets() + ledger_.taken(); };
  for (int i = 0; i < kLooksOfLoop; ++i) {
    const std::uint64_t before = arrived();
    if (random_.chance(700)) send_from_host(hosts_[0], port);
    // Some looks meet the worker's, and the worker has reasons of its own for some.
    if (random_.chance(500)) {
      scheduler_.wait_until([&] { return arrived() > before; }, scheduler_.now() + kUnderWay);
    } else if (random_.chance(600)) {
      check(engine_->sync() == Error::OK, "a sync fails without any fault");
    }
    if (consumer.wait(milliseconds(0)) != Error::OK) continue;
    check(scheduler_.wait_until(is_told, scheduler_.now() + soon()),
          "something waits, and whoever watches is not told");
    if (random_.chance(700)) take(random_.chance(500));
  }
  take(true);
}

// Also by somebody else who stops the engine.
void World::show_that_a_stop_ends_a_wait() {
  if (plan_.workers == 0) return;
  const auto other = scheduler_.start([this] {
    pass_time(kMillisecond);
    engine_->stop();
  });
  if (random_.chance(500) && !peers_.empty()) {
    check_wait(*any_peer().peer, Error::FAILED, kStopSoon);
  } else {
    check_wait(*any_server().server, Error::FAILED, kStopSoon);
  }
  scheduler_.wait_until([&] { return scheduler_.has_ended(other); });
}

// Only those are heard whom it is connected to from then on, and no error is left of others.
void World::show_that_a_connect_begins_again(Peer& peer) {
  if (!is_reached_by_hosts(peer) || hosts_.size() <= kOtherHost) return;
  const Host& former = hosts_[0];
  const Host& next = hosts_[kOtherHost];
  if (peer.peer->is_socket_connected()) {
    network_.set_deaf(&former.endpoint);
    const auto payload = new_payload(peer.sender);
    record_put(peer.peer->put_packet(payload), payload);
    pass_time(kSecond);  // until the answer has come
    network_.set_deaf(nullptr);
  }
  for (int i = 0; i < kPackets; ++i) send_from_host(former, port_of(peer));
  pass_time(kUnderWay);
  check(peer.peer->connect_to_host(next.endpoint.host(), next.endpoint.port) == Error::OK,
        "a peer cannot be connected");
  const auto payload = new_payload(peer.sender);
  const Error error = peer.peer->put_packet(payload);
  record_put(error, payload);
  check(error == Error::OK, "an error is left of before a connect");
  send_from_host(next, port_of(peer));
  pass_time(kSecond);
  const std::uint64_t delivered = ledger_.delivered();
  static_cast<void>(peer.peer->poll());
  DrainBatch batch = peer.peer->drain();
  for (const ReceivedPacket& packet : batch) {
    check(packet.sender == next.endpoint, "a connected peer hears somebody else");
    receive(port_of(peer), packet.sender, packet.payload);
  }
  check(ledger_.delivered() > delivered, "a connected peer hears nothing");
}

}  // namespace ringpeer::simulation
