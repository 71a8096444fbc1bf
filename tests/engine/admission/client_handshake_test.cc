// A client's half of the handshake: by itself, and in simulated time against a server that asks for
// cookies, on a network that loses, copies and overtakes, while the server starts again, forgets
// the client, and sees it at other addresses.

#include "ringpeer/engine/admission/client_handshake.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/engine/admission/cookie.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::admission {
namespace {

using test::Draws;

constexpr std::uint64_t kMillisecond = 1000;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kHelloInterval = ClientHandshake::kHelloIntervalMicroseconds;
constexpr std::uint64_t kSilence = ClientHandshake::kSilenceMicroseconds;

using Bytes = std::vector<std::uint8_t>;

// ---- By itself ------------------------------------------------------------------

// When it says hello between two times, asked every millisecond.
std::vector<std::uint64_t> hellos(ClientHandshake* client, std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> times;
  for (std::uint64_t now = from; now < to; now += kMillisecond) {
    const bool is_due = client->deadline_us() <= now;
    const auto packet = client->due(now);
    EXPECT_EQ(packet.has_value(), is_due) << now;
    if (!packet) continue;
    EXPECT_EQ(*packet, hello_packet());
    times.push_back(now);
  }
  return times;
}

TEST(ClientHandshakeTest, SaysHelloAtOnceAndThenFourTimesASecond) {
  ClientHandshake client;
  constexpr std::uint64_t kStart = 7 * kSecond;
  EXPECT_EQ(hellos(&client, kStart, kStart + kSecond),
            (std::vector<std::uint64_t>{kStart, kStart + 250 * kMillisecond,
                                        kStart + 500 * kMillisecond, kStart + 750 * kMillisecond}));
}

TEST(ClientHandshakeTest, SaysNothingWhileTheServerIsHeard) {
  ClientHandshake client;
  (void)client.due(0);
  for (std::uint64_t now = 0; now < 5 * kSecond; now += 900 * kMillisecond) {
    client.heard(now);
    EXPECT_TRUE(hellos(&client, now, now + 900 * kMillisecond).empty());
  }
  // It falls silent with what came at 4.5 s.
  const auto again = hellos(&client, 5 * kSecond, 6 * kSecond);
  EXPECT_EQ(again, (std::vector<std::uint64_t>{5500 * kMillisecond, 5750 * kMillisecond}));
}

// Who was not asked for long says one hello, not all that were due.
TEST(ClientHandshakeTest, WhatWasMissedIsNotMadeGood) {
  ClientHandshake client;
  (void)client.due(0);
  EXPECT_TRUE(client.due(100 * kSecond));
  EXPECT_FALSE(client.due(100 * kSecond));
  EXPECT_EQ(client.deadline_us(), 100 * kSecond + kHelloInterval);
}

TEST(ClientHandshakeTest, AnswersEachChallengeWheneverItComes) {
  ClientHandshake client;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Cookie cookie{.epoch = static_cast<std::uint32_t>(i), .mac = 1000 + i};
    client.heard(i);  // it is known, and the server has forgotten it
    bool is_handshake = false;
    EXPECT_EQ(client.receive(challenge_packet(cookie), i, &is_handshake), answer_packet(cookie));
    EXPECT_TRUE(is_handshake);
  }
}

// A challenge says that the server does not know it: it goes on with its hellos.
TEST(ClientHandshakeTest, AChallengeIsNoSignOfBeingKnown) {
  ClientHandshake client;
  (void)client.due(0);
  bool is_handshake = false;
  (void)client.receive(challenge_packet({}), 10 * kMillisecond, &is_handshake);
  EXPECT_EQ(client.deadline_us(), kHelloInterval);
}

