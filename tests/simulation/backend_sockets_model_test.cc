// Sockets of a backend that come, go, pause and break on a machine in memory, whose completion ring
// may be tiny, whose polls may end, or whose sockets more than the submission ring has room for.
// What waits is given once and in order by its own socket, and soon; a paused one gives nothing
// soon after; who waits does so no longer than he was told; and a broken one costs a bounded number
// of errors.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/backend/error_breaks.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/tests/simulation/drawn_kernel.h"
#include "ringpeer/tests/simulation/machine.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::simulation {
namespace {

using std::chrono::microseconds;
using test::Draws;

constexpr std::size_t kFewSockets = 3;
// More than a ring's 256 requests.
constexpr std::size_t kManySockets = 280;
constexpr std::size_t kFewCompletions = 8;
constexpr std::size_t kMaxBatches = 8;  // of a look, as a worker's
// Looks until a socket that has something gives something, when a look of all takes no more than
// one has room for.
constexpr std::size_t kSoon = 6;
constexpr std::size_t kMaxSent = 300;
constexpr std::size_t kHurried = 200;
constexpr std::size_t kSize = 40;
constexpr std::uint32_t kPollsEndOf1000 = 500;
// Of a paused socket: what the kernel takes of one in a row.
constexpr std::size_t kOnTheWay = 33;
constexpr Time kBudget = 100 * kMicrosecond;
// For kHurried of each of three sockets: a budget for what the kernel takes of them in a row, and
// less where completions overflow.
constexpr Time kHurry = 8 * kBudget;
constexpr Time kIdle = 5 * kMillisecond;
constexpr Time kLongSleep = 4 * kMillisecond;
// Of the calls of one look, and a timer's step.
constexpr Time kSlack = kMillisecond;
constexpr Time kBreak = std::chrono::nanoseconds(backend::ErrorBreaks::kBreak).count();

class BackendSocketsModel final : public test::Model {
 public:
  enum Kind {
    kLook,
    kSend,
    kPause,
    kResume,
    kAttach,
    kDetach,
    kReplace,
    kError,
    kBreakForGood,
    kBreakAndReplace,
    kPauseWithin,
    kRest,
    kSleep,
    kSleepAndWake
  };

  explicit BackendSocketsModel(Draws& draws)
      : features_(draw_kernel(draws)),
        machine_(features_),
        places_(draws.one_in(40) ? kManySockets : kFewSockets),
        soon_(kSoon + places_.size() / (features_.most_completions == kFewCompletions ? 1 : 3)),
        use_uring_(!draws.one_in(3)) {
    if (draws.one_in(3)) machine_.faults.turn_on(Fault::kPollEnds, kPollsEndOf1000);
    machine_.scheduler.run([this] { open(); });
  }
  ~BackendSocketsModel() override {
    machine_.scheduler.run([this] {
      places_.clear();
      backend_.reset();
    });
  }

  void step(std::size_t kind, Draws& draws) override {
    machine_.scheduler.run([&] { do_it(static_cast<Kind>(kind), draws); });
  }
  void end() override {
    machine_.scheduler.run([this] { rest(); });
  }

 private:
  struct Place {
    net::Socket socket;
    std::uint32_t id = 0;
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    bool is_attached = false;
    bool is_paused = false;
    bool is_detaching = false;
    bool is_broken = false;
    std::size_t looks = 0;         // since it was attached, paused, resumed or let go
    std::size_t looks_silent = 0;  // since it has something and gives nothing
    std::size_t may_give = 0;      // although it is paused
    std::vector<Time> errors;      // told
    bool is_read() const { return is_attached && !is_paused && !is_detaching; }
  };

  static KernelFeatures draw_kernel(Draws& draws) {
    KernelFeatures features = draw_features(draws);
    if (draws.one_in(3)) features.most_completions = kFewCompletions;
    return features;
  }
  void open() {
    backend::BackendFailure failure;
    backend_ = use_uring_ ? backend::make_uring_backend({}, &home_, &failure)
                          : backend::make_mmsg_backend({}, &home_, &failure);
    ASSERT_TRUE(backend_ != nullptr && backend_->start(&failure)) << failure.what;
    for (std::size_t i = 0; i < places_.size(); ++i) attach(i, false);
  }

