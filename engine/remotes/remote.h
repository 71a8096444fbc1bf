#ifndef RINGPEER_ENGINE_REMOTES_REMOTE_H_
#define RINGPEER_ENGINE_REMOTES_REMOTE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ringpeer/engine/admission/error_witness.h"
#include "ringpeer/engine/admission/token_bucket.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/remotes/remote_notes.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::internal {
class RemoteChannel;
}

namespace ringpeer::worker {

// One sender that a server knows: made by the worker that first hears of it, freed
// by the consumer once the worker has said that it will not name it again.
//
// Two cache lines, because a server may have 100,000 of these: what the worker
// writes for every packet, and what the consumer does.
struct Remote {
  Remote(const net::Endpoint& remote_endpoint, std::uint16_t shard_index)
      : endpoint(remote_endpoint), shard(shard_index) {}
  ~Remote() {
    if (notes != nullptr) notes->let_go();
  }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  alignas(64) const net::Endpoint endpoint;
  const std::uint16_t shard;  // which worker's part of the server

  // Set by the consumer: the worker lets nothing more in, and the sender's next
  // packet makes a new remote. By the worker where it has replaced or denied it: then there is no
  // new one before the consumer has closed this one.
  std::atomic<bool> closed{false};
  // Whether the application has accepted the sender, which may then use what strangers may not, or
  // its place was given to another before. Decided once: by the consumer or the worker, whoever
  // is first. Of one that is accepted the worker knows later that it receives what it is sent.
  enum class Standing : std::uint8_t { kPending, kReplaced, kAccepted, kVerified };
  std::atomic<Standing> standing{Standing::kPending};
  // What its machine, or one on the way, has answered since something has come.
  admission::ErrorWitness errors;

  // The worker's. Charges, of which the differences count: a limit is far below their wrap.
  std::uint32_t admitted_bytes = 0;  // of all packets let in
  std::uint32_t known_taken_bytes = 0;
  // The engine's clock when something last came, whatever became of it.
  std::atomic<std::uint64_t> heard_us{0};

  // Of one that is accepted, where there are limits. Not yet full: Gate::forgive() fills it.
  admission::Bucket bucket;

  RemoteNotes* notes = nullptr;  // where anything is noted; held

  // The consumer's.
  alignas(64) std::atomic<std::uint32_t> taken_bytes{0};
  std::uint32_t queued_packets = 0;
  std::uint64_t idle_from_us = 0;  // no silence before it counts
  // What the peer that the application has taken talks through; null: it has taken none.
  internal::RemoteChannel* channel = nullptr;
  Remote* next_ready = nullptr;  // in the server's round robin; null: not there
  Remote* previous_ready = nullptr;
  Remote* next_closed = nullptr;     // link in the list of closed ones
  std::uint32_t queue_head = kNone;  // in the server's queue pool
  std::uint32_t queue_tail = kNone;
  std::uint32_t accepted_index : 31 = 0;       // among the server's taken remotes
  std::uint32_t reported : 1 = 0;              // as disconnected
  Counter drop_reason = Counter::kDropClosed;  // of what comes when it is closed
  // Set by the worker, once: a list refuses its address. It stays so until the consumer closes it.
  std::atomic<bool> denied{false};

  bool is_accepted() const { return has_standing(Standing::kAccepted); }
  bool has_standing(Standing least) const {
    return standing.load(std::memory_order_relaxed) >= least;
  }
  bool is_replaced() const {
    return standing.load(std::memory_order_relaxed) == Standing::kReplaced;
  }
  // Consumer: it is accepted from now on. False when it was replaced before.
  bool accept() { return is_accepted() || leave_pending(Standing::kAccepted); }
  // Worker: another has its place from now on. False when it was accepted before.
  bool replace() { return leave_pending(Standing::kReplaced); }
  // Worker, of one that is accepted.
  void verify() { standing.store(Standing::kVerified, std::memory_order_relaxed); }
  // Worker: whether nothing may come of this sender although nobody has closed it.
  bool is_shut_out() const { return is_replaced() || denied.load(std::memory_order_relaxed); }

  // Worker: something has come.
  void record_arrival(std::uint64_t now_us) {
    heard_us.store(now_us, std::memory_order_relaxed);
    errors.clear();
  }
  // A peer that has been heard of within this time is there, whatever ICMP says: such messages
  // are easily forged, and a client that is at play sends more often.
  static constexpr std::uint64_t kSurelyThereUs = 1'000'000;
  // Worker.
  bool is_surely_there(std::uint64_t now_us) const {
    return now_us < heard_us.load(std::memory_order_relaxed) + kSurelyThereUs;
  }
  // Consumer: for how long nothing has.
  std::uint64_t silence_us(std::uint64_t now_us) const {
    const std::uint64_t since = std::max(heard_us.load(std::memory_order_relaxed), idle_from_us);
    return now_us > since ? now_us - since : 0;  // the worker's clock may be ahead
  }

  static constexpr std::uint32_t kNone = UINT32_MAX;

 private:
  bool leave_pending(Standing to) {
    Standing expected = Standing::kPending;
    return standing.compare_exchange_strong(expected, to, std::memory_order_relaxed);
  }
};
static_assert(sizeof(Remote) == 128);

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_REMOTES_REMOTE_H_
