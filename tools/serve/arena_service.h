#ifndef RINGPEER_TOOLS_SERVE_ARENA_SERVICE_H_
#define RINGPEER_TOOLS_SERVE_ARENA_SERVICE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tools/arena/arena_protocol.h"
#include "ringpeer/tools/arena/arena_world.h"
#include "ringpeer/tools/measure/pacer.h"
#include "ringpeer/tools/measure/sequence_window.h"
#include "ringpeer/tools/serve/service.h"
#include "ringpeer/udp_server.h"

namespace ringpeer::tools {

// An authoritative game server: 60 times a second it takes the inputs that have come,
// moves the world, and tells every player what is near.
// Threads, lifetime and failure: as Service. A snapshot that is refused is counted, and not sent
// again.
class ArenaService : public Service {
 public:
  static constexpr double kTicksPerSecond = 60;
  // Beyond it new remotes are turned away: their snapshots would not fit the tick.
  static constexpr std::size_t kMaxSessions = 4096;
  // A player of whom nothing is heard for so long is gone.
  static constexpr std::chrono::seconds kIdleTimeout{5};

  explicit ArenaService(std::shared_ptr<Engine> engine, std::size_t most_sessions = kMaxSessions);

  void set_source_list(std::shared_ptr<const SourceList> list) override {
    server_.set_source_list(std::move(list));
  }
  Error open(const ServeOptions& options) override;
  int port() const override { return server_.get_local_port(); }
  int receive_buffer() const override { return server_.get_socket_receive_buffer(); }
  void serve(Clock::time_point until) override;
  void close() override;
  ServiceCounts counts() const override;

 private:
  // One remote that has sent a valid input: whoever has not does not get a place, unless it has
  // shown a cookie, which comes before the first input.
  struct Session {
    std::int64_t id = 0;  // 0: there is no room for it
    std::shared_ptr<PacketPeerUDP> peer;
    Clock::time_point last_heard;
    std::optional<ArenaWorld::PlayerId> player;
    std::optional<ArenaInput> newest_input;
    SequenceWindow inputs_seen;
    std::int64_t inputs = 0;  // each counted once, however often the network brings it
    std::int64_t snapshots = 0;
    bool left = false;
    bool snapshot_due = false;
  };

  void tick(Clock::time_point now);
  void accept_sessions(Clock::time_point now);
  std::int64_t next_session_id();
  void take_inputs(Session& session, Clock::time_point now);
  void apply_input(Session& session, const ArenaInput& input, Clock::time_point now);
  void end_idle_sessions(Clock::time_point now);
  void send_snapshot(Session& session);

  const std::size_t most_sessions_;
  bool asks_for_cookies_ = false;
  UDPServer server_;
  ArenaWorld world_;
  std::vector<Session> sessions_;
  std::optional<Pacer> pacer_;
  std::int64_t tick_ = 0;
  std::int64_t newest_session_id_ = 0;
  ServiceCounts counts_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_ARENA_SERVICE_H_