  void do_it(Kind kind, Draws& draws) {
    const std::size_t i = draws.below(places_.size());
    Place& place = places_[i];
    switch (kind) {
      case kLook:
        return look({.budget = draws.one_in(2) ? kBudget : 0, .poll = draws.one_in(4)});
      case kSend:
        return send(place, 1 + draws.below(kMaxSent), draws.one_in(4));
      case kPause:
        return pause(i);
      case kPauseWithin:
        return look({.paused = i});
      case kResume:
        return resume(i);
      case kAttach:
        if (!place.is_attached) attach(i, draws.one_in(2));
        return;
      case kDetach:
        return begin_detach(i);
      case kReplace:
        return replace(i);
      case kError:
        if (place.is_attached) kernels(place).error = ECONNREFUSED;
        return;
      case kBreakForGood:
        place.is_broken = place.is_attached;
        return;
      case kBreakAndReplace:
        place.is_broken = place.is_attached;
        for (std::size_t left = 2 * backend::ErrorBreaks::kErrorsPerBreak; left > 0; --left)
          look({.poll = true});
        return replace(i);
      case kRest:
        return rest();
      case kSleep:
        return look({.sleep = kLongSleep});
      case kSleepAndWake:
        return look({.sleep = kLongSleep,
                     .wake_after =
                         static_cast<Time>(draws.below(kLongSleep / kMicrosecond)) * kMicrosecond});
    }
  }

  void pause(std::size_t i) {
    Place& place = places_[i];
    if (!place.is_read()) return;
    backend_->pause(slot(i));
    place.is_paused = true;
    place.looks = 0;
    const std::size_t in_the_ring = place.sent - place.received - kernels(place).received.size();
    place.may_give = in_the_ring + kOnTheWay;
  }

  void resume(std::size_t i) {
    Place& place = places_[i];
    if (!place.is_attached || place.is_detaching) return;
    backend_->resume(slot(i));
    place.looks = place.is_paused ? 0 : place.looks;
    place.is_paused = false;
  }

  void attach(std::size_t i, bool with_control) {
    Place& place = places_[i];
    place = {};
    place.id = ++last_id_;
    ASSERT_EQ(place.socket.open(net::SocketFamily::kIpv4), 0);
    ASSERT_EQ(place.socket.bind({*net::IpAddress::parse("10.0.0.1"), 0, 0}), 0);
    ASSERT_EQ(backend_->attach(slot(i), place.socket.descriptor(), with_control), 0);
    place.is_attached = true;
  }
  void begin_detach(std::size_t i) {
    Place& place = places_[i];
    if (!place.is_attached || place.is_detaching) return;
    backend_->begin_detach(slot(i));
    place.is_detaching = true;
    place.looks = 0;
    settle_detached(i);
  }
  void settle_detached(std::size_t i) {
    Place& place = places_[i];
    if (place.is_detaching && backend_->is_detached(slot(i))) place = {};
  }
  // By another, whose place is to be none of the first's business.
  void replace(std::size_t i) {
    Place& place = places_[i];
    begin_detach(i);
    while (place.is_attached && !testing::Test::HasFailure()) look({.poll = true});
    attach(i, false);
    send(place, 1, false);
    const bool is_quiet =
        places_.size() == kFewSockets && features_.most_completions > kFewCompletions;
    for (std::size_t left = is_quiet ? 2 : soon_; left > 0 && place.received == 0; --left)
      look({.poll = true});
    ASSERT_EQ(place.received, 1u) << "a new socket is not read";
  }
  static backend::SocketSlot slot(std::size_t i) { return static_cast<backend::SocketSlot>(i); }
  UdpSocket& kernels(const Place& place) {
    return *machine_.kernel.find_socket(place.socket.descriptor());
  }

