#ifndef RINGPEER_ENGINE_PACKET_PACKET_RING_H_
#define RINGPEER_ENGINE_PACKET_PACKET_RING_H_

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/atomics.h"
#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::packet {

// The ring between a worker and a consumer: bounded in descriptors and in bytes. Each has an end of
// it: what the other does cannot be called there.
// depth() is what get_available_packet_count says.
//
// Descriptors have 32 bits for their time of arrival. The worker leaves its whole clock with
// what it publishes; the consumer reads that together with the tail, and makes times whole by it
// however long it was away: only a packet that comes more than 71 minutes before the last one
// that the consumer learns of together with it looks younger than it is.
//
// Threads: Producer, is_nearly_empty, is_half_full: the worker. Consumer: the consumer. depth,
// slots_in_use: any; exact for a side's own end, a moment old for the other's.
// Lifetime: an end is a pointer to its ring, to be had again each time.
class PacketRing {
 public:
  // max_bytes bounds the sum of the descriptors' charges.
  PacketRing(std::size_t capacity, std::uint64_t max_bytes)
      : ring_(capacity), max_bytes_(max_bytes) {}

  class Producer;
  class Consumer;
  Producer producer();
  Consumer consumer();

  // A quarter of what it holds at most is left.
  bool is_nearly_empty() const {
    return bytes_in_use() <= max_bytes_ / 4 && ring_.size() <= ring_.capacity() / 4;
  }
  bool is_half_full() const {
    return bytes_in_use() >= max_bytes_ / 2 || ring_.size() >= ring_.capacity() / 2;
  }

  std::size_t slots_in_use() const { return ring_.size(); }
  std::size_t depth() const {
    const std::uint64_t taken = taken_packets_.load(std::memory_order_relaxed);
    const std::uint64_t published = published_packets_.load(std::memory_order_acquire);
    // The consumer may have taken packets that the worker is about to count.
    return published > taken ? published - taken : 0;
  }

 private:
  std::uint64_t bytes_in_use() const {
    return staged_bytes_ - taken_bytes_.load(std::memory_order_relaxed);
  }

  ring::SpscRing<PacketDescriptor> ring_;

  // Written by the worker.
  const std::uint64_t max_bytes_;
  std::uint64_t staged_bytes_ = 0;
  std::uint64_t staged_packets_ = 0;
  std::uint64_t known_taken_bytes_ = 0;
  Atomic<std::uint64_t> published_packets_{0};
  Atomic<std::uint64_t> time_us_{0};

  // Written by the consumer. Sums, relaxed: it is the ring that hands slots back, and the release
  // of its head that has a worker which finds it empty know of all the bytes.
  alignas(ring::kInterferenceSize) Atomic<std::uint64_t> taken_packets_{0};
  Atomic<std::uint64_t> taken_bytes_{0};
  std::uint64_t seen_at_us_ = 0;
};

// The worker's end.
class PacketRing::Producer {
 public:
  explicit Producer(PacketRing& ring) : to_(ring) {}

  // Before a batch: see SpscRing.
  void rewind_if_empty() const { to_.ring_.rewind_if_empty(); }

  bool has_slots(std::size_t wanted = 1) const { return to_.ring_.has_free_slots(wanted); }
  bool has_bytes(std::uint64_t charge) const {
    if (fits_as_known(charge)) return true;
    look_at_taken();
    return fits_queue(to_.staged_bytes_ - to_.known_taken_bytes_, charge, to_.max_bytes_);
  }
  // The same for several packets: an empty queue takes any one of them, but not more than it
  // may hold.
  bool has_bytes_for_run(std::uint64_t charge) const {
    if (fits_as_known(charge)) return true;
    look_at_taken();
    return fits_as_known(charge);
  }

