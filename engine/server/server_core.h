#ifndef RINGPEER_ENGINE_SERVER_SERVER_CORE_H_
#define RINGPEER_ENGINE_SERVER_SERVER_CORE_H_

#include <memory>

#include "ringpeer/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/server/per_remote_inbox.h"
#include "ringpeer/engine/server/presence.h"
#include "ringpeer/engine/server/server_inbox.h"
#include "ringpeer/engine/server/server_remotes.h"
#include "ringpeer/engine/server/server_sender.h"
#include "ringpeer/engine/server/server_sockets.h"
#include "ringpeer/engine/server/together_inbox.h"
#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/engine/worker/worker_group.h"
#include "ringpeer/socket_options.h"
#include "ringpeer/source_list.h"

namespace ringpeer::internal {

// Of a server's sockets, which speak cookies when it asks for them.
SocketOptions socket_options_of(const ServerOptions& options);

// A listening server: its sockets, the inbox that they fill, who is there, and the way out.
//
// Threads: sender() and signal() from any, as their classes say; the rest belongs to the server's
// consumer.
// Lifetime: shared by the UDPServer and the channels of its peers. stop() ends it; its parts stay,
// and say that they are closed.
class ServerCore {
 public:
  // Null on failure (errno in *error).
  static std::shared_ptr<ServerCore> create(std::shared_ptr<Engine> engine,
                                            const net::Endpoint& local, net::SocketFamily family,
                                            int max_pending, const ServerOptions& options,
                                            std::shared_ptr<const SourceList> list, int* error);
  // On a socket that is bound and has its options already, with one worker.
  static std::shared_ptr<ServerCore> adopt(std::shared_ptr<Engine> engine, net::Socket socket,
                                           int max_pending, const ServerOptions& options,
                                           std::shared_ptr<const SourceList> list, int* error);
  ~ServerCore() { stop(); }
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  // Closes the sockets and lets go of every remote; peers find themselves closed.
  void stop();
  bool is_alive() const { return sockets_.is_alive(); }

  // What the workers ask from now on, after a moment; null: nothing.
  void set_source_list(std::shared_ptr<const SourceList> list);

  const std::shared_ptr<Engine>& engine() const { return engine_; }
  worker::WorkerGroup& workers() { return engine_->workers_of_engine(); }
  worker::ConsumerSignal& signal() { return shared_.signal; }
  const ServerSockets& sockets() const { return sockets_; }
  ServerInbox& inbox() { return inbox_; }
  // The same of a server that has remotes.
  PerRemoteInbox& per_remote() { return *per_remote_; }
  Presence& presence() { return presence_; }
  ServerSender& sender() { return sender_; }

 private:
  ServerCore(std::shared_ptr<Engine> engine, int max_pending, const ServerOptions& options,
             std::shared_ptr<const SourceList> list);

  const std::shared_ptr<Engine> engine_;
  worker::ServerShared shared_;
  ServerSockets sockets_;
  ServerRemotes remotes_;
  // One of the two.
  const std::unique_ptr<PerRemoteInbox> per_remote_;
  const std::unique_ptr<TogetherInbox> together_;
  ServerInbox& inbox_;
  Presence presence_;
  ServerSender sender_;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_SERVER_SERVER_CORE_H_
