#include "ringpeer/engine/server/server_core.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/port_holder.h"
#include "ringpeer/engine/net/steering.h"
#include "ringpeer/engine/peer/send_or_queue.h"
#include "ringpeer/engine/send/put_section.h"
#include "ringpeer/engine/server/remote_channel.h"

namespace ringpeer::internal {
namespace {

// What the packets that its peers have shown last may hold of the payload budget, all together.
constexpr std::size_t kViewsShareOfBudget = 4;

// Remote::accepted_index has 31 bits.
constexpr std::uint32_t kIndexMask = (1u << 31) - 1;

// Peers that the table of them has room for at first.
constexpr std::size_t kMinAccepted = 16;

}  // namespace

ServerCore::Shard::Shard(worker::Worker& shard_worker, std::uint16_t index,
                         worker::ServerShared* shared)
    : worker(&shard_worker),
      sends(&shared->send_errors),
      demultiplexer(index, kRingSlots, shared) {}

ServerCore::ServerCore(std::shared_ptr<Engine> engine, int max_pending,
                       const ServerOptions& options)
    : engine_(std::move(engine)),
      socket_options_(options.socket),
      workers_(engine_->workers_of_engine()),
      counters_(workers_.counters()),
      views_(engine_->options().payload_budget / kViewsShareOfBudget) {
  shared_.max_pending.store(max_pending, std::memory_order_relaxed);
  shared_.per_remote = options.receive == ServerReceive::kPerRemote;
  shared_.arrival.timestamps = options.socket.receive_timestamps;
  shared_.arrival.local_addresses = options.socket.reply_from_received_address;
  shared_.read_errors = options.socket.detect_unreachable;
}

std::shared_ptr<ServerCore> ServerCore::create(std::shared_ptr<Engine> engine,
                                               const net::Endpoint& local, net::SocketFamily family,
                                               int max_pending, const ServerOptions& options,
                                               int* error) {
  std::shared_ptr<ServerCore> core(new ServerCore(std::move(engine), max_pending, options));
  *error = core->open(local, family);
  if (*error != 0) return nullptr;
  return core;
}

std::shared_ptr<ServerCore> ServerCore::adopt(std::shared_ptr<Engine> engine, net::Socket socket,
                                              int max_pending, const ServerOptions& options,
                                              int* error) {
  std::shared_ptr<ServerCore> core(new ServerCore(std::move(engine), max_pending, options));
  core->shards_.push_back(
      std::make_unique<Shard>(core->workers_.at(0), std::uint16_t{0}, &core->shared_));
  Shard& shard = *core->shards_.back();
  shard.socket = std::move(socket);
  *error = core->receive_on(shard, true);
  if (*error != 0) return nullptr;
  shard.socket.keep();
  return core;
}

ServerCore::~ServerCore() {
  end_batch();
  stop();
}

int ServerCore::open(const net::Endpoint& local, net::SocketFamily family) {
  shared_.several = workers_.size() > 1;
  const bool lets_others_in = shared_.several && !socket_options_.share_port;
  std::vector<std::uint64_t> before;  // sockets on the port, when others are let in
  net::Endpoint endpoint = local;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    shards_.push_back(
        std::make_unique<Shard>(workers_.at(i), static_cast<std::uint16_t>(i), &shared_));
    if (const int error = bind_shard(*shards_.back(), endpoint, family); error != 0) return error;
    endpoint.port = static_cast<std::uint16_t>(local_port());  // which the kernel may have chosen
    if (i > 0 || !lets_others_in) continue;
    // The port is its own: now the others of this server may have it too.
    before = net::sockets_on(endpoint);
    if (const int error = shards_[0]->socket.set_reuse_port(true); error != 0) return error;
  }
  if (lets_others_in && is_intruded(endpoint, before)) return EADDRINUSE;
  if (has_several_workers()) open_group();
  for (auto& shard : shards_) {
    if (const int error = receive_on(*shard); error != 0) return error;
  }
  return 0;
}

