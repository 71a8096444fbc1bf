// How the run of a generator ends, and what is said of it meanwhile.

#include <algorithm>
#include <utility>

#include "ringpeer/tools/load/client_account.h"
#include "ringpeer/tools/load/load_generator.h"
#include "ringpeer/tools/measure/seconds_to_nanoseconds.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHouseInterval{10};
// A small part of what a view takes for a moment: rates of a moment are off by no more.
constexpr milliseconds kPublishInterval{20};
constexpr milliseconds kSettleStep{10};
// An arena never falls silent: what it said of its inputs after this is what counts of a phase.
constexpr milliseconds kArenaSettling{200};

}  // namespace

std::chrono::nanoseconds LoadGenerator::longest_settling() const {
  if (options_.counts_replies()) return patience_.settling_unmatched();
  // Whoever has to be told to leave is not silent.
  const auto goodbyes = any_snapshots() ? kMaxGoodbyes * kGoodbyeInterval : milliseconds(0);
  return patience_.settling() + goodbyes;
}

std::chrono::nanoseconds LoadGenerator::longest_leave(const LoadOptions& options) {
  const std::chrono::nanoseconds stay = ClientImpairment::longest_stay(options.impairment);
  if (options.expect == ExpectedReply::kNothing) return stay;
  const std::chrono::nanoseconds silence =
      options.wait_seconds ? nanoseconds_of(*options.wait_seconds) : ReplyPatience::kMaxSilence;
  return stay + silence + kMaxGoodbyes * kGoodbyeInterval;
}

void LoadGenerator::settle(const std::atomic<bool>& stop) {
  const bool expects_any = options_.expect != ExpectedReply::kNothing;
  const Clock::time_point begin = Clock::now();
  const Clock::time_point deadline =
      begin + longest_delay() + (any_snapshots() ? kArenaSettling : patience_.settling());
  Clock::time_point last_arrival = begin;
  for (Clock::time_point now = begin;
       now < deadline && !stop &&
       (has_impaired() || (expects_any && now < last_arrival + patience_.silence()));
       now = Clock::now()) {
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
  const auto longest = longest_delay() + longest_settling();
  while (!leaving_.empty() && now < begin + longest && report_.wait_error == 0 &&
         (has_impaired() || (now < last_arrival + patience_.silence() &&
                             options_.expect != ExpectedReply::kNothing))) {
    if (now >= next_house_) keep_house(now);
    const bool arrived = receive_until(now + kSettleStep);
    now = Clock::now();
    if (arrived) last_arrival = now;
    if (!arrived && all_settled()) break;
  }
  for (auto& client : leaving_) retire(std::move(client));
  leaving_.clear();
  if (impairment_) report_.impairment = impairment_->account();
  publish(Clock::now());
}

bool LoadGenerator::all_settled() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [this](const Slot& slot) {
                       return slot.client == nullptr || is_settled(*slot.client);
                     }) &&
         std::all_of(leaving_.begin(), leaving_.end(),
                     [this](const auto& client) { return is_settled(*client); });
}

bool LoadGenerator::any_snapshots() const {
  const auto has = [this](const Client& client) { return known_of(client).snapshots() > 0; };
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const Slot& slot) { return slot.client && has(*slot.client); }) ||
         std::any_of(leaving_.begin(), leaving_.end(),
                     [&](const auto& client) { return has(*client); });
}

std::uint64_t LoadGenerator::inputs_received() const {
  std::uint64_t sum = inputs_of_retired_;
  for (const Slot& slot : slots_) {
    if (slot.client) sum += known_of(*slot.client).inputs_received();
  }
  for (const auto& client : leaving_) sum += known_of(*client).inputs_received();
  return sum;
}

// ---- Beside -------------------------------------------------------------------

void LoadGenerator::keep_house(Clock::time_point now) {
  next_house_ = now + kHouseInterval;
  serve_leaving(now);
  if (options_.cookie) greet_all(now);
  // Those that leave because the run is over were there to its end.
  if (!is_finishing_) series_.set_clients(now, connected_);
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
  if (impairment_) report.impairment = impairment_->account();
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
  report_.targets.resize(options_.targets.size());
  report_.socket_buffer = taken.socket_buffer;
  return taken;
}

}  // namespace ringpeer::tools
