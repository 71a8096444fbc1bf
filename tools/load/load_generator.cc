#include "ringpeer/tools/load/load_generator.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "ringpeer/engine/net/datagram_size.h"
#include "ringpeer/engine/net/error_queue.h"
#include "ringpeer/tools/load/client_account.h"
#include "ringpeer/tools/load/client_socket.h"
#include "ringpeer/tools/load/even_schedule.h"
#include "ringpeer/tools/load/load_validity.h"
#include "ringpeer/tools/load/replay_schedule.h"
#include "ringpeer/tools/load/session_replay.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// Packets that are due within this time leave together: waking for each of 200,000 packets
// a second would cost more than sending them.
constexpr std::chrono::microseconds kSendQuantum{50};
// How often a waiting generator looks whether it is to stop.
constexpr milliseconds kStopCheckInterval{100};

// Between two looks at what is due: more would hold it up.
constexpr int kMaxEvents = 64;
// Packets that leave between two looks at what has come: a client that reads no faster would take
// its own time for the server's.
constexpr int kMaxSendsAtOnce = 64;

constexpr auto kNever = std::chrono::steady_clock::time_point::max();

std::optional<std::chrono::nanoseconds> wait_of(const LoadOptions& options) {
  if (!options.wait_seconds) return std::nullopt;
  return nanoseconds_of(*options.wait_seconds);
}

}  // namespace

LoadGenerator::LoadGenerator(const LoadOptions& options, GeneratorShare share,
                             std::unique_ptr<LoadPayload> payload, LiveBoard* board)
    : options_(options),
      share_(share),
      board_(board),
      payload_(std::move(payload)),
      slots_((options.clients - share.index + share.of - 1) / share.of),
      batch_(net::kLargestDatagram),
      patience_(wait_of(options)) {
  report_.targets.resize(options.targets.size());
  if (options.impairment.is_given) impairment_.emplace(options.impairment, options.seed);
}

LoadGenerator::~LoadGenerator() {
  if (epoll_ >= 0) close(epoll_);
}

// ---- Clients that come and go -------------------------------------------------

bool LoadGenerator::open(std::string* error) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    *error = fmt::format("epoll: {}", std::strerror(errno));
    return false;
  }
  if (options_.join_rate) return true;
  for (Slot& slot : slots_) {
    const std::uint32_t id = next_id();
    const int failure = join(&slot);
    if (failure == 0) {
      // So many hellos and challenges at once would find no room anywhere.
      if (options_.cookie) receive_until(Clock::now());
      continue;
    }
    *error = fmt::format("client {} cannot connect to {}: {}. {}", next_client_ - 1,
                         target_of(id).to_string(), std::strerror(failure),
                         way_out_of_socket_error(failure));
    return false;
  }
  return !options_.cookie || enter_all(error);
}

int LoadGenerator::join(Slot* slot) {
  const std::uint32_t id = next_id();
  ++next_client_;
  auto client = std::make_unique<Client>(id);
  const int failure =
      open_client_socket(target_of(id), options_, epoll_, client.get(), &client->socket);
  if (failure != 0) {
    ++report_.joins_failed;
    report_.join_error = failure;
    return failure;
  }
  if (!report_.socket_buffer) report_.socket_buffer = client->socket.receive_buffer();
  ++report_.joins;
  ++connected_;
  if (impairment_) {
    impairment_->join(id);
    impaired_.emplace(id, client.get());
  }
  if (options_.cookie) {
    client->joined_at = Clock::now();
    client->handshake.emplace();
    greet(client.get(), client->joined_at);
  }
  slot->client = std::move(client);
  return 0;
}

void LoadGenerator::begin(Clock::time_point start, std::chrono::nanoseconds interval) {
  series_ = LoadSeries(start, interval);
  series_.set_clients(start, connected_);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const double number = static_cast<double>(i * share_.of + share_.index);
    slot.joins_at = start;
    if (options_.join_rate) slot.joins_at += nanoseconds_of(number / *options_.join_rate);
    slot.leaves_at = kNever;
    if (!options_.session_seconds) continue;
    // Those that are all there from the start leave one by one, as if they had come so.
    const double share = options_.join_rate ? 1 : (number + 1) / options_.clients;
    slot.leaves_at = slot.joins_at + nanoseconds_of(*options_.session_seconds * share);
  }
}

