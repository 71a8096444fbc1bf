#include "ringpeer/engine/server/server_sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/port_holder.h"
#include "ringpeer/engine/net/steering.h"
#include "ringpeer/engine/send/put_section.h"

namespace ringpeer::internal {

namespace {

std::unique_ptr<admission::SentBeginnings> make_sent(const worker::ServerShared& shared) {
  if (!shared.read_errors) return nullptr;
  auto sent = admission::SentBeginnings::create();
  if (sent == nullptr) refuse_memory();
  return sent;
}

}  // namespace

Shard::Shard(worker::Worker& shard_worker, std::uint16_t index, worker::ServerShared* shared)
    : worker(&shard_worker),
      sent(make_sent(*shared)),
      sends(&shared->send_errors),
      demultiplexer(index, ServerSockets::kRingSlots, shared) {
  if (sent == nullptr) return;
  sends.remember(sent.get());
  shared->sent.push_back(sent.get());
}

ServerSockets::ServerSockets(Engine& engine, const SocketOptions& options,
                             worker::ServerShared& shared)
    : engine_(engine), options_(options), workers_(engine.workers_of_engine()), shared_(shared) {}

int ServerSockets::adopt(net::Socket socket) {
  shards_.push_back(std::make_unique<Shard>(workers_.at(0), std::uint16_t{0}, &shared_));
  Shard& shard = *shards_.back();
  shard.socket = std::move(socket);
  if (const int error = start_receiving(shard, true); error != 0) return error;
  shard.socket.keep();
  return 0;
}

int ServerSockets::open(const net::Endpoint& local, net::SocketFamily family) {
  shared_.several = workers_.size() > 1;
  const bool lets_others_in = shared_.several && !options_.share_port;
  std::vector<std::uint64_t> before;  // sockets on the port, when others are let in
  net::Endpoint endpoint = local;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    shards_.push_back(
        std::make_unique<Shard>(workers_.at(i), static_cast<std::uint16_t>(i), &shared_));
    if (const int error = bind(*shards_.back(), endpoint, family); error != 0) return error;
    endpoint.port = static_cast<std::uint16_t>(local_port());  // which the kernel may have chosen
    if (i > 0 || !lets_others_in) continue;
    // The port is its own: now the others of this server may have it too.
    before = net::sockets_on(endpoint);
    if (const int error = shards_[0]->socket.set_reuse_port(true); error != 0) return error;
  }
  if (lets_others_in && is_intruded(endpoint, before)) return EADDRINUSE;
  if (shared_.several) open_group();
  for (auto& shard : shards_) {
    if (const int error = start_receiving(*shard); error != 0) return error;
  }
  return 0;
}

int ServerSockets::bind(Shard& shard, const net::Endpoint& local, net::SocketFamily family) {
  if (const int error = shard.socket.open(family); error != 0) return error;
  const bool is_first = &shard == shards_.front().get();
  const bool alone = is_first && !options_.share_port;
  if (!alone) shard.socket.set_reuse_port(true);
  if (shared_.several) {
    // Which socket is whose is settled with the last one: what comes before would find a
    // worker that its sender then leaves. Where filters are forbidden the sender is turned away.
    shard.socket.set_drop_all(true);
  }
  if (const int error = prepare_socket(shard.socket, engine_.options(), options_); error != 0) {
    return error;
  }
  // Others on the port are no surprise where it is shared, or are this server's.
  return alone ? net::bind_when_released(shard.socket, local) : shard.socket.bind(local);
}

// Whether somebody of the same user has come onto the port since the first socket let others in:
// he would get a part of the senders, in silence. Sockets that were on it before are no rivals:
// of another interface or family.
bool ServerSockets::is_intruded(const net::Endpoint& local,
                                const std::vector<std::uint64_t>& before) const {
  std::vector<std::uint64_t> known = before;
  for (const auto& shard : shards_) known.push_back(net::inode_of(shard->socket));
  const std::vector<std::uint64_t> now = net::sockets_on(local);
  return std::any_of(now.begin(), now.end(), [&known](std::uint64_t inode) {
    return std::find(known.begin(), known.end(), inode) == known.end();
  });
}

// All sockets are there, and have dropped what came.
void ServerSockets::open_group() {
  if (!options_.share_port && steer()) return;
  net::kernel::wait_for_begun_deliveries();  // to sockets that were chosen among fewer
  for (auto& shard : shards_) shard->socket.set_drop_all(false);
}

// All or nothing: what one rule chooses another must not drop. Not on a shared port, where the
// numbers of the sockets are anybody's, and the others' part of the senders is not this server's
// to take.
bool ServerSockets::steer() {
  const net::Steering rule(shards_.size());
  int error = 0;
  for (std::size_t i = 0; i < shards_.size() && error == 0; ++i) {
    error = shards_[i]->socket.set_filter(rule.filter_of(i));
  }
  if (error == 0) error = shards_[0]->socket.set_reuse_port_choice(rule.choice());
  if (error == 0) return true;
  engine_.log("a broadcast comes once to each worker of a server: no filter can be attached (" +
              std::string(std::strerror(error)) + ")");
  return false;
}

int ServerSockets::start_receiving(Shard& shard, bool by_any_worker) {
  shard.sends.open(shard.socket.descriptor(), shard.socket.family());
  shard.demultiplexer.set_socket(&shard.socket);
  const int descriptor = shard.socket.descriptor();
  const int error =
      by_any_worker ? workers_.attach(descriptor, &shard.demultiplexer, &shard.worker, &shard.slot)
                    : shard.worker->attach(descriptor, &shard.demultiplexer, &shard.slot);
  if (error != 0) return error;
  shard.receiving = true;
  workers_.counters().watch(&shard.socket);
  return 0;
}

bool ServerSockets::close() {
  if (!open_.exchange(false, std::memory_order_seq_cst)) return false;
  worker::PutSection::wait_for_begun();
  detach_all();
  return true;
}

// All at a time: each may take as long as what is queued for it.
void ServerSockets::detach_all() {
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

int ServerSockets::local_port() const {
  if (!is_open() || shards_.empty()) return 0;
  const auto local = shards_[0]->socket.local_endpoint();
  return local.has_value() ? local->port : 0;
}

// It takes all that the kernel has, so that who comes once a frame leaves nobody's packets behind
// those of a flood, as long as there is plenty of room in the ring.
void ServerSockets::receive() {
  if (shards_.empty()) return;
  const packet::PacketRing::Consumer ring = shards_[0]->demultiplexer.consumer();
  workers_.inline_pump().step_all([&ring] { return ring.slots_in_use() < kRingSlots / 2; });
}

void ServerSockets::wake_workers() {
  for (auto& shard : shards_) shard->worker->receives().wake();
}

bool ServerSockets::has_published() const {
  return std::any_of(shards_.begin(), shards_.end(), [](const auto& shard) {
    return shard->demultiplexer.consumer().front() != nullptr;
  });
}

std::size_t ServerSockets::remote_count() const {
  std::size_t sum = 0;
  for (const auto& shard : shards_) sum += shard->demultiplexer.remote_count();
  return sum;
}

}  // namespace ringpeer::internal
