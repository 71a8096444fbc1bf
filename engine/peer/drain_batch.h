#ifndef RINGPEER_DRAIN_BATCH_H_
#define RINGPEER_DRAIN_BATCH_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/net/endpoint.h"
#include "ringpeer/net/local_address.h"
#include "ringpeer/packet/packet_buffer.h"

namespace ringpeer {

class PacketPeerUDP;

// How much one drain may do: whichever limit comes first ends it. What is left waits
// for the next.
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
  // The peer it belongs to; null from a server that keeps no peers. Valid while the
  // application keeps the peer.
  PacketPeerUDP* peer = nullptr;
  // When the worker got it, or with SocketOptions::receive_timestamps the kernel.
  std::chrono::steady_clock::time_point arrived;
};

class DrainBatch;

namespace internal {

// What a batch takes its packets from. One batch at a time.
class DrainSource {
 public:
  DrainSource() = default;
  DrainSource(const DrainSource&) = delete;
  DrainSource& operator=(const DrainSource&) = delete;

  // The next packet. *buffer is what the caller has to release after it, null when
  // another packet of the same train still needs it. False when nothing waits.
  virtual bool take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) = 0;
  virtual void note_delivered(std::uint64_t packets, std::uint64_t bytes) = 0;
  virtual const std::shared_ptr<Engine>& engine() const = 0;
  // A buffer that a view of the open batch may look into is the batch's to release.
  // False when there is none.
  bool leave_to_batch(packet::PacketBuffer* buffer);

 protected:
  // Derived classes end_batch() first.
  virtual ~DrainSource() = default;
  // Ends the batch that is open, which keeps its buffers.
  void end_batch();

 private:
  friend class ringpeer::DrainBatch;
  struct Run {
    packet::PacketBuffer* buffer;
    std::int64_t references;
  };
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

  // Takes the next packet. False when the budget is used up or nothing waits.
  bool next(ReceivedPacket* packet);

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
      if (!batch_->next(&batch_->current_)) batch_ = nullptr;
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
  using Clock = std::chrono::steady_clock;
  using Run = internal::DrainSource::Run;

  void hold(packet::PacketBuffer* buffer);
  void close();

  std::shared_ptr<Engine> engine_;  // whose memory the views look into
  internal::DrainSource* source_;
  std::size_t packets_left_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::vector<Run> runs_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
  ReceivedPacket current_;
};

}  // namespace ringpeer

#endif  // RINGPEER_DRAIN_BATCH_H_
