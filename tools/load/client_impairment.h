#ifndef RINGPEER_TOOLS_LOAD_CLIENT_IMPAIRMENT_H_
#define RINGPEER_TOOLS_LOAD_CLIENT_IMPAIRMENT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "ringpeer/tools/impairment/flow.h"
#include "ringpeer/tools/impairment/impairer.h"
#include "ringpeer/tools/impairment/impairment_options.h"
#include "ringpeer/tools/load/impairment_account.h"
#include "ringpeer/tools/load/load_client.h"
#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// The bad network between the clients of a generator and their server, without a process of its
// own. Client n has the fates that `ringpeer impair` has with the same seed for the (n + 1)th
// client that comes to it.
//
// What is sent and received goes in, and comes out of take_due() when its time has come. It knows
// of no sockets. Threads: one. Lifetime: the plan must outlive it.
class ClientImpairment {
 public:
  using Clock = std::chrono::steady_clock;

  ClientImpairment(const ImpairmentPlan& plan, std::uint64_t seed);

  void join(std::uint32_t client);
  // Its account is closed: what still waits of it is never delivered.
  void leave(std::uint32_t client);

  // A packet that a client sends: the next of its numbers.
  void send(std::uint32_t client, std::span<const std::uint8_t> packet, Clock::time_point due,
            Clock::time_point now);
  // One that came to its socket, as `reply` reads it.
  void receive(std::uint32_t client, std::span<const std::uint8_t> packet, const LoadReply& reply,
               Clock::time_point now);

  // The next one that leaves now; it is counted by the call of left() that must follow.
  std::optional<Traveller> take_due(Clock::time_point now) { return impairer_.take_due(now); }
  void left(const Traveller& traveller, bool was_sent, Clock::time_point now);
  static std::uint32_t client_of(const Traveller& traveller) {
    return static_cast<std::uint32_t>(traveller.flow->client - kFirstNumber);
  }

  bool is_empty() const { return impairer_.is_empty(); }
  Clock::time_point next_due() const { return impairer_.next_due(); }  // not when it is empty
  // Whether anything of a client is on its way here.
  bool has(std::uint32_t client) const;
  // Whether nothing of a client is, and the server has answered all that it was given.
  bool is_settled(std::uint32_t client) const;
  // What would be known of a client's answers without it.
  const LoadClient& beyond(std::uint32_t client) const { return ways_.at(client).outside; }
  // How much longer than without it an answer takes at most, but for a link's queue.
  std::chrono::nanoseconds longest_delay() const { return longest_delay(*plan_); }
  static std::chrono::nanoseconds longest_delay(const ImpairmentPlan& plan);
  // How long something may be on its way here at most, when it waits in the queues of both links
  // behind the largest packets.
  static std::chrono::nanoseconds longest_stay(const ImpairmentPlan& plan);

  // As of now: what waits is counted one by one.
  ImpairmentAccount account() const;

 private:
  // `impair` counts its clients from it.
  static constexpr std::uint64_t kFirstNumber = 1;

  struct Ways {
    Ways(const ImpairmentPlan& plan, std::uint64_t seed, std::uint32_t client);

    Flow to_server;
    Flow to_client;
    // What the client would know if the server's answers came to it as they are.
    LoadClient outside;
    // Packets of which both copies are on their way, or the second alone, by index: whether the
    // first has gone on.
    std::unordered_map<std::uint64_t, bool> twins;
    std::uint64_t forwarded = 0;
    std::uint64_t requests = 0;
  };

  static bool is_first_of_its_kind(Ways* ways, const Traveller& traveller, bool was_sent);

  const ImpairmentPlan* plan_;
  std::uint64_t seed_;
  Impairer impairer_;
  std::unordered_map<std::uint32_t, Ways> ways_;  // nothing in it moves
  ImpairmentAccount closed_;                      // but for the counts of the impairer
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CLIENT_IMPAIRMENT_H_