int ServerCore::bind_shard(Shard& shard, const net::Endpoint& local, net::SocketFamily family) {
  if (const int error = shard.socket.open(family); error != 0) return error;
  const bool is_first = &shard == shards_.front().get();
  const bool alone = is_first && !socket_options_.share_port;
  if (!alone) shard.socket.set_reuse_port(true);
  if (has_several_workers()) {
    // Which socket is whose is settled with the last one: what comes before would find a
    // worker that its sender then leaves. Where filters are forbidden the sender is turned away.
    shard.socket.set_drop_all(true);
  }
  if (const int error = prepare_socket(shard.socket, engine_->options(), socket_options_);
      error != 0) {
    return error;
  }
  // Others on the port are no surprise where it is shared, or are this server's.
  return alone ? net::bind_when_released(shard.socket, local) : shard.socket.bind(local);
}

// Whether somebody of the same user has come onto the port since the first socket let others in:
// he would get a part of the senders, in silence. Sockets that were on it before are no rivals:
// of another interface or family.
bool ServerCore::is_intruded(const net::Endpoint& local,
                             const std::vector<std::uint64_t>& before) const {
  std::vector<std::uint64_t> known = before;
  for (const auto& shard : shards_) known.push_back(net::inode_of(shard->socket));
  const std::vector<std::uint64_t> now = net::sockets_on(local);
  return std::any_of(now.begin(), now.end(), [&known](std::uint64_t inode) {
    return std::find(known.begin(), known.end(), inode) == known.end();
  });
}

// All sockets are there, and have dropped what came.
void ServerCore::open_group() {
  if (!socket_options_.share_port && steer()) return;
  net::kernel::wait_for_begun_deliveries();  // to sockets that were chosen among fewer
  for (auto& shard : shards_) shard->socket.set_drop_all(false);
}

// All or nothing: what one rule chooses another must not drop. Not on a shared port, where the
// numbers of the sockets are anybody's, and the others' part of the senders is not this server's
// to take.
bool ServerCore::steer() {
  const net::Steering rule(shards_.size());
  int error = 0;
  for (std::size_t i = 0; i < shards_.size() && error == 0; ++i) {
    error = shards_[i]->socket.set_filter(rule.filter_of(i));
  }
  if (error == 0) error = shards_[0]->socket.set_reuse_port_choice(rule.choice());
  if (error == 0) return true;
  engine_->log("a broadcast comes once to each worker of a server: no filter can be attached (" +
               std::string(std::strerror(error)) + ")");
  return false;
}

int ServerCore::receive_on(Shard& shard, bool by_any_worker) {
  shard.sends.open(shard.socket.descriptor(), shard.socket.family());
  shard.demultiplexer.set_descriptor(shard.socket.descriptor());
  const int descriptor = shard.socket.descriptor();
  const int error =
      by_any_worker ? workers_.attach(descriptor, &shard.demultiplexer, &shard.worker, &shard.slot)
                    : shard.worker->attach(descriptor, &shard.demultiplexer, &shard.slot);
  if (error != 0) return error;
  shard.receiving = true;
  workers_.counters().watch(&shard.socket);
  return 0;
}

void ServerCore::stop() {
  if (std::exchange(stopped_, true)) return;
  takes_puts_.store(false, std::memory_order_seq_cst);
  worker::PutSection::wait_for_begun();
  detach_all();
  // Nothing is published any more. What still waits is dropped with its remote.
  for (auto& shard : shards_) {
    if (shared_.per_remote) {
      take_from(*shard);
    } else {
      drop_together(*shard);
    }
  }
  ready_ = nullptr;
  for (const Pending& pending : pending_) drop_queue(*pending.remote);
  for (worker::Remote* remote : accepted_) {
    drop_queue(*remote);
    remote->channel->orphan();
  }
  pending_.clear();
  accepted_.clear();
  release_.flush();
  shards_.clear();  // frees the remotes
}