// Who is to send what is due, if anybody is.
bool LoadGenerator::is_present(Slot* slot, Clock::time_point due) {
  if (slot->client != nullptr && slot->leaves_at <= due) leave(slot, due);
  if (slot->client != nullptr) return may_send(*slot->client);
  if (due < slot->joins_at) return false;
  if (join(slot) != 0) {
    report_.refuse_send(report_.join_error);
    return false;
  }
  if (options_.session_seconds && slot->leaves_at <= due) {
    slot->leaves_at = due + nanoseconds_of(*options_.session_seconds);
  }
  return may_send(*slot->client);
}

// Its socket stays open until what is on its way has arrived, or is not to be expected any more.
void LoadGenerator::leave(Slot* slot, Clock::time_point now) {
  slot->client->quiet_since = std::max(slot->client->quiet_since, now);
  slot->client->next_goodbye = now;
  leaving_.push_back(std::move(slot->client));
  --connected_;
}

void LoadGenerator::serve_leaving(Clock::time_point now) {
  for (std::size_t i = 0; i < leaving_.size();) {
    Client* const client = leaving_[i].get();
    say_goodbye(client, now);
    if (!is_done_with(*client, now)) {
      ++i;
      continue;
    }
    retire(std::move(leaving_[i]));
    leaving_[i] = std::move(leaving_.back());
    leaving_.pop_back();
  }
}

// Only an arena understands it.
void LoadGenerator::say_goodbye(Client* client, Clock::time_point now) {
  const LoadClient& known = known_of(*client);
  if (known.snapshots() == 0 || known.has_left()) return;
  if (client->goodbyes >= kMaxGoodbyes || now < client->next_goodbye) return;
  ++client->goodbyes;
  client->next_goodbye = now + kGoodbyeInterval;
  send_one(client, client->account.next_stamp(Clock::now()), true);
}

bool LoadGenerator::is_done_with(const Client& client, Clock::time_point now) const {
  if (impairment_ && impairment_->has(client.account.id())) return false;
  if (options_.expect == ExpectedReply::kNothing || is_settled(client)) return true;
  if (is_finishing_) return false;  // as long as anything comes
  const auto goodbyes = known_of(client).snapshots() > 0 ? kMaxGoodbyes * kGoodbyeInterval
                                                         : std::chrono::nanoseconds(0);
  return now > client.quiet_since + patience_.silence() + goodbyes;
}

void LoadGenerator::retire(std::unique_ptr<Client> client) {
  take_refusals(client.get());
  const LoadClient& known = known_of(*client);
  inputs_of_retired_ += known.inputs_received();
  if (!options_.csv_clients.empty()) {
    client_results_.push_back(result_of(client->account, known, client->round_trips));
  }
  add_account(client->account, &report_);
  if (impairment_) {
    impairment_->leave(client->account.id());
    impaired_.erase(client->account.id());
  }
  const auto drops = client->socket.kernel_drops();
  if (!drops || !report_.client_kernel_drops) {
    report_.client_kernel_drops.reset();  // of one unknown, the sum is unknown
  } else {
    *report_.client_kernel_drops += *drops;
  }
}

// ---- Sending ------------------------------------------------------------------

void LoadGenerator::send(const LoadPhase& phase, const std::atomic<bool>& stop) {
  // Sleeps may be late by 50 us otherwise. Where that is forbidden they are.
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  const std::unique_ptr<SendSchedule> schedule = schedule_of(phase);
  const Clock::time_point end = phase.start + phase.length;
  const Clock::time_point last_due = end - std::chrono::nanoseconds(1);
  Clock::time_point given_up = kNever;  // what is still due
  const auto cpu_before = thread_cpu_time();
  for (Clock::time_point now = Clock::now(); !stop && report_.wait_error == 0; now = Clock::now()) {
    if (now >= end) given_up = std::min(given_up, now + SendSchedule::kMaxCatchUp);
    bool is_done = true;
    if (now < given_up) {
      is_done = send_due(schedule.get(), std::min(now, last_due));
    } else {
      leave_out_due(schedule.get(), last_due, stop);
    }
    if (now >= end && is_done) break;
    if (now >= next_house_) keep_house(now);
    const Clock::time_point next =
        is_done ? std::max(schedule->next_due(), now + kSendQuantum) : now;
    receive_until(std::min({next, end, now + kStopCheckInterval}));
  }
  const Clock::time_point until = Clock::now();
  sending_ += std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(until - phase.start));
  sending_cpu_ += thread_cpu_time() - cpu_before;
  sent_until_ = std::max(std::min(until, end), last_sent_at_);
  keep_house(until);
}