// A server that never sends anything but challenges, to who it knows, too, hears no more than one a
// second; and nobody who forges challenges stops the hellos.
TEST(ClientHandshakeTest, WhereOnlyChallengesComeItSaysHelloOnceASecond) {
  ClientHandshake client;
  bool is_handshake = false;
  std::vector<std::uint64_t> times;
  for (std::uint64_t now = 0; now < 4 * kSecond; now += kMillisecond) {
    if (client.due(now)) times.push_back(now);
    if (now % (10 * kMillisecond) == 0)
      (void)client.receive(challenge_packet({}), now, &is_handshake);
  }
  EXPECT_EQ(times, (std::vector<std::uint64_t>{0, kHelloInterval, kHelloInterval + kSecond,
                                               kHelloInterval + 2 * kSecond,
                                               kHelloInterval + 3 * kSecond}));
  // Three answers may have been lost.
  ClientHandshake lossy;
  times.clear();
  for (std::uint64_t now = 0; now < 3 * kSecond; now += kMillisecond) {
    if (!lossy.due(now)) continue;
    times.push_back(now);
    (void)lossy.receive(challenge_packet({}), now, &is_handshake);
  }
  EXPECT_EQ(times, (std::vector<std::uint64_t>{0, kHelloInterval, 2 * kHelloInterval,
                                               3 * kHelloInterval, 3 * kHelloInterval + kSecond,
                                               3 * kHelloInterval + 2 * kSecond}));
  // Who was heard meanwhile is in haste again.
  lossy.heard(3 * kSecond);
  EXPECT_TRUE(lossy.due(4 * kSecond));
  EXPECT_EQ(lossy.deadline_us(), 4 * kSecond + kHelloInterval);
}

TEST(ClientHandshakeTest, TheRestIsTheApplicationsAndIsHeard) {
  const Bytes none;
  const Bytes short_one(7, 0xf5);
  const Bytes of_that_size(kHandshakeSize, 0xf5);
  HandshakePacket reserved = challenge_packet({.epoch = 3, .mac = 5});
  reserved[9] = 1;
  for (const std::span<const std::uint8_t> packet :
       {std::span<const std::uint8_t>(none), std::span<const std::uint8_t>(short_one),
        std::span<const std::uint8_t>(of_that_size), std::span<const std::uint8_t>(reserved)}) {
    ClientHandshake client;
    bool is_handshake = true;
    EXPECT_FALSE(client.receive(packet, 3 * kSecond, &is_handshake));
    EXPECT_FALSE(is_handshake);
    EXPECT_EQ(client.deadline_us(), 3 * kSecond + kSilence);
  }
}

// Of a server that sends back whatever comes, and knows no cookies.
TEST(ClientHandshakeTest, ItsOwnHelloIsNotForTheApplication) {
  for (const HandshakePacket& packet : {hello_packet(), answer_packet({.epoch = 1, .mac = 2})}) {
    ClientHandshake client;
    bool is_handshake = false;
    EXPECT_FALSE(client.receive(packet, kSecond, &is_handshake));
    EXPECT_TRUE(is_handshake);
    EXPECT_EQ(client.deadline_us(), kSecond + kSilence);
  }
}

// ---- Against a server -----------------------------------------------------------

// What a server does of itself, drawn once a sequence.
struct Habits {
  std::uint64_t sends_every = 0;   // to those it knows; 0: never
  std::uint64_t client_every = 0;  // the client's packets; 0: none
  std::size_t client_size = 0;     // of each
  // Any packet of a stranger that is long enough, and hellos of those it knows. Otherwise hellos of
  // strangers alone.
  bool challenges_any = false;
  std::uint64_t least_delay = 0;  // of the network, each way
  std::uint64_t most_delay = 0;
};

// A server that lets in who answers, and remembers nobody else. It keeps the books of what it got
// from and sent to whom it does not know.
class CookieServer {
 public:
  explicit CookieServer(bool challenges_any) : challenges_any_(challenges_any) { start_again(1); }

  void start_again(std::uint64_t secret) {
    keys_.emplace(std::array<std::uint64_t, 2>{secret, 77});
    known_.clear();
  }
  void forget(const net::Endpoint& client) { known_.erase(client.port); }
  bool knows(const net::Endpoint& client) const { return known_.contains(client.port); }

