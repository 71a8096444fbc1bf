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

#include "ringpeer/engine/net/error_queue.h"
#include "ringpeer/tools/load/client_account.h"
#include "ringpeer/tools/load/client_socket.h"
#include "ringpeer/tools/load/even_schedule.h"
#include "ringpeer/tools/load/load_validity.h"
#include "ringpeer/tools/load/payload_sizes.h"
#include "ringpeer/tools/load/replay_schedule.h"
#include "ringpeer/tools/load/session_replay.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// Packets that are due within this time leave together: waking for each of 200,000 packets
// a second would cost more than sending them.
constexpr std::chrono::microseconds kSendQuantum{50};
// How often a waiting generator looks whether it is to stop.
constexpr milliseconds kStopCheckInterval{100};
constexpr milliseconds kHouseInterval{10};
// A small part of what a view takes for a moment: rates of a moment are off by no more.
constexpr milliseconds kPublishInterval{20};

constexpr milliseconds kSettleStep{10};
// An arena never falls silent: what it said of its inputs after this is what counts of a phase.
constexpr milliseconds kArenaSettling{200};
// Leaving clients repeat themselves until the arena has answered.
constexpr milliseconds kGoodbyeInterval{100};
constexpr int kMaxGoodbyes = 20;

// Between two looks at what is due: more would hold it up.
constexpr int kMaxEvents = 64;

constexpr auto kNever = std::chrono::steady_clock::time_point::max();

std::chrono::nanoseconds seconds_of(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

std::optional<std::chrono::nanoseconds> seconds_of(const std::optional<double>& seconds) {
  if (!seconds) return std::nullopt;
  return seconds_of(*seconds);
}

}  // namespace

LoadGenerator::LoadGenerator(const LoadOptions& options, GeneratorShare share,
                             std::unique_ptr<LoadPayload> payload, LiveBoard* board)
    : options_(options),
      share_(share),
      board_(board),
      payload_(std::move(payload)),
      slots_((options.clients - share.index + share.of - 1) / share.of),
      batch_(kMaxRawPacket),
      patience_(seconds_of(options.wait_seconds)) {}

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
    const int failure = join(&slot);
    if (failure == 0) continue;
    *error =
        fmt::format("client {} cannot connect to {}: {}. {}", next_client_ - 1,
                    options_.target_text, std::strerror(failure), way_out_of_socket_error(failure));
    return false;
  }
  return true;
}

int LoadGenerator::join(Slot* slot) {
  const std::uint32_t id = next_client_++ * share_.of + share_.index;
  auto client = std::make_unique<Client>(id);
  const net::Endpoint& target = options_.targets[id % options_.targets.size()];
  const int failure = open_client_socket(target, options_, epoll_, client.get(), &client->socket);
  if (failure != 0) {
    ++report_.joins_failed;
    report_.join_error = failure;
    return failure;
  }
  if (!report_.socket_buffer) report_.socket_buffer = client->socket.receive_buffer();
  ++report_.joins;
  ++connected_;
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
    if (options_.join_rate) slot.joins_at += seconds_of(number / *options_.join_rate);
    slot.leaves_at = kNever;
    if (!options_.session_seconds) continue;
    // Those that are all there from the start leave one by one, as if they had come so.
    const double share = options_.join_rate ? 1 : (number + 1) / options_.clients;
    slot.leaves_at = slot.joins_at + seconds_of(*options_.session_seconds * share);
  }
}

// Who is to send what is due, if anybody is.
bool LoadGenerator::is_present(Slot* slot, Clock::time_point due) {
  if (slot->client != nullptr && slot->leaves_at <= due) leave(slot, due);
  if (slot->client != nullptr) return true;
  if (due < slot->joins_at) return false;
  if (join(slot) != 0) {
    report_.refuse_send(report_.join_error);
    return false;
  }
  if (options_.session_seconds && slot->leaves_at <= due) {
    slot->leaves_at = due + seconds_of(*options_.session_seconds);
  }
  return true;
}