// All at a time: each may take as long as what is queued for it.
void ServerCore::detach_all() {
  for (auto& shard : shards_) {
    shard->sends.close();
    if (shard->receiving) shard->worker->begin_detach(&shard->detach, shard->slot, &shard->sends);
  }
  for (auto& shard : shards_) {
    if (!shard->receiving) continue;
    shard->worker->wait_for(&shard->detach);
    workers_.counters().forget(&shard->socket);
    shard->socket.close();
  }
}

int ServerCore::local_port() const {
  if (stopped_ || shards_.empty()) return 0;
  const auto local = shards_[0]->socket.local_endpoint();
  return local.has_value() ? local->port : 0;
}

// ---- Arrivals.

// One look serves all calls within a latency budget. It takes all that the kernel has, so that
// who comes once a frame leaves nobody's packets behind those of a flood, as long as there is
// plenty of room in the ring.
void ServerCore::look_at_socket(bool at_once) {
  if (shards_.empty() || (!at_once && !workers_.inline_pump().is_due())) return;
  const packet::PacketRing::Consumer ring = shards_[0]->demultiplexer.consumer();
  workers_.inline_pump().step_all([&ring] { return ring.slots_in_use() < kRingSlots / 2; });
}

void ServerCore::take_published() {
  if (shared_.per_remote) {  // else it stays in the rings
    for (auto& shard : shards_) {
      if (shard->demultiplexer.consumer().front() != nullptr) take_from(*shard);
    }
    drop_newest_pending();
  }
  if (shared_.signal.is_watched()) mark_if_empty();
}

// For the event loop that watches the signal.
void ServerCore::mark_if_empty() {
  const auto is_empty = [](const auto& shard) {
    return shard->demultiplexer.consumer().front() == nullptr;
  };
  if (waiting_packets_ > 0 || !pending_.empty() || together_rest_.size > 0) return;
  shared_.signal.mark_empty();
  if (!std::all_of(shards_.begin(), shards_.end(), is_empty)) shared_.signal.mark_missed();
}

void ServerCore::take_from(Shard& shard) {
  const packet::PacketRing::Consumer ring = shard.demultiplexer.consumer();
  const std::size_t known_pending = pending_.size();
  // Only what is there now: a flood must not keep the consumer here.
  for (std::size_t left = ring.slots_in_use(); left > 0; --left) {
    const packet::PacketDescriptor* descriptor = ring.front();
    if (descriptor == nullptr) break;
    worker::Remote& remote = shard.demultiplexer.remote_of(*descriptor);
    const std::uint64_t came_us = ring.arrival_us(descriptor->received_at_us);
    if (worker::Demultiplexer::is_event(*descriptor)) {
      take_event(remote, *descriptor, came_us);
    } else {
      take_packet(remote, *descriptor, came_us);
    }
    ring.pop();
  }
  sort_in_pending(known_pending);
}

// What one worker has announced is in order, but older ones of another may come after it.
void ServerCore::sort_in_pending(std::size_t known) {
  if (known == 0 || known >= pending_.size()) return;
  const auto is_older = [](const Pending& a, const Pending& b) { return a.since_us < b.since_us; };
  const auto added = pending_.begin() + static_cast<std::ptrdiff_t>(known);
  if (!is_older(*added, *(added - 1))) return;
  std::inplace_merge(pending_.begin(), added, pending_.end(), is_older);
}

void ServerCore::take_packet(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                             std::uint64_t arrival_us) {
  if (remote.closed.load(std::memory_order_relaxed)) {
    drop(remote, descriptor, remote.drop_reason);
    return;
  }
  Counter reason{};
  if (!queues_.push(remote, descriptor, arrival_us, &reason)) {
    drop(remote, descriptor, reason);
    return;
  }
  waiting_packets_ += descriptor.packet_count();
  if (remote.reported != 0) [[unlikely]]
    remote.reported = 0;  // it lives
  if (rotating_ && remote.channel != nullptr) link_ready(remote);
}

