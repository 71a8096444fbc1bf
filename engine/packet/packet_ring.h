#ifndef RINGPEER_ENGINE_PACKET_PACKET_RING_H_
#define RINGPEER_ENGINE_PACKET_PACKET_RING_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::packet {

// The ring between a worker and a consumer: bounded in descriptors and in bytes.
// depth() is what get_available_packet_count says.
//
// Descriptors have 32 bits for their time of arrival. The worker leaves its whole clock with
// what it publishes; the consumer reads that together with the tail, and makes times whole by it
// however long it was away: only a packet that comes more than 71 minutes before the last one
// that the consumer learns of together with it looks younger than it is.
//
// Threads: rewind_if_empty, has_slots, has_bytes, has_bytes_for_run, is_nearly_empty,
// is_half_full, push, next_slots, stage_written, count_staged, record_time, publish: the worker.
// front, front_run, seen_at_us, arrival_us, take, pop: the consumer. depth: any thread.
class PacketRing {
 public:
  // max_bytes bounds the sum of the descriptors' charges.
  PacketRing(std::size_t capacity, std::uint64_t max_bytes)
      : ring_(capacity), max_bytes_(max_bytes) {}

  bool has_slots(std::size_t wanted = 1) { return ring_.has_free_slots(wanted); }
  bool has_bytes(std::uint64_t charge) {
    if (staged_bytes_ - known_taken_bytes_ + charge <= max_bytes_) return true;
    known_taken_bytes_ = taken_bytes_.load(std::memory_order_acquire);
    return fits_queue(staged_bytes_ - known_taken_bytes_, charge, max_bytes_);
  }

  // The same for several packets: an empty queue takes any one of them, but not more than it
  // may hold.
  bool has_bytes_for_run(std::uint64_t charge) {
    if (staged_bytes_ - known_taken_bytes_ + charge <= max_bytes_) return true;
    known_taken_bytes_ = taken_bytes_.load(std::memory_order_acquire);
    return staged_bytes_ - known_taken_bytes_ + charge <= max_bytes_;
  }

  // Before a batch: see SpscRing.
  void rewind_if_empty() { ring_.rewind_if_empty(); }

  // A quarter of what it holds at most is left.
  bool is_nearly_empty() const {
    return bytes_in_use() <= max_bytes_ / 4 && ring_.size() <= ring_.capacity() / 4;
  }
  bool is_half_full() const {
    return bytes_in_use() >= max_bytes_ / 2 || ring_.size() >= ring_.capacity() / 2;
  }

  // After has_slots() and has_bytes().
  void push(const PacketDescriptor& descriptor) {
    ring_.stage(descriptor);
    count_staged(descriptor.packet_count(), descriptor.charge());
  }
  // The same for several: next_slots() are to be written, in as many pieces as it takes, and
  // then count_staged() once with the sums.
  std::span<PacketDescriptor> next_slots(std::size_t most) { return ring_.next_slots(most); }
  void stage_written(std::size_t descriptors) { ring_.stage_written(descriptors); }
  void count_staged(std::uint64_t packets, std::uint64_t charge) {
    staged_packets_ += packets;
    staged_bytes_ += charge;
  }
  // A message between the ring's two ends that is no packet: it counts in no limit
  // but that of slots.
  bool push_event(const PacketDescriptor& event) { return ring_.push(event); }

  // The clock, not before any time of arrival that is published next.
  void record_time(std::uint64_t now_us) { time_us_.store(now_us, std::memory_order_relaxed); }

  // The count follows the packets, so that what depth() says can always be taken.
  void publish() {
    ring_.publish();
    published_packets_.store(staged_packets_, std::memory_order_release);
  }

  std::size_t slots_in_use() const { return ring_.size(); }
  PacketDescriptor* front() { return knows_or_finds_more() ? ring_.front() : nullptr; }
  std::span<PacketDescriptor> front_run(std::size_t most) {
    return knows_or_finds_more() ? ring_.front_run(most) : std::span<PacketDescriptor>();
  }

  // The worker's clock when the consumer learnt of what is in front.
  std::uint64_t seen_at_us() const { return seen_at_us_; }
  // The whole time of arrival of something that was in front since then.
  std::uint64_t arrival_us(std::uint32_t received_at_us) const {
    return seen_at_us_ - (static_cast<std::uint32_t>(seen_at_us_) - received_at_us);
  }
  // The consumer has taken packets of this charge for good, and with them the last one of each
  // of the first `descriptors`, which leave the ring. Their charge is free before their slots
  // are: a ring that the worker finds empty has room for all that it may hold.
  void take(std::size_t descriptors, std::uint64_t packets, std::uint64_t charge) {
    taken_packets_.store(taken_packets_.load(std::memory_order_relaxed) + packets,
                         std::memory_order_release);
    taken_bytes_.store(taken_bytes_.load(std::memory_order_relaxed) + charge,
                       std::memory_order_release);
    if (descriptors > 0) ring_.pop(descriptors);
  }
  // An event; or a packet of a ring whose depth and bytes nobody asks about.
  void pop() { ring_.pop(); }

  std::size_t depth() const {
    const std::uint64_t taken = taken_packets_.load(std::memory_order_acquire);
    const std::uint64_t published = published_packets_.load(std::memory_order_acquire);
    // The consumer may have taken packets that the worker is about to count.
    return published > taken ? published - taken : 0;
  }

 private:
  bool knows_or_finds_more() {
    if (ring_.knows_more()) return true;
    if (!ring_.look()) return false;
    seen_at_us_ = time_us_.load(std::memory_order_relaxed);  // published with the tail
    return true;
  }
  std::uint64_t bytes_in_use() const {
    return staged_bytes_ - taken_bytes_.load(std::memory_order_acquire);
  }

  ring::SpscRing<PacketDescriptor> ring_;

  // Written by the worker.
  const std::uint64_t max_bytes_;
  std::uint64_t staged_bytes_ = 0;
  std::uint64_t staged_packets_ = 0;
  std::uint64_t known_taken_bytes_ = 0;
  std::atomic<std::uint64_t> published_packets_{0};
  std::atomic<std::uint64_t> time_us_{0};

  // Written by the consumer.
  alignas(ring::kInterferenceSize) std::atomic<std::uint64_t> taken_packets_{0};
  std::atomic<std::uint64_t> taken_bytes_{0};
  std::uint64_t seen_at_us_ = 0;
};

}  // namespace ringpeer::packet

#endif  // RINGPEER_ENGINE_PACKET_PACKET_RING_H_