  // After has_slots() and has_bytes().
  void push(const PacketDescriptor& descriptor) const {
    to_.ring_.stage(descriptor);
    count_staged(descriptor.packet_count(), descriptor.charge());
  }
  // The same for several: next_slots() are to be written, in as many pieces as it takes, and
  // then count_staged() once with the sums.
  std::span<PacketDescriptor> next_slots(std::size_t most) const {
    return to_.ring_.next_slots(most);
  }
  void stage_written(std::size_t descriptors) const { to_.ring_.stage_written(descriptors); }
  void count_staged(std::uint64_t packets, std::uint64_t charge) const {
    assert(charge >= packets * kRecordOverhead);
    to_.staged_packets_ += packets;
    to_.staged_bytes_ += charge;
  }
  // A message between the ring's two ends that is no packet: it counts in no limit
  // but that of slots.
  bool push_event(const PacketDescriptor& event) const { return to_.ring_.push(event); }

  // The clock, not before any time of arrival that is published next.
  void record_time(std::uint64_t now_us) const {
    to_.time_us_.store(now_us, std::memory_order_relaxed);
  }

  // The count follows the packets, so that what depth() says can always be taken.
  void publish() const {
    to_.ring_.publish();
    to_.published_packets_.store(to_.staged_packets_, std::memory_order_release);
  }

 private:
  bool fits_as_known(std::uint64_t charge) const {
    return to_.staged_bytes_ - to_.known_taken_bytes_ + charge <= to_.max_bytes_;
  }
  void look_at_taken() const {
    to_.known_taken_bytes_ = to_.taken_bytes_.load(std::memory_order_relaxed);
    assert(to_.known_taken_bytes_ <= to_.staged_bytes_);  // both ends count the same charges
  }

  PacketRing& to_;
};

// The consumer's end.
class PacketRing::Consumer {
 public:
  explicit Consumer(PacketRing& ring) : of_(ring) {}

  // Whether front() tells without a look at what the worker has published.
  bool knows_more() const { return of_.ring_.knows_more(); }
  PacketDescriptor* front() const { return knows_or_finds_more() ? of_.ring_.front() : nullptr; }
  std::span<PacketDescriptor> front_run(std::size_t most) const {
    return knows_or_finds_more() ? of_.ring_.front_run(most) : std::span<PacketDescriptor>();
  }

  // The worker's clock when the consumer learnt of what is in front.
  std::uint64_t seen_at_us() const { return of_.seen_at_us_; }
  // The whole time of arrival of something that was in front since then.
  std::uint64_t arrival_us(std::uint32_t received_at_us) const {
    return seen_at_us() - (static_cast<std::uint32_t>(seen_at_us()) - received_at_us);
  }
  // The consumer has taken packets of this charge for good, and with them the last one of each
  // of the first `descriptors`, which leave the ring. Their charge is free before their slots
  // are: a ring that the worker finds empty has room for all that it may hold.
  void take(std::size_t descriptors, std::uint64_t packets, std::uint64_t charge) const {
    of_.taken_packets_.store(of_.taken_packets_.load(std::memory_order_relaxed) + packets,
                             std::memory_order_relaxed);
    of_.taken_bytes_.store(of_.taken_bytes_.load(std::memory_order_relaxed) + charge,
                           std::memory_order_relaxed);
    if (descriptors > 0) of_.ring_.pop(descriptors);
  }
  // An event; or a packet of a ring whose depth and bytes nobody asks about.
  void pop() const { of_.ring_.pop(); }

  std::size_t slots_in_use() const { return of_.slots_in_use(); }

 private:
  bool knows_or_finds_more() const {
    if (of_.ring_.knows_more()) return true;
    if (!of_.ring_.look()) return false;
    of_.seen_at_us_ = of_.time_us_.load(std::memory_order_relaxed);  // published with the tail
    return true;
  }

  PacketRing& of_;
};

inline PacketRing::Producer PacketRing::producer() { return Producer(*this); }
inline PacketRing::Consumer PacketRing::consumer() { return Consumer(*this); }

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_PACKET_RING_H_