void ServerCore::take_event(worker::Remote& remote, const packet::PacketDescriptor& event,
                            std::uint64_t came_us) {
  switch (event.size) {
    case worker::Demultiplexer::kNewRemote:
      if (is_misplaced(remote)) return turn_away(remote, Counter::kDropWrongWorker);
      if (!add_pending(remote, came_us)) turn_away(remote, Counter::kDropNoMemory);
      return;
    default:
      delete &remote;
  }
}

// The set of sockets on the port has changed (another program shares it), and the kernel's
// choice with it. The peer stays with the worker that it has: its packets must not overtake
// each other. At the end nothing is turned away any more: all that waits is dropped.
bool ServerCore::is_misplaced(const worker::Remote& remote) const {
  return has_several_workers() && !stopped_ && known_.find(remote.endpoint) != nullptr;
}

// False when there is no memory for it.
bool ServerCore::add_pending(worker::Remote& remote, std::uint64_t came_us) {
  try {
    pending_.push_back({&remote, came_us});
  } catch (const std::bad_alloc&) {
    return false;
  }
  if (!has_several_workers() || known_.put(&remote)) return true;
  pending_.pop_back();
  return false;
}

// Nothing of it is queued, whether the worker goes on or not.
void ServerCore::turn_away(worker::Remote& remote, Counter reason) {
  remote.drop_reason = reason;
  remote.closed.store(true, std::memory_order_release);
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  close(remote);
}

void ServerCore::drop(worker::Remote& remote, const packet::PacketDescriptor& descriptor,
                      Counter reason) {
  counters_->add(reason, descriptor.packet_count());
  remote.taken_bytes.store(remote.taken_bytes.load(std::memory_order_relaxed) + descriptor.charge(),
                           std::memory_order_release);
  release_.add(descriptor.buffer, descriptor.packet_count());
}

void ServerCore::drop_queue(worker::Remote& remote) {
  assert(waiting_packets_ >= remote.queued_packets);
  waiting_packets_ -= remote.queued_packets;
  while (packet::PacketDescriptor* descriptor = queues_.front(remote)) {
    drop(remote, *descriptor, Counter::kDropClosed);
    queues_.pop(remote);
  }
  remote.queued_packets = 0;
  unlink_ready(remote);
}

void ServerCore::drop_together(Shard& shard) {
  const packet::PacketRing::Consumer ring = shard.demultiplexer.consumer();
  if (together_rest_.size > 0) {
    counters_->add(Counter::kDropClosed, together_rest_.packet_count());
    release_.add(together_rest_.buffer, together_rest_.packet_count());
    together_rest_ = {};
  }
  while (const packet::PacketDescriptor* descriptor = ring.front()) {
    counters_->add(Counter::kDropClosed, descriptor->packet_count());
    release_.add(descriptor->buffer, descriptor->packet_count());
    ring.pop();
  }
}

// ---- Connections.

// As many are accepted in one loop as may be pending.
bool ServerCore::ends_loop_of_connections() {
  const int most = shared_.max_pending.load(std::memory_order_relaxed);
  if (pending_.empty() || !connections_.ends_loop(1, static_cast<std::uint64_t>(most)))
    return false;
  remind();
  return true;
}

bool ServerCore::has_pending() {
  const bool asks_for_more = connections_.begin_look(ticks());
  if (asks_for_more || pending_.empty()) take_arrivals();
  if (ends_loop_of_connections()) return false;
  connections_.promise(pending_.size());
  return !pending_.empty();
}

bool ServerCore::finds_pending() {
  connections_.begin_look(ticks());
  if (pending_.empty()) take_arrivals();
  if (!connections_.is_promised() && ends_loop_of_connections()) return false;
  if (pending_.empty()) {
    connections_.begin_again();
    return false;
  }
  if (accepted_.size() == accepted_.capacity())
    accepted_.reserve(std::max(kMinAccepted, 2 * accepted_.size()));
  return true;
}