std::unique_ptr<SendSchedule> LoadGenerator::schedule_of(const LoadPhase& phase) {
  const auto missed = [this](Clock::time_point due, std::uint64_t packets) {
    count_missed(due, packets);
  };
  const SessionReplay* const replay = payload_->replay();
  if (replay == nullptr) {
    const double share = static_cast<double>(slots_.size()) / options_.clients;
    // Generators take turns, as the clients of one would.
    const auto offset =
        nanoseconds_of(1.0 * share_.index * options_.burst / phase.packets_per_second);
    return std::make_unique<EvenSchedule>(phase.packets_per_second * share, options_.burst,
                                          phase.start + offset, slots_.size(), missed);
  }
  std::vector<ReplaySchedule::Visit> visits;
  for (const Slot& slot : slots_) {
    const auto number = static_cast<std::uint32_t>(visits.size() * share_.of + share_.index);
    // Those who join one by one are apart already.
    const auto start = options_.join_rate ? std::chrono::nanoseconds(0) : replay->start(number);
    visits.push_back({.begins = slot.joins_at + start, .leaves_at = slot.leaves_at});
  }
  return std::make_unique<ReplaySchedule>(replay, std::move(visits), missed);
}

bool LoadGenerator::send_due(SendSchedule* schedule, Clock::time_point until) {
  for (int i = 0; i < kMaxSendsAtOnce; ++i) {
    const auto due = schedule->take(until);
    if (!due) return true;
    Slot& slot = slots_[due->place];
    if (!is_present(&slot, due->time)) continue;
    Client* const client = slot.client.get();
    const bool begins = !std::exchange(client->has_begun, true);
    const std::uint64_t index = begins ? schedule->begin(*due, slot.leaves_at) : due->index;
    send_one(client, client->account.next_stamp(due->time, index), false);
  }
  return false;
}

void LoadGenerator::leave_out_due(SendSchedule* schedule, Clock::time_point until,
                                  const std::atomic<bool>& stop) {
  while (!stop) {
    const auto due = schedule->take(until);
    if (!due) return;
    const Slot& slot = slots_[due->place];
    if (slot.client != nullptr || slot.joins_at <= due->time) count_missed(due->time, 1);
  }
}

void LoadGenerator::count_missed(Clock::time_point due, std::uint64_t packets) {
  report_.send_missed += packets;
  live_.send_missed += packets;
  series_.missed(due, packets);
}

void LoadGenerator::send_one(Client* client, const LoadStamp& stamp, bool leaving) {
  const auto packet = payload_->compose(stamp, leaving);
  const Clock::time_point now = Clock::now();
  const int error = send_packet(client, packet, stamp.due_at, now);
  if (error != 0) {
    report_.refuse_send(error);
    return;
  }
  count_sent(client, stamp, now);
  last_sent_at_ = now;
  report_.packet_bytes = std::max<std::uint64_t>(report_.packet_bytes, packet.size());
}

void LoadGenerator::count_sent(Client* client, const LoadStamp& stamp, Clock::time_point now) {
  const Clock::time_point due = stamp.due_at;
  std::uint64_t answers = 1;
  if (options_.counts_replies()) {
    answers = payload_->replay()->answers_to(stamp.index);
    client->account.sent_unmatched(due, now, answers);
  } else {
    client->account.sent(due, now, stamp.index);
  }
  ++report_.sent;
  ++counts_of_target(*client).sent;
  series_.sent(due);
  ++live_.sent;
  live_.answers_due += answers;
  const std::chrono::nanoseconds lateness = now - due;
  report_.send_lateness.record(lateness);
  if (lateness > kLateSend) {
    ++report_.late_sends;
    ++live_.late_sends;
  }
}

int LoadGenerator::send_packet(Client* client, std::span<const std::uint8_t> packet,
                               Clock::time_point due, Clock::time_point now) {
  if (!impairment_) return forward(client, packet);
  impairment_->send(client->account.id(), packet, due, now);
  deliver_due(now);
  return 0;
}

int LoadGenerator::forward(Client* client, std::span<const std::uint8_t> packet) {
  const int error = send_now(client, packet);
  if (error == 0) ++counts_of_target(*client).forwarded;
  return error;
}