  void send(Place& place, std::size_t count, bool is_empty) {
    if (!place.is_attached) return;
    for (std::size_t k = 0; k < count; ++k) {
      std::vector<std::uint8_t> payload;
      // Between others, so that each ends a receive.
      if (!is_empty || k % 2 == 0) {
        payload.resize(kSize);
        std::memcpy(payload.data(), &place.id, sizeof(place.id));
        std::memcpy(payload.data() + sizeof(place.id), &place.sent, sizeof(place.sent));
      }
      ++place.sent;
      Machine::put(kernels(place), {*net::IpAddress::parse("10.0.0.2"), 0, 9}, std::move(payload));
    }
  }

  bool has_something(const Place& place) { return !kernels(place).received.empty(); }
  bool has_a_break(const Place& place) const {
    return !place.errors.empty() && machine_.scheduler.now() - place.errors.back() <= 2 * kBreak;
  }

  struct Look {
    Time budget = 0;
    Time sleep = 0;
    Time wake_after = kNever;  // by another thread
    bool poll = false;
    std::size_t paused = SIZE_MAX;  // after the first, while others lie in the ring
  };

  // A step of a worker.
  void look(const Look& how) {
    bool something_waits = false;
    for (Place& place : places_) {
      if (!place.is_attached) continue;
      if (place.is_broken) kernels(place).error = ENETDOWN;
      something_waits = something_waits || (place.is_read() && !has_a_break(place) &&
                                            place.looks > soon_ && has_something(place));
    }
    gave_.assign(places_.size(), false);
    wait(how, something_waits);
    bool may_be_more = true;
    for (std::size_t k = 0; k < kMaxBatches && may_be_more; ++k) {
      const bool pauses = k == 0 && how.paused < places_.size();
      may_be_more = take_batch(pauses ? 1 : backend::kBatchSize).may_be_more;
      if (pauses) pause(how.paused);
    }
    if (!may_be_more && !backend_->events().stopped_early) {
      ASSERT_EQ(take_batch(1).count, 0u) << "there was more";
    }
    for (std::size_t i = 0; i < places_.size(); ++i) look_at(i);
  }
  void wait(const Look& how, bool something_waits) {
    Scheduler& scheduler = machine_.scheduler;
    bool is_awake = how.wake_after == kNever;
    if (!is_awake) {
      scheduler.start([&] {
        scheduler.sleep(how.wake_after);
        backend_->wake();
        is_awake = true;
      });
    }
    const Time begun = scheduler.now();
    backend::BackendFailure failure;
    ASSERT_TRUE(backend_->wait({.sleep = microseconds(how.sleep / kMicrosecond),
                                .budget = microseconds(how.budget / kMicrosecond),
                                .idle = microseconds(kIdle / kMicrosecond),
                                .poll = how.poll},
                               &failure))
        << failure.what;
    const Time passed = scheduler.now() - begun;
    const Time gathering = how.budget + how.sleep;
    const Time most = how.poll ? 0 : something_waits ? gathering : how.budget + kIdle;
    ASSERT_LE(passed, std::min(most, how.wake_after) + kSlack);
    scheduler.wait_until([&] { return is_awake; });
  }
  backend::Received take_batch(std::size_t most) {
    const backend::Received received = backend_->receive(std::span(batch_).first(most));
    for (std::size_t k = 0; k < received.count; ++k) take(batch_[k]);
    for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      packet::PacketBuffer* const next = buffer->next;
      backend_->recycle(buffer);
      buffer = next;
    }
    return received;
  }
  void take(const backend::Datagram& datagram) {
    Place& place = places_[datagram.slot];
    ASSERT_TRUE(place.is_attached) << "of nobody";
    ASSERT_TRUE(place.is_read() || place.looks <= soon_) << "paused, and read";
    gave_[datagram.slot] = true;
    if (datagram.fault == backend::DatagramFault::kSocketError) return take_error(place);
    ASSERT_EQ(datagram.fault, backend::DatagramFault::kNone);
    if (datagram.packet.size > 0) {
      std::array<std::uint32_t, 2> words{};
      std::memcpy(words.data(), datagram.packet.payload, sizeof(words));
      ASSERT_EQ(words[0], place.id);
      ASSERT_EQ(words[1], place.received);
    }
    ++place.received;
    ASSERT_LE(place.received, place.sent);
    if (place.is_paused) {
      ASSERT_GT(place.may_give--, 0u) << "paused, and read";
    }
    datagram.packet.buffer->release();
  }
  // In any time that a break takes no more than two series of them, and some that lay in the ring.
  void take_error(Place& place) {
    const Time now = machine_.scheduler.now();
    place.errors.push_back(now);
    const auto since = std::lower_bound(place.errors.begin(), place.errors.end(), now - kBreak);
    ASSERT_LE(place.errors.end() - since, 3 * backend::ErrorBreaks::kErrorsPerBreak)
        << "errors without end";
  }
  void look_at(std::size_t i) {
    Place& place = places_[i];
    ++place.looks;
    if (!place.is_attached) return;
    if (place.is_detaching) {
      settle_detached(i);
      ASSERT_TRUE(!place.is_attached || place.looks <= soon_) << "it is not let go";
      return;
    }
    const bool is_silent =
        place.is_read() && has_something(place) && !gave_[i] && !has_a_break(place);
    place.looks_silent = is_silent ? place.looks_silent + 1 : 0;
    ASSERT_LE(place.looks_silent, soon_) << "socket " << i << " is not read";
  }