// Its socket stays open until what is on its way has arrived, or is not to be expected any more.
void LoadGenerator::leave(Slot* slot, Clock::time_point now) {
  slot->client->left_at = now;
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
  const LoadClient& account = client->account;
  if (account.snapshots() == 0 || account.has_left()) return;
  if (client->goodbyes >= kMaxGoodbyes || now < client->next_goodbye) return;
  ++client->goodbyes;
  client->next_goodbye = now + kGoodbyeInterval;
  send_one(client, account.next_stamp(Clock::now()), true);
}

bool LoadGenerator::is_done_with(const Client& client, Clock::time_point now) const {
  if (options_.expect == ExpectedReply::kNothing || client.account.settled()) return true;
  if (is_finishing_) return false;  // as long as anything comes
  const auto goodbyes = client.account.snapshots() > 0 ? kMaxGoodbyes * kGoodbyeInterval
                                                       : std::chrono::nanoseconds(0);
  return now > client.left_at + patience_.silence() + goodbyes;
}

void LoadGenerator::retire(std::unique_ptr<Client> client) {
  take_refusals(client.get());
  add_account(client->account, &report_);
  inputs_of_retired_ += client->account.inputs_received();
  if (!options_.csv_clients.empty()) {
    client_results_.push_back(result_of(client->account, client->round_trips));
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
  const auto cpu_before = thread_cpu_time();
  for (Clock::time_point now = Clock::now(); !stop && report_.wait_error == 0; now = Clock::now()) {
    send_due(schedule.get(), std::min(now, last_due));
    if (now >= end) break;
    if (now >= next_house_) keep_house(now);
    const Clock::time_point next = std::max(schedule->next_due(), now + kSendQuantum);
    receive_until(std::min({next, end, now + kStopCheckInterval}));
  }
  sending_ += std::max(std::chrono::nanoseconds(0),
                       std::chrono::nanoseconds(std::min(Clock::now(), end) - phase.start));
  sending_cpu_ += thread_cpu_time() - cpu_before;
  keep_house(Clock::now());
}

std::unique_ptr<SendSchedule> LoadGenerator::schedule_of(const LoadPhase& phase) {
  const auto missed = [this](Clock::time_point due, std::uint64_t packets) {
    count_missed(due, packets);
  };
  const SessionReplay* const replay = payload_->replay();
  if (replay == nullptr) {
    const double share = static_cast<double>(slots_.size()) / options_.clients;
    // Generators take turns, as the clients of one would.
    const auto offset = seconds_of(share_.index / phase.packets_per_second);
    return std::make_unique<EvenSchedule>(phase.packets_per_second * share, phase.start + offset,
                                          slots_.size(), missed);
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

void LoadGenerator::send_due(SendSchedule* schedule, Clock::time_point until) {
  while (const auto due = schedule->take(until)) {
    Slot& slot = slots_[due->place];
    if (!is_present(&slot, due->time)) continue;
    Client* const client = slot.client.get();
    const bool begins = !std::exchange(client->has_begun, true);
    const std::uint64_t index = begins ? schedule->begin(*due, slot.leaves_at) : due->index;
    send_one(client, client->account.next_stamp(due->time, index), false);
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
  const int error = send_packet(client, packet);
  if (error != 0) {
    report_.refuse_send(error);
    return;
  }
  count_sent(client, stamp, now);
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

int LoadGenerator::send_packet(Client* client, std::span<const std::uint8_t> packet) {
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
  return count > 0;
}

void LoadGenerator::receive_from(Client* client) {
  int error = 0;
  const std::size_t count = batch_.receive(client->socket.descriptor(), &error);
  count_receive_error(error);
  take_refusals(client);
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    ++report_.received;
    patience_.see_reply();
    ++live_.received;
    series_.received(now);
    const LoadReply reply = read_reply(*client, batch_.packet(i));
    if (reply.kind == LoadReply::Kind::kUnmatched) {
      ++live_.answered;
      if (client->account.unmatched().received == 0) ++report_.joins_answered;
    }
    const auto answer = client->account.receive(reply, now);
    if (!answer) continue;
    take_answer(*answer);
    if (!options_.csv_clients.empty()) client->round_trips.record(answer->round_trip);
  }
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

// ---- Ends ---------------------------------------------------------------------

std::chrono::nanoseconds LoadGenerator::longest_settling() const {
  if (options_.counts_replies()) return patience_.settling_unmatched();
  // Whoever has to be told to leave is not silent.
  const auto goodbyes = any_snapshots() ? kMaxGoodbyes * kGoodbyeInterval : milliseconds(0);
  return patience_.settling() + goodbyes;
}

void LoadGenerator::settle(const std::atomic<bool>& stop) {
  if (options_.expect == ExpectedReply::kNothing) return;
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline =
      begin + (any_snapshots() ? kArenaSettling : patience_.settling());
  Clock::time_point last_arrival = begin;
  for (Clock::time_point now = begin;
       now < deadline && now < last_arrival + patience_.silence() && !stop; now = Clock::now()) {
    if (now >= next_house_) keep_house(now);
    if (receive_until(now + kSettleStep)) {
      last_arrival = Clock::now();
    } else if (report_.wait_error != 0 || all_settled()) {
      return;
    }
  }
}

void LoadGenerator::finish() {
  is_finishing_ = true;
  const Clock::time_point begin = Clock::now();
  for (Slot& slot : slots_) {
    if (slot.client != nullptr) leave(&slot, begin);
  }
  Clock::time_point last_arrival = begin;
  Clock::time_point now = begin;
  const auto longest = longest_settling();
  while (!leaving_.empty() && now < begin + longest && now < last_arrival + patience_.silence() &&
         report_.wait_error == 0 && options_.expect != ExpectedReply::kNothing) {
    if (now >= next_house_) keep_house(now);
    const bool arrived = receive_until(now + kSettleStep);
    now = Clock::now();
    if (arrived) last_arrival = now;
    if (!arrived && all_settled()) break;
  }
  for (auto& client : leaving_) retire(std::move(client));
  leaving_.clear();
  publish(Clock::now());
}

bool LoadGenerator::all_settled() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) {
                       return slot.client == nullptr || slot.client->account.settled();
                     }) &&
         std::all_of(leaving_.begin(), leaving_.end(),
                     [](const auto& client) { return client->account.settled(); });
}

bool LoadGenerator::any_snapshots() const {
  const auto has = [](const Client& client) { return client.account.snapshots() > 0; };
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.client && has(*slot.client); }) ||
         std::any_of(leaving_.begin(), leaving_.end(),
                     [&](const auto& client) { return has(*client); });
}