  std::optional<HandshakePacket> receive(const net::Endpoint& from, const Bytes& packet,
                                         std::uint64_t now) {
    const auto kind = handshake_kind(packet);
    if (knows(from)) {
      if (!kind) ++delivered_;
      if (kind != HandshakeKind::kHello || !challenges_any_) return std::nullopt;
      return keys_->challenge(from, now);
    }
    bytes_in_[from.port] += packet.size();
    if (kind == HandshakeKind::kAnswer) {
      if (keys_->accepts(from, packet, now)) known_.insert(from.port);
      return std::nullopt;
    }
    const bool is_asked = kind == HandshakeKind::kHello ||
                          (challenges_any_ && !kind && packet.size() >= kHandshakeSize);
    if (!is_asked) return std::nullopt;
    bytes_out_[from.port] += kHandshakeSize;
    EXPECT_LE(bytes_out_[from.port], bytes_in_[from.port]) << "it amplifies";
    return keys_->challenge(from, now);
  }
  std::uint64_t delivered() const { return delivered_; }

 private:
  const bool challenges_any_;
  std::optional<CookieKeys> keys_;
  std::set<std::uint16_t> known_;  // a client's addresses differ in their ports
  std::map<std::uint16_t, std::uint64_t> bytes_in_;
  std::map<std::uint16_t, std::uint64_t> bytes_out_;
  std::uint64_t delivered_ = 0;
};

class HandshakeModel final : public test::Model {
 public:
  enum Kind { kWait, kWaitLong, kServerStartsAgain, kServerForgets, kOtherAddress, kLose, kPause };

