#ifndef RINGPEER_ENGINE_CORE_DRAIN_BATCH_H_
#define RINGPEER_ENGINE_CORE_DRAIN_BATCH_H_

#include "ringpeer/codec/base/language.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_descriptor.h"

namespace ringpeer {

class PacketPeerUDP;

// How much one drain may do: whichever limit comes first ends it. What is left waits
// for the next. Without any limit it takes at most as many packets as the queues may hold, so
// that it ends whatever comes meanwhile.
struct DrainBudget {
  std::size_t max_packets = std::numeric_limits<std::size_t>::max();
  // Of drain and of whatever the caller does with its packets, looked at before each
  // packet; 0: no limit.
  std::chrono::microseconds max_time{0};
};

// A packet with all that is known of it.
struct ReceivedPacket {
  std::span<const std::uint8_t> payload;
  net::Endpoint sender;
  // The address of this machine that it was sent to; is_known() only with
  // SocketOptions::reply_from_received_address.
  net::LocalAddress local;
  // Of a server that keeps peers the one it belongs to, else null. Valid while the application
  // keeps the peer.
  PacketPeerUDP* peer = nullptr;
  // When the worker got it, or with SocketOptions::receive_timestamps the kernel.
  std::chrono::steady_clock::time_point arrived;
};

class DrainBatch;

namespace internal {

// Descriptors that wait one behind another in a source's queue, for its batch to take
// packets from without a call for each.
struct DrainWindow {
  std::span<packet::PacketDescriptor> descriptors;
  // When all of them had come, in two forms, to tell the times of arrival by.
  std::chrono::steady_clock::time_point seen;
  std::uint32_t seen_us = 0;
};

// What was taken since the last report of it.
struct DrainProgress {
  std::size_t descriptors = 0;  // of the window, to their end
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// What a batch takes its packets from. One batch at a time, which the source ends when it goes
// away.
//
// Threads: the consumer.
class DrainSource {
 public:
  explicit DrainSource(bool has_windows = false) : has_windows_(has_windows) {}
  DrainSource(const DrainSource&) = delete;
  DrainSource& operator=(const DrainSource&) = delete;

  // A batch begins: the source may look for what it does not know of yet.
  virtual void begin_batch() {}
  // The packets that a batch without a budget takes at most.
  virtual std::size_t most_of_a_batch() const = 0;
  // The next descriptors, not more than that, none when nothing waits; they stay the
  // source's until their taking is noted. Only with has_windows(), which is constant.
  bool has_windows() const { return has_windows_; }
  virtual DrainWindow next_window(std::size_t /*most*/) { return {}; }
  // Without windows: the next packet, with a reference to *buffer. False when nothing waits.
  virtual bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) = 0;
  virtual void record_taken(const DrainProgress& progress) = 0;
  // A batch has ended by its budget: more may wait.
  virtual void remind() {}
  virtual const std::shared_ptr<Engine>& engine() const = 0;

 protected:
  // Derived classes end_batch() first.
  virtual ~DrainSource() = default;
  // Ends the batch that is open, which keeps its buffers.
  void end_batch();
  // Has the taking of all that the open batch has taken noted, before the source looks at
  // its queue for anybody else.
  void settle() {
    if (open_batch_ != nullptr) [[unlikely]]
      settle_batch();
  }

 private:
  friend class ringpeer::DrainBatch;
  void settle_batch();
  struct Run {
    packet::PacketBuffer* buffer;
    std::int64_t references;
  };
  const bool has_windows_;
  DrainBatch* open_batch_ = nullptr;
  std::vector<Run> spare_runs_;  // memory for the next batch
};

}  // namespace internal

// Packets taken in one go, as views into the memory that the kernel wrote them to. All
// of them stay valid until the batch ends, which gives the memory back: keep a batch
// for a tick, not for a match.
//
//   for (const ReceivedPacket& packet : server.drain({.max_packets = 2000})) ...
//
// Packets are taken one by one as the loop asks for them. Peers may be closed and the
// server stopped on the way: the loop then ends, or goes on with the others.
//
// Threads: the consumer's. One batch of a peer or server at a time; a second one is
// empty. Nothing is allocated once a batch as large has been seen.
class DrainBatch {
 public:
  // source may be null: an empty batch.
  DrainBatch(internal::DrainSource* source, const DrainBudget& budget);
  ~DrainBatch();
  DrainBatch(const DrainBatch&) = delete;
  DrainBatch& operator=(const DrainBatch&) = delete;

