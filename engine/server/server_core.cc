#include "ringpeer/engine/server/server_core.h"

#include <utility>

namespace ringpeer::internal {

SocketOptions socket_options_of(const ServerOptions& options) {
  SocketOptions socket = options.socket;
  socket.cookie = options.admission.cookie;
  return socket;
}

ServerCore::ServerCore(std::shared_ptr<Engine> engine, int max_pending,
                       const ServerOptions& options, std::shared_ptr<const SourceList> list)
    : engine_(std::move(engine)),
      sockets_(*engine_, socket_options_of(options), shared_),
      remotes_(shared_),
      per_remote_(options.receive == ServerReceive::kPerRemote
                      ? std::make_unique<PerRemoteInbox>(engine_, sockets_, remotes_, shared_)
                      : nullptr),
      together_(per_remote_ == nullptr ? std::make_unique<TogetherInbox>(engine_, sockets_, shared_)
                                       : nullptr),
      inbox_(per_remote_ != nullptr ? static_cast<ServerInbox&>(*per_remote_) : *together_),
      presence_(workers(), inbox_, remotes_),
      sender_(workers(), sockets_, remotes_, shared_.send_errors) {
  shared_.max_pending.store(max_pending, std::memory_order_relaxed);
  shared_.per_remote = per_remote_ != nullptr;
  shared_.arrival.timestamps = options.socket.receive_timestamps;
  shared_.arrival.local_addresses = options.socket.reply_from_received_address;
  shared_.read_errors = options.socket.detect_unreachable;
  shared_.admission = options.admission;
  if (options.admission.cookie) shared_.cookies.emplace();
  if (list != nullptr) shared_.source_list.set(std::move(list));
}

std::shared_ptr<ServerCore> ServerCore::create(std::shared_ptr<Engine> engine,
                                               const net::Endpoint& local, net::SocketFamily family,
                                               int max_pending, const ServerOptions& options,
                                               std::shared_ptr<const SourceList> list, int* error) {
  std::shared_ptr<ServerCore> core(
      new ServerCore(std::move(engine), max_pending, options, std::move(list)));
  *error = core->sockets_.open(local, family);
  return *error == 0 ? core : nullptr;
}

std::shared_ptr<ServerCore> ServerCore::adopt(std::shared_ptr<Engine> engine, net::Socket socket,
                                              int max_pending, const ServerOptions& options,
                                              std::shared_ptr<const SourceList> list, int* error) {
  std::shared_ptr<ServerCore> core(
      new ServerCore(std::move(engine), max_pending, options, std::move(list)));
  *error = core->sockets_.adopt(std::move(socket));
  return *error == 0 ? core : nullptr;
}

void ServerCore::set_source_list(std::shared_ptr<const SourceList> list) {
  shared_.source_list.set(std::move(list));
  if (!sockets_.is_open()) return;
  for (const auto& shard : sockets_.shards()) shard->worker->request_maintenance();
}

void ServerCore::stop() {
  if (!sockets_.close()) return;
  inbox_.drop_all();  // nothing is published any more
  sockets_.clear();
}

}  // namespace ringpeer::internal