std::uint64_t LoadGenerator::inputs_received() const {
  std::uint64_t sum = inputs_of_retired_;
  for (const Slot& slot : slots_) {
    if (slot.client) sum += slot.client->account.inputs_received();
  }
  for (const auto& client : leaving_) sum += client->account.inputs_received();
  return sum;
}

// ---- Beside -------------------------------------------------------------------

void LoadGenerator::keep_house(Clock::time_point now) {
  next_house_ = now + kHouseInterval;
  serve_leaving(now);
  series_.set_clients(now, connected_);
  if (now >= next_publish_) publish(now);
  if (interim_.is_asked()) interim_.put(report_so_far());
}

void LoadGenerator::publish(Clock::time_point now) {
  next_publish_ = now + kPublishInterval;
  board_->add(live_, static_cast<std::int64_t>(connected_) - clients_shown_);
  clients_shown_ = connected_;
  live_ = LiveFigures();
}

LoadReport LoadGenerator::report_so_far() const {
  LoadReport report = report_;
  report.client_kernel_drops.reset();  // a system call for each would hold up the schedule
  for (const Slot& slot : slots_) {
    if (slot.client) add_account(slot.client->account, &report);
  }
  for (const auto& client : leaving_) add_account(client->account, &report);
  return report;
}

LoadReport LoadGenerator::take_report() {
  if (sending_.count() > 0) {
    report_.busiest_thread_percent =
        100.0 * static_cast<double>(sending_cpu_.count()) / static_cast<double>(sending_.count());
  }
  sending_ = sending_cpu_ = std::chrono::nanoseconds(0);
  LoadReport taken = std::move(report_);
  report_ = LoadReport();
  report_.socket_buffer = taken.socket_buffer;
  return taken;
}

}  // namespace ringpeer::tools
