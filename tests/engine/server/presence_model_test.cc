// Random sequences of clients that come, send, vanish and come back, of time that passes, of
// timeouts that are set, waits that are ended: who is idle, who is gone and told once, what a wait
// answers and how long it lasts, beside lists of when what was heard.
//
// A moment is known as an interval: between the looks at the clock before and after.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ringpeer/packet_peer_udp.h"
#include "ringpeer/tests/engine/support/loopback.h"
#include "ringpeer/tests/engine/support/shifted_clock.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/udp_server.h"

namespace ringpeer {
namespace {

using std::chrono::milliseconds;
using test::Draws;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kClients = 5;
constexpr milliseconds kSurelyThere{1000};
constexpr std::array kTimeouts{milliseconds(0),      milliseconds(500),     milliseconds(1000),
                               milliseconds(10'000), milliseconds(100'000), milliseconds::max()};
constexpr std::array kSteps{milliseconds(1),    milliseconds(300),  milliseconds(700),
                            milliseconds(1000), milliseconds(5000), milliseconds(10'000)};
const std::vector<std::uint8_t> kTick(8, 1);

struct Moment {
  Clock::time_point first;
  Clock::time_point last;
};

enum class Answer { kNo, kYes, kUnknown };

struct Client {
  std::unique_ptr<test::Sender> sender;  // null: nobody listens on its port
  net::Endpoint endpoint;
  bool is_known = false;  // pending or taken
  std::shared_ptr<PacketPeerUDP> peer;
  Moment heard{};
  Moment idle_from{};
  bool is_marked = false;  // its machine has answered
  Moment marked{};         // then, for the first time since something came
  bool is_told = false;
  bool may_be_held_up = false;  // the next put, by an answer to an earlier one
  std::size_t queued = 0;
};

class PresenceModel final : public test::Model {
 public:
  enum Kind {
    kSend,
    kTake,
    kPass,
    kSetTimeout,
    kVanish,
    kPut,
    kLook,
    kClose,
    kWait,
    kWaitPeer,
    kGet,
    kWake,
    kArrive,
    kWakeLater
  };

  explicit PresenceModel(Draws& draws) {
    test::reset_clocks();
    EngineOptions engine_options;
    engine_options.workers = static_cast<int>(draws.below(2));
    engine_options.backend = draws.one_in(2) ? BackendKind::kIoUring : BackendKind::kRecvmmsg;
    engine_options.payload_budget = 4 << 20;
    engine_ = Engine::create(engine_options);
    if (engine_ == nullptr) return;  // no io_uring here
    is_inline_ = engine_options.workers == 0;
    server_ = std::make_unique<UDPServer>(engine_);
    timeout_ = draws.one_of(kTimeouts);
    server_->set_idle_timeout(timeout_);
    ServerOptions options;
    options.socket.detect_unreachable = true;
    // A default changes nothing.
    if (draws.one_in(2)) options.idle_timeout = timeout_ = milliseconds(2000);
    EXPECT_EQ(server_->listen(0, "127.0.0.1", options), Error::OK);
    EXPECT_EQ(server_->get_idle_timeout(), timeout_);
    for (Client& client : clients_) {
      client.sender = std::make_unique<test::Sender>(port());
      client.endpoint = client.sender->endpoint();
    }
  }
  ~PresenceModel() override {
    server_.reset();
    for (Client& client : clients_) client.peer.reset();
    engine_.reset();
    test::reset_clocks();
  }

  void step(std::size_t kind, Draws& draws) override {
    if (engine_ == nullptr) return;
    Client& client = clients_[draws.below(kClients)];
    do_it(static_cast<Kind>(kind), client, draws);
    if (!::testing::Test::HasFatalFailure()) check_all();
  }

 private:
  void do_it(Kind kind, Client& client, Draws& draws) {
    switch (kind) {
      case kSend:
        return send(client);
      case kTake:
        return take();
      case kPass:
        return test::shift_monotonic_clock(draws.one_of(kSteps));
      case kSetTimeout:
        return set_timeout(draws.one_of(kTimeouts));
      case kVanish:
        if (client.sender != nullptr) {
          client.sender.reset();
          for (std::size_t left = draws.below(3); left > 0; --left) put(client);
        } else {
          client.sender = std::make_unique<test::Sender>(port(), client.endpoint);
          if (draws.one_in(2)) send(client);
          test::shift_monotonic_clock(draws.one_of(kSteps));
        }
        return;
      case kPut:
        return put(client);
      case kLook:
        look();
        if (!draws.one_in(3)) return;
        send(client);  // and comes and goes between two looks
        test::shift_monotonic_clock(draws.one_of(kSteps));
        return look();
      case kClose:
        return close(client);
      case kWait:
        return wait(draws);
      case kWaitPeer:
        if (client.peer != nullptr) wait_for(*client.peer, client.queued > 0, draws);
        return;
      case kGet:
        return get(client);
      case kWake:
        server_->wake();
        is_woken_ = true;
        return;
      case kArrive:
        return arrive(client, draws.one_in(2));
      case kWakeLater:
        return wake_later(draws);
    }
  }

  std::uint16_t port() const { return static_cast<std::uint16_t>(server_->get_local_port()); }

  // ---- What happens.

  void send(Client& client) {
    if (client.sender == nullptr) return;
    client.heard.first = Clock::now();
    ASSERT_TRUE(client.sender->send(kTick));
    see_what_came();
    client.heard.last = Clock::now();
    count_arrival(client);
  }
  // Nobody looks at the socket before somebody asks: it is found then that he is there.
  void arrive(Client& client, bool waits) {
    if (!is_inline_ || client.sender == nullptr || client.peer == nullptr) return;
    test::shift_monotonic_clock(milliseconds(50));  // beyond the latency budget
    client.heard.first = Clock::now();
    ASSERT_TRUE(client.sender->send(kTick));
    if (waits) {
      ASSERT_EQ(client.peer->wait(milliseconds(0)), Error::OK);
    } else if (timeout_ >= milliseconds(500)) {
      ASSERT_FALSE(client.peer->is_idle());
      ASSERT_FALSE(client.peer->is_disconnected());
    }
    see_what_came();
    client.heard.last = Clock::now();
    count_arrival(client);
  }
  void count_arrival(Client& client) {
    client.is_marked = client.is_told = false;  // it lives
    ++client.queued;
    if (!client.is_known) pending_.push_back(&client);
    client.is_known = true;
  }
  void see_what_came() {
    ASSERT_EQ(engine_->sync(), Error::OK);
    ASSERT_EQ(server_->poll(), Error::OK);
  }

  void take() {
    const Clock::time_point before = Clock::now();
    const auto peer = server_->take_connection();
    ASSERT_EQ(peer != nullptr, !pending_.empty());
    if (peer == nullptr) return;
    Client& client = *pending_.front();
    pending_.pop_front();
    ASSERT_EQ(peer->get_packet_port() == 0 || peer->get_packet_port() == client.endpoint.port,
              true);
    client.peer = peer;
    client.idle_from = {before, Clock::now()};
  }

  void set_timeout(milliseconds timeout) {
    const Clock::time_point before = Clock::now();
    server_->set_idle_timeout(timeout);
    ASSERT_EQ(server_->get_idle_timeout(), timeout);
    // Nobody could know so far that he had to send.
    if (timeout_.count() == 0) {
      for (Client& client : clients_) {
        if (client.peer != nullptr) client.idle_from = {before, Clock::now()};
      }
    }
    timeout_ = timeout;
  }

  void put(Client& client) {
    if (client.peer == nullptr) return;
    const bool nobody_listens = client.sender == nullptr;
    const Clock::time_point before = Clock::now();
    const Error error = client.peer->put_packet(kTick);
    ASSERT_TRUE(error == Error::OK || client.may_be_held_up);
    if (error != Error::OK) client.may_be_held_up = false;
    see_what_came();
    if (!nobody_listens || error != Error::OK) return;
    if (!client.is_marked) client.marked = {before, Clock::now()};
    client.is_marked = true;
    // Nobody's answer holds up what is put for one that was heard of just now.
    constexpr milliseconds kSlack{40};
    if (Clock::now() - client.heard.first + kSlack >= kSurelyThere) client.may_be_held_up = true;
  }

  void close(Client& client) {
    if (client.peer == nullptr) return;
    client.peer->close();
    client.peer.reset();
    client.is_known = client.is_marked = client.is_told = false;
    client.queued = 0;
    see_what_came();
  }

  void get(Client& client) {
    if (client.peer == nullptr) return;
    const bool is_there = !client.peer->get_packet().empty();
    ASSERT_EQ(is_there, client.queued > 0);
    if (is_there) --client.queued;
  }

  // ---- What is asked.

  // Whether nothing has come from it for so long.
  static Answer is_silent(const Client& client, milliseconds time) {
    if (time > std::chrono::hours(1)) return Answer::kNo;  // longer than any sequence
    const Clock::time_point now = Clock::now();
    const Clock::time_point first = std::max(client.heard.first, client.idle_from.first);
    const Clock::time_point last = std::max(client.heard.last, client.idle_from.last);
    constexpr milliseconds kSlack{40};  // until the question is answered, on a busy machine
    if (now - last >= time + milliseconds(1)) return Answer::kYes;
    return now - first + kSlack < time ? Answer::kNo : Answer::kUnknown;
  }
  Answer is_idle(const Client& client) const {
    return timeout_.count() == 0 ? Answer::kNo : is_silent(client, timeout_);
  }
  Answer is_gone(const Client& client) const {
    const Answer idle = is_idle(client);
    if (!client.is_marked || idle == Answer::kYes) return idle;
    // The time of the answer is kept in units of 66 ms.
    constexpr milliseconds kRounding{140};
    const Clock::time_point now = Clock::now();
    if (now - client.marked.last >= kSurelyThere + kRounding) return Answer::kYes;
    return now - client.marked.first < kSurelyThere ? idle : Answer::kUnknown;
  }

  static void expect(bool is, Answer answer) {
    if (answer != Answer::kUnknown) {
      EXPECT_EQ(is, answer == Answer::kYes);
    }
  }
  void check_all() {
    for (const Client& client : clients_) {
      if (client.peer == nullptr) continue;
      const Answer idle = is_idle(client);
      const bool says_idle = client.peer->is_idle();
      const Answer gone = is_gone(client);
      const bool says_gone = client.peer->is_disconnected();
      // It takes time to answer: what was not yet so, but nearly, may be now.
      expect(says_idle, idle);
      expect(says_gone, gone);
    }
  }

  void look() {
    const auto is_unknown = [this](const Client& client) {
      return client.peer != nullptr && is_gone(client) == Answer::kUnknown;
    };
    while (std::any_of(clients_.begin(), clients_.end(), is_unknown)) {
      test::shift_monotonic_clock(milliseconds(60));
    }
    std::vector<const PacketPeerUDP*> expected;
    for (Client& client : clients_) {
      if (client.peer == nullptr) continue;
      const bool gone = is_gone(client) == Answer::kYes;
      if (gone && !client.is_told) expected.push_back(client.peer.get());
      client.is_told = gone;
    }
    std::vector<const PacketPeerUDP*> told;
    while (const PacketPeerUDP* peer = server_->next_disconnected()) {
      told.push_back(peer);
      ASSERT_LE(told.size(), kClients);
    }
    std::sort(expected.begin(), expected.end());
    std::sort(told.begin(), told.end());
    ASSERT_EQ(told, expected);
  }

  bool finds_something() const {
    const auto has_packets = [](const Client& client) { return client.queued > 0; };
    return !pending_.empty() || std::any_of(clients_.begin(), clients_.end(), has_packets);
  }
  void wait(Draws& draws) { wait_for(*server_, finds_something(), draws); }
  // What is queued comes first, then who was woken, then the time; any time may be given.
  template <typename Waiter>
  void wait_for(Waiter& waiter, bool something, Draws& draws) {
    constexpr std::array kShort{milliseconds(0), milliseconds(1), milliseconds(7)};
    constexpr std::array kEndless{milliseconds(-1), milliseconds::max(), milliseconds::min(),
                                  milliseconds(std::int64_t{1} << 32)};
    const bool ends = something || is_woken_;
    milliseconds time = ends && draws.one_in(2) ? draws.one_of(kEndless) : draws.one_of(kShort);
    // A thread sleeps until a moment of the true clock.
    if (!ends && !is_inline_) time = {};
    const Clock::time_point before = Clock::now();
    const Error error = waiter.wait(time);
    const auto lasted = Clock::now() - before;
    if (something) {
      ASSERT_EQ(error, Error::OK);
    } else if (is_woken_) {
      ASSERT_EQ(error, Error::ERR_SKIP);
      is_woken_ = false;
    } else {
      ASSERT_EQ(error, Error::ERR_TIMEOUT);
      ASSERT_GE(lasted, time);
    }
    ASSERT_LT(lasted, test::kPatience);
  }

  // However long it was to be, it goes on until somebody ends it.
  void wake_later(Draws& draws) {
    if (is_woken_ || finds_something()) return;
    constexpr std::array kLong{milliseconds(-1),
                               milliseconds::max(),
                               milliseconds::min(),
                               milliseconds::max() / 1000,
                               milliseconds(std::int64_t{1} << 31),
                               milliseconds(std::int64_t{1} << 32)};
    std::thread waker([this] {
      std::this_thread::sleep_for(milliseconds(1));
      server_->wake();
    });
    const Error error = server_->wait(draws.one_of(kLong));
    waker.join();
    ASSERT_EQ(error, Error::ERR_SKIP);
  }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<UDPServer> server_;
  bool is_inline_ = false;
  bool is_woken_ = false;
  milliseconds timeout_{0};
  std::array<Client, kClients> clients_;
  std::deque<Client*> pending_;
};

TEST(PresenceModelTest, WhoIsGoneIsToldOnceAndWaitsEndInTime) {
  test::ModelPlan plan;
  plan.kinds = {{"send", 4}, {"take", 3}, {"pass", 4},   {"set_timeout", 1}, {"vanish", 1},
                {"put", 2},  {"look", 3}, {"close", 1},  {"wait", 2},        {"wait_peer", 1},
                {"get", 2},  {"wake", 1}, {"arrive", 1}, {"wake_later", 1}};
  plan.sequences = 200;
  plan.max_operations = 60;
  plan.make = [](Draws& draws) { return std::make_unique<PresenceModel>(draws); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
