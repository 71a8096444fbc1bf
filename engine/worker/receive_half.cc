#include "ringpeer/engine/worker/receive_half.h"

#include <cassert>
#include <utility>

#include "ringpeer/codec/base/clock.h"

namespace ringpeer::worker {
namespace {

// Batches after which consumers are woken although there are more: a consumer on another
// CPU begins meanwhile. 10 us of the worker's time, and 150 us where it reads the
// socket itself.
constexpr std::size_t kBatchesPerNotify = 4;

}  // namespace

ReceiveHalf::ReceiveHalf(const WorkerOptions& options, Counters& counters, WorkerWait& wait)
    : options_(options),
      counters_(counters),
      wait_(wait),
      slabs_(options.payload_budget, &home_),
      sockets_(wait) {}

bool ReceiveHalf::make_backend(backend::BackendFailure* failure) {
  backend_ = options_.use_uring ? make_uring_backend(options_.backend, &home_, failure)
                                : make_mmsg_backend(options_.backend, &home_, failure);
  return backend_ != nullptr;
}

bool ReceiveHalf::start(backend::BackendFailure* failure) {
  if (!backend_->start(failure)) return false;
  features_ = backend_->features();
  return true;
}

int ReceiveHalf::attach(backend::SocketSlot slot, int descriptor, DatagramSink* sink) {
  const int error = backend_->attach(slot, descriptor, sink->wants_control());
  if (error == 0) sockets_.add(slot, descriptor, sink);
  return error;
}

void ReceiveHalf::detach_all(backend::BackendFailure* failure) {
  const auto patience_ends = base::Clock::now() + kDetachPatience;
  sockets_.detach_all(*backend_, [&] {
    if (failure->error != 0 || base::Clock::now() > patience_ends ||
        !backend_->wait({.poll = true}, failure)) {
      return false;
    }
    drain(kMaxBatchesPerStep);
    reclaim();
    return true;
  });
}

// Counted first: nobody finds more packets delivered than received.
inline void ReceiveHalf::hand_over(const DatagramRun& run, Delivery& delivery) {
  assert(!run.datagrams.empty() && run.packets >= run.datagrams.size());
  counters_.add(Counter::kReceivedPackets, run.packets);
  counters_.add(Counter::kReceivedBytes, run.bytes);
  const backend::SocketSlot slot = run.datagrams.front().slot;
  DatagramSink* const sink = sockets_.sink_of(slot);
  if (sink != nullptr) [[likely]] {
    sink->deliver(run, delivery);
    sockets_.publish(slot);
    wait_.record(*sink, run);
    if (delivery.take_overrun()) [[unlikely]]
      sockets_.pause(slot, *backend_);
  } else {
    for (const backend::Datagram& datagram : run.datagrams) {
      delivery.drop(datagram, Counter::kDropClosed);
    }
  }
}

std::size_t ReceiveHalf::drain(std::size_t max_batches) {
  std::size_t total = 0;
  for (std::size_t pass = 0; pass < max_batches; ++pass) {
    const backend::Received received = backend_->receive(batch_);
    if (received.count == 0) {  // there may be answers alone that are no datagrams
      if (!received.may_be_more) break;
      continue;
    }
    total += received.count;
    // What came back meanwhile decides whether this batch is lent, copied or dropped.
    reclaim();
    looked_at_us_ = now_us();
    Delivery delivery(counters_, slabs_, looked_at_us_, backend_->has_buffers_to_lend());
    const std::span batch(batch_.data(), received.count);
    if (received.is_plain) [[likely]] {
      hand_over({batch, received.count, received.bytes}, delivery);
    } else {
      sort(batch, delivery);
    }
    if (!received.may_be_more) break;
    if ((pass + 1) % kBatchesPerNotify == 0) notify_consumers();
  }
  return total;
}

// The datagrams at the beginning of a batch that are of one socket and without fault. From here
// on each of their packets holds the buffer for itself.
DatagramRun ReceiveHalf::first_run(std::span<const backend::Datagram> batch) {
  assert(!batch.empty());
  DatagramRun run;
  const backend::SocketSlot slot = batch[0].slot;
  std::size_t length = 0;
  std::uint64_t trains_surplus = 0;
  for (; length < batch.size(); ++length) {
    const backend::Datagram& datagram = batch[length];
    if (datagram.slot != slot || datagram.fault != backend::DatagramFault::kNone) break;
    run.bytes += datagram.packet.size;
    if ((datagram.packet.segment_size | datagram.tail_size) != 0) [[unlikely]] {
      const std::uint32_t others = datagram.packet.packet_count() - 1;
      if (others > 0) datagram.packet.buffer->add_references(others);  // one for each packet
      trains_surplus += others;
      run.has_tails = run.has_tails || datagram.tail_size != 0;
    }
  }
  run.datagrams = batch.first(length);
  run.packets = length + trains_surplus;
  return run;
}

// Hands runs of datagrams of one socket to its sink.
void ReceiveHalf::sort(std::span<const backend::Datagram> batch, Delivery& delivery) {
  while (!batch.empty()) {
    const DatagramRun run = first_run(batch);
    if (run.datagrams.empty()) {
      count_fault(batch.front(), delivery);
      batch = batch.subspan(1);
      continue;
    }
    batch = batch.subspan(run.datagrams.size());
    hand_over(run, delivery);
  }
}

void ReceiveHalf::count_fault(const backend::Datagram& datagram, Delivery& delivery) {
  using backend::DatagramFault;
  if (datagram.fault == DatagramFault::kSocketError) {
    if (DatagramSink* sink = sockets_.sink_of(datagram.slot)) {
      sink->on_socket_error(datagram.error, delivery.now_us());
    }
    return;
  }
  counters_.add(Counter::kReceivedPackets, 1);
  delivery.drop_faulty(datagram, datagram.fault == DatagramFault::kTruncated
                                     ? Counter::kDropTruncated
                                     : Counter::kDropMalformed);
}

void ReceiveHalf::reclaim() {
  packet::PacketBuffer* buffer = home_.take_all();
  while (buffer != nullptr) {
    packet::PacketBuffer* next = buffer->next;
    if (buffer->kind == packet::BufferKind::kKernel) {
      // What was lent by one that is not used any more need not come back.
      if (former_backend_ == nullptr || backend_->owns(buffer)) backend_->recycle(buffer);
    } else {
      slabs_.free(buffer);
    }
    buffer = next;
  }
}

bool ReceiveHalf::make_uring_again() {
  backend::BackendFailure failure;
  auto fresh = make_uring_backend(options_.backend, &home_, &failure);
  if (fresh == nullptr || !fresh->start(&failure)) return false;
  backend_ = std::move(fresh);
  seen_events_ = {};
  return true;
}

// Completions are memory, which any thread may read, and what the kernel has not completed is still
// in the sockets, also while there is no memory for what takes the ring's place. Only what the
// kernel has completed and had no room for is lost: pumps leave none, but under a flood.
bool ReceiveHalf::leave_uring(backend::BackendFailure* failure) {
  if (!std::exchange(is_ring_closed_, true)) {
    while (drain(kMaxBatchesPerStep) > 0) continue;
    notify_consumers();
    record_events();
    has_lost_with_ring_ = backend_->has_overflowed();
    backend_->give_up();
  }
  auto next = make_mmsg_backend(options_.backend, &home_, failure);
  if (next == nullptr || !next->start(failure)) return false;
  if (const int error = sockets_.attach_to(*next); error != 0) {
    *failure = {error, "epoll"};
    return false;
  }
  former_backend_ = std::exchange(backend_, std::move(next));
  seen_events_ = {};
  has_left_uring_.store(true, std::memory_order_release);
  return true;
}

}  // namespace ringpeer::worker