int LoadGenerator::send_now(Client* client, std::span<const std::uint8_t> packet) {
  int error = client->socket.send(packet);
  if (error == ECONNREFUSED) {
    // Of an earlier packet: a connected socket hands it over instead of sending, once.
    take_refusals(client);
    error = client->socket.send(packet);
  }
  return error;
}

// ---- Receiving ----------------------------------------------------------------

bool LoadGenerator::receive_until(Clock::time_point until) {
  if (has_impaired()) until = std::min(until, impairment_->next_due());
  const auto left = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count());
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  const timespec timeout = {.tv_sec = left / kNanosecondsPerSecond,
                            .tv_nsec = left % kNanosecondsPerSecond};
  std::array<epoll_event, kMaxEvents> events;
  // Not epoll_pwait2: older kernels lack it, and older containers forbid it.
  pollfd event = {.fd = epoll_, .events = POLLIN, .revents = 0};
  int count = ppoll(&event, 1, &timeout, nullptr);
  if (count > 0) count = epoll_wait(epoll_, events.data(), kMaxEvents, 0);
  if (count < 0 && errno != EINTR) report_.wait_error = errno;
  for (int i = 0; i < count; ++i) {
    receive_from(static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
  const bool has_delivered = impairment_ && deliver_due(Clock::now());
  return count > 0 || has_delivered;
}

void LoadGenerator::receive_from(Client* client) {
  int error = 0;
  const std::size_t count = batch_.receive(client->socket.descriptor(), &error);
  count_receive_error(error);
  take_refusals(client);
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const std::uint8_t> packet = batch_.packet(i);
    if (client->handshake && take_challenge(client, packet, now)) continue;
    patience_.see_reply();
    ++counts_of_target(*client).arrived;
    if (impairment_) {
      impairment_->receive(client->account.id(), packet, read_reply(*client, packet), now);
    } else {
      take_packet(client, packet, now);
    }
  }
}

void LoadGenerator::take_packet(Client* client, std::span<const std::uint8_t> packet,
                                Clock::time_point now) {
  ++report_.received;
  ++counts_of_target(*client).received;
  ++live_.received;
  series_.received(now);
  const LoadReply reply = read_reply(*client, packet);
  if (reply.kind == LoadReply::Kind::kUnmatched) {
    ++live_.answered;
    if (client->account.unmatched().received == 0) ++report_.joins_answered;
  }
  const auto answer = client->account.receive(reply, now);
  if (!answer) return;
  take_answer(*answer);
  if (!options_.csv_clients.empty()) client->round_trips.record(answer->round_trip);
}

LoadReply LoadGenerator::read_reply(const Client& client,
                                    std::span<const std::uint8_t> packet) const {
  LoadReply reply = payload_->read(packet, client.account.id());
  if (reply.kind == LoadReply::Kind::kSnapshot && options_.expect == ExpectedReply::kEcho) {
    reply.kind = LoadReply::Kind::kForeign;
  }
  if (reply.kind != LoadReply::Kind::kNamed) return reply;
  // Of one that is no longer remembered the number and the time have to do.
  const auto index = client.account.index_of(reply.stamp.sequence);
  reply.stamp.index = index.value_or(0);
  reply.kind = !index || payload_->is_packet(packet, reply.stamp) ? LoadReply::Kind::kEcho
                                                                  : LoadReply::Kind::kCorrupted;
  return reply;
}

void LoadGenerator::take_answer(const LoadClient::Answer& answer) {
  report_.round_trip.record(answer.round_trip);
  live_.recent.record(answer.round_trip);
  ++live_.answered;
  series_.answered(answer.due, answer.round_trip);
  patience_.see_round_trip(answer.round_trip);
  if (answer.uncorrected) report_.round_trip_uncorrected.record(*answer.uncorrected);
  if (answer.sequence == 0) {
    ++report_.joins_answered;
    report_.join_round_trip.record(answer.round_trip);
  }
}

void LoadGenerator::count_receive_error(int error) {
  // A call that is forbidden stays so. Anything else is a word of the network about one packet.
  if (error == EPERM || error == ENOSYS) report_.wait_error = error;
}

void LoadGenerator::take_refusals(Client* client) {
  const int descriptor = client->socket.descriptor();
  std::optional<net::ReturnedError> returned;
  while ((returned = net::read_returned_error(descriptor)).has_value()) {
    if (returned->error != ECONNREFUSED) continue;
    ++report_.connection_refused;
    patience_.see_refusal();
  }
  count_receive_error(errno);
}

}  // namespace ringpeer::tools
