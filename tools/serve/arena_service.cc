#include "ringpeer/tools/serve/arena_service.h"

#include <algorithm>
#include <utility>

namespace ringpeer::tools {
namespace {

// Remotes that may knock between two ticks without being turned away.
constexpr int kMaxPendingConnections = 4096;
// More inputs of one player than this wait for the next tick, so that no player can hold
// up the others. A client sends one a tick.
constexpr int kMaxInputsPerTick = 32;
// A server that was held up makes good this many ticks of the world and skips the rest.
constexpr std::uint64_t kMaxTicksAtOnce = 4;

}  // namespace

ArenaService::ArenaService(std::shared_ptr<Engine> engine, std::size_t most_sessions)
    : most_sessions_(most_sessions), server_(std::move(engine)) {
  server_.set_max_pending_connections(kMaxPendingConnections);
}

Error ArenaService::open(const ServeOptions& options) {
  asks_for_cookies_ = options.cookie;
  if (options.descriptor >= 0) {
    return server_.listen_descriptor(options.descriptor, server_options(options));
  }
  return server_.listen(options.port, options.address, server_options(options));
}

void ArenaService::serve(Clock::time_point until) {
  if (!pacer_) pacer_.emplace(kTicksPerSecond, Clock::now(), kMaxTicksAtOnce);
  if (pacer_->next_due() > until) {
    sleep_until_or_signal(until);
    return;
  }
  sleep_until_or_signal(pacer_->next_due());
  const Clock::time_point now = Clock::now();
  const Pacer::Due due = pacer_->take_due(now);
  // Ticks that are made good move the world; the players see only the newest.
  for (std::uint64_t i = 1; i < due.count; ++i) world_.step(1 / kTicksPerSecond);
  if (due.count > 0) tick(now);
}

void ArenaService::tick(Clock::time_point now) {
  ++tick_;
  accept_sessions(now);
  for (Session& session : sessions_) take_inputs(session, now);
  end_idle_sessions(now);
  world_.step(1 / kTicksPerSecond);
  for (Session& session : sessions_) {
    if (session.player || session.snapshot_due) send_snapshot(session);
  }
}

void ArenaService::accept_sessions(Clock::time_point now) {
  if (server_.poll() != Error::OK) return;  // the engine has ended: Server::run sees it
  for (int i = 0; i < kMaxPendingConnections && server_.is_connection_available(); ++i) {
    std::shared_ptr<PacketPeerUDP> peer = server_.take_connection();
    if (!peer) return;
    Session session;
    session.peer = std::move(peer);
    if (sessions_.size() < most_sessions_) session.id = next_session_id();
    session.last_heard = now;
    take_inputs(session, now);
    if (!session.newest_input && !asks_for_cookies_)
      continue;  // no player: what it sends next is looked at again
    if (session.id == 0) {
      ++counts_.players_refused;
    } else {
      sessions_.push_back(std::move(session));
    }
  }
}

// Also after the server has started again, no session of a client is called as an earlier one.
std::int64_t ArenaService::next_session_id() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  newest_session_id_ = std::max<std::int64_t>(
      newest_session_id_ + 1,
      std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count());
  return newest_session_id_;
}

void ArenaService::take_inputs(Session& session, Clock::time_point now) {
  int count = std::min(session.peer->get_available_packet_count(), kMaxInputsPerTick);
  for (; count > 0; --count) {
    Variant value;
    const Error error = session.peer->get_var(&value);
    ++counts_.taken;
    const std::optional<ArenaInput> input =
        error == Error::OK ? input_from_variant(value) : std::nullopt;
    if (input) {
      apply_input(session, *input, now);
    } else {
      ++counts_.malformed;
    }
  }
}

void ArenaService::apply_input(Session& session, const ArenaInput& input, Clock::time_point now) {
  session.last_heard = now;
  const auto sequence = static_cast<std::uint64_t>(input.sequence);
  if (session.inputs_seen.add(sequence) == SequenceWindow::Arrival::kRepeated) {
    ++counts_.repeated;
    return;
  }
  ++session.inputs;
  session.snapshot_due = true;
  session.left = session.left || input.leave;
  if (session.left) {
    if (session.player) world_.leave(*session.player);
    session.player.reset();
  } else if (!session.player && session.id != 0) {
    session.player = world_.join();
    counts_.most_players = std::max<std::uint64_t>(counts_.most_players, world_.player_count());
  }
  // An input that was overtaken on its way must not undo a newer one.
  if (session.newest_input && input.sequence < session.newest_input->sequence) return;
  session.newest_input = input;
  if (session.player) world_.set_move(*session.player, input.move);
}

void ArenaService::end_idle_sessions(Clock::time_point now) {
  for (std::size_t i = 0; i < sessions_.size();) {
    Session& session = sessions_[i];
    if (now - session.last_heard < kIdleTimeout) {
      ++i;
      continue;
    }
    if (session.player) world_.leave(*session.player);
    std::swap(session, sessions_.back());
    sessions_.pop_back();
  }
}

void ArenaService::send_snapshot(Session& session) {
  ArenaSnapshot snapshot;
  snapshot.tick = tick_;
  snapshot.sequence = session.newest_input->sequence;
  snapshot.time = session.newest_input->time;
  snapshot.received = session.inputs;
  snapshot.session = session.id;
  snapshot.number = session.snapshots + 1;
  snapshot.left = session.left;
  std::span<const ArenaWorld::Player> neighbours;
  if (session.player) {
    snapshot.position = world_.player(*session.player).position;
    neighbours = world_.neighbours(*session.player);
  }
  session.snapshot_due = false;
  if (session.peer->put_var(to_variant(snapshot, neighbours)) == Error::OK) {
    ++session.snapshots;
    ++counts_.replies;
  } else {
    ++counts_.replies_refused;
  }
}

void ArenaService::close() {
  sessions_.clear();
  server_.stop();
}

ServiceCounts ArenaService::counts() const {
  ServiceCounts counts = counts_;
  counts.players = world_.player_count();
  counts.ticks = static_cast<std::uint64_t>(tick_);
  counts.ticks_missed = pacer_ ? pacer_->missed() : 0;
  return counts;
}

}  // namespace ringpeer::tools