worker::Remote* ServerCore::take_pending(RemoteChannel* channel) {
  assert(!pending_.empty() && pending_.front().remote->channel == nullptr);
  worker::Remote* remote = pending_.front().remote;
  pending_.pop_front();
  shared_.pending.fetch_sub(1, std::memory_order_relaxed);
  remote->channel = channel;
  remote->accepted.store(true, std::memory_order_relaxed);
  remote->idle_from_us = now_us();
  connections_.count_given(1, remote->heard_us.load(std::memory_order_relaxed));
  if (rotating_ && remote->queued_packets > 0) link_ready(*remote);
  remote->accepted_index = static_cast<std::uint32_t>(accepted_.size()) & kIndexMask;
  accepted_.push_back(remote);
  return remote;
}

void ServerCore::set_max_pending(int count) {
  shared_.max_pending.store(count, std::memory_order_relaxed);
  take_arrivals();
  drop_newest_pending();
}

// Beyond a limit that was lowered after the workers had let them in. Whoever has waited longest
// keeps its place.
void ServerCore::drop_newest_pending() {
  const auto most = static_cast<std::size_t>(shared_.max_pending.load(std::memory_order_relaxed));
  while (pending_.size() > most) {
    worker::Remote* newest = pending_.back().remote;
    pending_.pop_back();
    shared_.pending.fetch_sub(1, std::memory_order_relaxed);
    close(*newest);
  }
}

void ServerCore::close(worker::Remote& remote) {
  if (stopped_) return;
  drop_queue(remote);
  release_.flush();
  if (remote.channel != nullptr) {
    assert(accepted_[remote.accepted_index] == &remote);
    accepted_[remote.accepted_index] = accepted_.back();
    accepted_[remote.accepted_index]->accepted_index = remote.accepted_index & kIndexMask;
    accepted_.pop_back();
    remote.channel = nullptr;
  }
  if (has_several_workers()) known_.erase(&remote);
  Shard& shard = *shards_[remote.shard];
  shard.demultiplexer.close(&remote);
  shard.worker->request_maintenance();
}

// ---- Packets.

Error ServerCore::take(worker::Remote& remote, std::span<const std::uint8_t>* packet,
                       packet::PacketBuffer** buffer, std::uint64_t* arrival_us) {
  packet::PacketDescriptor* descriptor = queues_.front(remote);
  if (descriptor == nullptr) return take_nothing();
  *arrival_us = queues_.front_arrival_us(remote);
  *buffer = descriptor->buffer;
  *packet = descriptor->take_packet();
  if (descriptor->size == 0) queues_.pop(remote);
  record_taken_packet(remote, packet->size());
  record_taken({0, 1, packet->size()});
  return Error::OK;
}

void ServerCore::hold(packet::PacketBuffer* buffer, std::span<const std::uint8_t>* packet,
                      HeldView* view) {
  const bool is_empty = packet->empty();
  if (!is_empty && views_.admit(buffer)) [[likely]] {
    view->hold_counted(buffer);
  } else if (is_empty || view->copy(packet)) {
    release_.add(buffer);
  } else {
    view->hold(buffer);  // no memory to be had: rather a little too much than not valid
  }
}

void ServerCore::let_go(HeldView* view) {
  stop_counting(view);
  view->let_go_to(&release_);
}

void ServerCore::stop_counting(HeldView* view) {
  if (const packet::PacketBuffer* buffer = view->take_counted()) views_.let_go(buffer);
}

void ServerCore::record_taken_packet(worker::Remote& remote, std::size_t size) {
  assert(waiting_packets_ > 0 && remote.queued_packets > 0);
  --waiting_packets_;
  if (--remote.queued_packets == 0) unlink_ready(remote);
  remote.taken_bytes.store(remote.taken_bytes.load(std::memory_order_relaxed) +
                               static_cast<std::uint32_t>(size) + packet::kRecordOverhead,
                           std::memory_order_release);
}

}  // namespace ringpeer::internal