  // Takes the next packet. False when the budget is used up, nothing waits or there is no memory
  // for more views, which then wait.
  bool next(ReceivedPacket* packet) {
    if (window_next_ >= plain_end_) [[unlikely]]
      return next_slowly(packet);
    packet->local = {};
    packet->peer = nullptr;
    take_from_window(packet);
    return true;
  }

  // Packets taken so far.
  std::size_t count() const { return count_; }

  // An input iterator over what next() gives.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = ReceivedPacket;
    using difference_type = std::ptrdiff_t;
    using pointer = const ReceivedPacket*;
    using reference = const ReceivedPacket&;

    explicit Iterator(DrainBatch* batch) : batch_(batch) { ++*this; }
    reference operator*() const { return batch_->current_; }
    pointer operator->() const { return &batch_->current_; }
    Iterator& operator++() {
      if (!batch_->next_current()) batch_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) {
      return a.batch_ == nullptr;
    }

   private:
    DrainBatch* batch_;
  };
  Iterator begin() { return Iterator(this); }
  static std::default_sentinel_t end() { return {}; }

 private:
  friend class internal::DrainSource;
  using Clock = base::Clock;
  using Run = internal::DrainSource::Run;

  // next() for the iterators: from a window, current_ has no local address and no peer
  // since it was made.
  bool next_current() {
    if (window_next_ >= plain_end_) [[unlikely]]
      return next_slowly(&current_);
    take_from_window(&current_);
    return true;
  }
  bool next_slowly(ReceivedPacket* packet);
  bool load_window();
  void take_from_window(ReceivedPacket* packet);
  void take_part_of_train(ReceivedPacket* packet);
  void hold(packet::PacketBuffer* buffer) {
    if (run_.buffer == buffer) [[likely]] {
      ++run_.references;
    } else {
      hold_another(buffer);
    }
  }
  void hold_another(packet::PacketBuffer* buffer);
  // So that what is taken can be held.
  bool has_room_for(std::size_t runs) {
    return runs_.capacity() - runs_.size() >= runs || make_room_for(runs);
  }
  bool make_room_for(std::size_t runs);
  void settle();
  void forget_window();
  void close();

  std::shared_ptr<Engine> engine_;  // kept alive once the source is gone
  internal::DrainSource* source_;
  // What is left of the window; begin_ is where its taking was last noted.
  packet::PacketDescriptor* window_begin_ = nullptr;
  packet::PacketDescriptor* window_next_ = nullptr;
  packet::PacketDescriptor* window_end_ = nullptr;
  Clock::time_point window_seen_;
  std::uint32_t window_seen_us_ = 0;
  // The window's end, if no limit of packets or time has to be looked at before it.
  packet::PacketDescriptor* plain_end_ = nullptr;
  std::size_t most_packets_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Run run_{nullptr, 0};  // of the packets taken last
  std::vector<Run> runs_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
  // Of these the source knows.
  std::size_t recorded_count_ = 0;
  std::uint64_t recorded_bytes_ = 0;
  ReceivedPacket current_;
};

inline void DrainBatch::take_from_window(ReceivedPacket* packet) {
  packet::PacketDescriptor& descriptor = *window_next_;
  net::read_socket_address(descriptor.source, &packet->sender);
  const std::uint32_t before_us = window_seen_us_ - descriptor.received_at_us;
  packet->arrived = window_seen_ - std::chrono::microseconds(before_us);
  ++count_;
  hold(descriptor.buffer);
  if (descriptor.segment_size != 0) [[unlikely]] {
    take_part_of_train(packet);
    return;
  }
  packet->payload = {descriptor.payload, descriptor.size};
  bytes_ += descriptor.size;
  ++window_next_;
}

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_CORE_DRAIN_BATCH_H_