  HandshakeModel(const Habits& habits, std::uint64_t seed)
      : habits_(habits), server_(habits.challenges_any), random_(seed) {
    client_at_.address = net::IpAddress::from_ipv4(htonl(0xc0000207u));
    client_at_.port = 50'000;
  }

  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case kWait:
        advance(draws.below(400) * kMillisecond);
        break;
      case kWaitLong:
        advance(draws.below(40) * kSecond);
        break;
      case kServerStartsAgain:
        server_.start_again(++secret_);
        disturb();
        break;
      case kServerForgets:
        server_.forget(client_at_);
        disturb();
        break;
      case kOtherAddress:
        ++client_at_.port;
        disturb();
        break;
      case kLose:  // of 100, and copies of as many
        loss_percent_ = draws.one_in(3) ? 0 : draws.below(100);
        disturb();
        break;
      case kPause:  // the client's process stands still
        now_ += draws.below(3000) * kMillisecond;
        disturb();
        break;
    }
  }

  void end() override {
    loss_percent_ = 0;
    disturb();
    advance(longest_entry() + kSecond);
    if (habits_.client_every != 0) {
      const std::uint64_t before = server_.delivered();
      advance(4 * habits_.client_every + 2 * habits_.most_delay);
      EXPECT_GT(server_.delivered(), before) << "its packets are not heard";
    }
  }

 private:
  struct InFlight {
    bool to_server = false;
    net::Endpoint client;
    Bytes bytes;
  };

  static constexpr std::uint64_t kTick = 5 * kMillisecond;

  // What is on its way of the server's counts as heard once more; then a second of silence, the
  // rest of an interval, and three ways.
  std::uint64_t longest_entry() const {
    return kSilence + kHelloInterval + 4 * habits_.most_delay + 6 * kTick;
  }
  void disturb() { quiet_since_ = now_; }

  void advance(std::uint64_t length) {
    for (const std::uint64_t end = now_ + length; now_ < end && !testing::Test::HasFailure();
         now_ += kTick) {
      deliver();
      say_hello();
      if (is_time(habits_.client_every)) {
        send({.to_server = true, .client = client_at_, .bytes = Bytes(habits_.client_size, 4)});
      }
      if (server_.knows(client_at_) && is_time(habits_.sends_every)) {
        send({.to_server = false, .client = client_at_, .bytes = Bytes(100, 4)});
      }
      if (loss_percent_ == 0 && now_ > quiet_since_ + longest_entry()) {
        EXPECT_TRUE(server_.knows(client_at_)) << "it is not in, at " << now_;
      }
    }
  }
  bool is_time(std::uint64_t every) const { return every != 0 && now_ % every < kTick; }

  void say_hello() {
    const auto hello = client_.due(now_);
    if (!hello) return;
    EXPECT_GE(now_, last_hello_ + kHelloInterval) << "more than four a second";
    EXPECT_GE(now_, last_heard_ + kSilence) << "the server was heard";
    last_hello_ = now_;
    send({.to_server = true, .client = client_at_, .bytes = Bytes(hello->begin(), hello->end())});
  }

  void send(const InFlight& packet) {
    if (random_() % 100 < loss_percent_) return;
    const bool is_copied = random_() % 100 < loss_percent_;
    for (int i = 0; i < (is_copied ? 2 : 1); ++i) {
      const std::uint64_t spread = habits_.most_delay - habits_.least_delay + 1;
      in_flight_.emplace(now_ + habits_.least_delay + random_() % spread, packet);
    }
  }

  void deliver() {
    while (!in_flight_.empty() && in_flight_.begin()->first <= now_) {
      const InFlight packet = std::move(in_flight_.begin()->second);
      in_flight_.erase(in_flight_.begin());
      if (packet.to_server) {
        const auto challenge = server_.receive(packet.client, packet.bytes, now_);
        if (challenge) {
          send({.to_server = false,
                .client = packet.client,
                .bytes = Bytes(challenge->begin(), challenge->end())});
        }
      } else if (packet.client == client_at_) {  // nobody is at its old addresses
        take(packet.bytes);
      }
    }
  }

  void take(const Bytes& packet) {
    bool is_handshake = false;
    const auto answer = client_.receive(packet, now_, &is_handshake);
    const bool is_challenge = handshake_kind(packet) == HandshakeKind::kChallenge;
    EXPECT_EQ(is_handshake, is_challenge) << "the server sends nothing else of it";
    EXPECT_EQ(answer.has_value(), is_challenge);
    if (!is_challenge) {
      last_heard_ = now_;
      return;
    }
    EXPECT_EQ(cookie_of(*answer), cookie_of(packet));
    send({.to_server = true, .client = client_at_, .bytes = Bytes(answer->begin(), answer->end())});
  }

  const Habits habits_;
  CookieServer server_;
  ClientHandshake client_;
  net::Endpoint client_at_;
  std::mt19937_64 random_;
  std::multimap<std::uint64_t, InFlight> in_flight_;  // by when it comes
  std::uint64_t secret_ = 1;
  std::uint64_t now_ = 10 * kSecond;
  std::uint64_t quiet_since_ = 10 * kSecond;  // nothing was changed since
  std::uint64_t last_hello_ = 0;
  std::uint64_t last_heard_ = 0;
  std::size_t loss_percent_ = 0;
};

TEST(ClientHandshakeModelTest, ComesInWheneverTheNetworkLetsIt) {
  test::ModelPlan plan;
  plan.kinds = {{"wait", 6},           {"wait_long", 1},     {"server_starts_again", 1},
                {"server_forgets", 1}, {"other_address", 1}, {"lose", 2},
                {"pause", 1}};
  plan.sequences = 300;
  plan.max_operations = 30;
  plan.make = [](Draws& draws) {
    constexpr std::array<std::uint64_t, 4> kEvery = {0, 15 * kMillisecond, 100 * kMillisecond,
                                                     1500 * kMillisecond};
    constexpr std::array<std::size_t, 3> kSizes = {1, 23, 60};
    Habits habits;
    habits.sends_every = draws.one_of(kEvery);
    habits.client_every = draws.one_of(kEvery);
    habits.client_size = draws.one_of(kSizes);
    habits.challenges_any = draws.one_in(2);
    habits.least_delay = draws.below(150) * kMillisecond;
    habits.most_delay = habits.least_delay + draws.below(60) * kMillisecond;
    return std::make_unique<HandshakeModel>(habits, habits.most_delay + habits.client_size);
  };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer::admission