  // Nothing more comes and nothing is broken: all that was sent is given.
  void rest() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      places_[i].is_broken = false;
      resume(i);
    }
    const auto is_left = [](const Place& place) {
      return place.is_attached && (place.is_detaching || place.received < place.sent);
    };
    const Time begun = machine_.scheduler.now();
    while (std::any_of(places_.begin(), places_.end(), is_left) && !testing::Test::HasFailure()) {
      look({.budget = kBudget});
      ASSERT_LE(machine_.scheduler.now() - begun, kSecond) << "something is never given";
    }
    const auto is_troubled = [this](const Place& place) {
      return place.is_attached && (has_a_break(place) || kernels(place).error != 0);
    };
    while (std::any_of(places_.begin(), places_.end(), is_troubled) &&
           !testing::Test::HasFailure()) {
      look({.budget = kBudget});
      ASSERT_LE(machine_.scheduler.now() - begun, kSecond) << "an error is never told";
    }
    flicker();
    hurry();
  }
  // A pause that is over before anybody looks ends no receive.
  void flicker() {
    look({.poll = true});
    const std::uint64_t rearms = backend_->events().rearms;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (!places_[i].is_read()) continue;
      backend_->pause(slot(i));
      backend_->resume(slot(i));
      places_[i].looks = 0;
    }
    look({.poll = true});
    ASSERT_EQ(backend_->events().rearms, rearms);
  }
  // What is there already is taken without a wait, whatever its amount.
  void hurry() {
    for (Place& place : places_) send(place, kHurried, false);
    const Time begun = machine_.scheduler.now();
    const auto is_left = [](const Place& place) { return place.received < place.sent; };
    while (std::any_of(places_.begin(), places_.end(), is_left) && !testing::Test::HasFailure())
      look({.budget = kBudget});
    if (places_.size() == kFewSockets) {
      ASSERT_LE(machine_.scheduler.now() - begun, kHurry);
    }
  }

  const KernelFeatures features_;
  Machine machine_;
  packet::BufferReturn home_;
  std::unique_ptr<backend::Backend> backend_;
  std::vector<Place> places_;
  const std::size_t soon_;  // looks
  const bool use_uring_;
  std::array<backend::Datagram, backend::kBatchSize> batch_;
  std::vector<bool> gave_;
  std::uint32_t last_id_ = 0;
};

TEST(BackendSocketsModelTest, SocketsGiveWhatTheyHoldAndOnlyWhileTheyAreRead) {
  test::ModelPlan plan;
  plan.kinds = {{"look", 12},
                {"send", 6},
                {"pause", 2},
                {"resume", 2},
                {"attach", 3},
                {"detach", 1},
                {"replace", 1},
                {"error", 2},
                {"errors without end", 1},
                {"break and replace", 1},
                {"pause within", 2},
                {"rest", 1},
                {"sleep", 2},
                {"sleep and wake", 2}};
  plan.sequences = 400;
  plan.make = [](Draws& draws) { return std::make_unique<BackendSocketsModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::simulation
