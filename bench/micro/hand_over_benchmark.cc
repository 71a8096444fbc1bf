// The whole hand-over without the kernel: a worker's side fills descriptors of packets that
// lie in shared buffers and publishes them in runs; the consumer reads windows of them,
// gives the buffers back, and the worker's side takes them home and uses them again.
// Once through the engine's ring, once through moodycamel's queue.

// First, for its reason see ring/mpsc_queue.h.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "ringpeer/bench/micro/per_packet.h"
#include "ringpeer/bench/micro/queue_bound.h"
#include "ringpeer/bench/micro/two_cpus.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/packet/packet_ring.h"
#include "ringpeer/engine/ring/mpsc_queue.h"

namespace ringpeer::bench {
namespace {

using packet::PacketBuffer;
using packet::PacketDescriptor;

constexpr std::size_t kCapacity = 4096;
constexpr std::size_t kMaxRun = 64;
constexpr std::size_t kWindow = 64;  // what a DrainBatch looks at in one go
constexpr std::uint16_t kPacketSize = 64;

// As the io_uring backend has them: fewer than the ring has slots for, so that the way home
// is part of the measurement.
constexpr std::size_t kBuffers = 64;
constexpr std::uint32_t kPacketsPerBuffer = 32;

// The worker's side of packet memory: buffers that packets are laid into one after another.
class PacketSource {
 public:
  PacketSource() : buffers_(kBuffers), memory_(kPacketsPerBuffer * kPacketSize) {
    for (PacketBuffer& buffer : buffers_) {
      buffer.home = &home_;
      buffer.memory = memory_.data();
      spare_.push_back(&buffer);
    }
  }

  // Writes as many descriptors as there is memory for, and returns how many.
  std::size_t fill(std::span<PacketDescriptor> slots) {
    std::size_t count = 0;
    for (; count < slots.size() && has_open(); ++count) {
      slots[count] = {
          open_->memory + open_->issued * kPacketSize, open_, nullptr, sequence_++, kPacketSize, 0};
      if (++open_->issued < kPacketsPerBuffer) continue;
      open_->retire();
      open_ = nullptr;
    }
    return count;
  }

  void reclaim() {
    for (PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      PacketBuffer* const next = buffer->next;
      spare_.push_back(buffer);
      buffer = next;
    }
  }

  // Once everything was given back.
  bool is_complete() {
    if (open_ != nullptr) open_->retire();
    open_ = nullptr;
    reclaim();
    return spare_.size() == kBuffers;
  }

 private:
  bool has_open() {
    if (open_ != nullptr) return true;
    if (spare_.empty()) return false;
    open_ = spare_.back();
    spare_.pop_back();
    open_->open();
    return true;
  }

  packet::BufferReturn home_;
  std::vector<PacketBuffer> buffers_;
  std::vector<std::uint8_t> memory_;
  std::vector<PacketBuffer*> spare_;
  PacketBuffer* open_ = nullptr;
  std::uint32_t sequence_ = 0;
};

// What the consumer does with packets: checks their order, gives their buffers back.
class Application {
 public:
  void take(std::span<const PacketDescriptor> packets) {
    for (const PacketDescriptor& packet : packets) {
      in_order_ &= packet.received_at_us == expected_++;
      bytes_ += packet.size;
      release_.add(packet.buffer);
    }
  }
  void flush() { release_.flush(); }
  bool in_order() const { return in_order_; }
  std::uint64_t take_bytes() { return std::exchange(bytes_, 0); }

 private:
  packet::PacketRelease release_;
  std::uint32_t expected_ = 0;
  std::uint64_t bytes_ = 0;
  bool in_order_ = true;
};

// Both carriers have: put(source, run), the worker's side, and take(application), the
// consumer's; each returns the number of packets.

class ThroughPacketRing {
 public:
  std::size_t put(PacketSource& source, std::size_t run) {
    if (!ring_.producer().has_slots(run) || !ring_.producer().has_bytes(run * kCharge)) return 0;
    std::size_t written = 0;
    while (written < run) {
      const auto slots = ring_.producer().next_slots(run - written);
      const std::size_t filled = source.fill(slots);
      ring_.producer().stage_written(filled);
      written += filled;
      if (filled < slots.size()) break;
    }
    ring_.producer().count_staged(written, written * kCharge);
    ring_.producer().publish();
    return written;
  }
  std::size_t take(Application& application) {
    const auto window = ring_.consumer().front_run(kWindow);
    const std::size_t count = window.size();
    if (count == 0) return 0;
    application.take(window);
    ring_.consumer().take(count, count, application.take_bytes() + count * packet::kRecordOverhead);
    return count;
  }

 private:
  static constexpr std::uint64_t kCharge = kPacketSize + packet::kRecordOverhead;
  packet::PacketRing ring_{kCapacity, kCapacity* kCharge};
};

class ThroughMoodycamel {
 public:
  std::size_t put(PacketSource& source, std::size_t run) {
    if (bound_.room(run) < run) return 0;
    const std::size_t count = source.fill({staged_.data(), run});
    if (count > 0) queue_.push_bulk(producer_, staged_.data(), count);
    bound_.did_put(count);
    return count;
  }
  std::size_t take(Application& application) {
    const std::size_t count = queue_.pop_bulk(consumer_, window_.data(), window_.size());
    if (count == 0) return 0;
    application.take({window_.data(), count});
    application.take_bytes();
    bound_.did_take(count);
    return count;
  }

 private:
  ring::MpscQueue<PacketDescriptor> queue_{kCapacity};
  ring::MpscQueue<PacketDescriptor>::Producer producer_{queue_};
  ring::MpscQueue<PacketDescriptor>::Consumer consumer_{queue_};
  QueueBound bound_{kCapacity};
  std::array<PacketDescriptor, kMaxRun> staged_{};
  alignas(ring::kInterferenceSize) std::array<PacketDescriptor, kWindow> window_{};
};

// After the last packet: every one has come, in order, and every buffer is home.
void check(benchmark::State& state, PacketSource& source, Application& application) {
  application.flush();
  if (!application.in_order()) state.SkipWithError("the order changed");
  if (!source.is_complete()) state.SkipWithError("a buffer was lost");
}

// What a packet costs when nobody disturbs: both sides on one thread.
template <typename Carrier>
void one_thread(benchmark::State& state) {
  const auto run = static_cast<std::size_t>(state.range(0));
  Carrier carrier;
  PacketSource source;
  Application application;
  for (auto step : state) {
    if (carrier.put(source, run) != run || carrier.take(application) != run) {
      state.SkipWithError("packets were lost");
      break;
    }
    source.reclaim();
  }
  check(state, source, application);
  report_packets(state, state.iterations() * state.range(0));
}

// The worker's side on CPU 0 as fast as it can, the measured consumer on CPU 1.
template <typename Carrier>
void two_threads(benchmark::State& state) {
  if (!has_two_cpus()) {
    state.SkipWithError("needs CPUs 0 and 1");
    return;
  }
  const auto run = static_cast<std::size_t>(state.range(0));
  Carrier carrier;
  PacketSource source;
  Application application;
  std::atomic<bool> stop{false};
  std::thread producer([&] {
    const PinnedToCpu pinned(kProducerCpu);
    while (!stop.load(std::memory_order_relaxed)) {
      carrier.put(source, run);
      source.reclaim();
    }
  });
  std::int64_t taken = 0;
  {
    const PinnedToCpu pinned(kConsumerCpu);
    for (auto step : state) {
      std::size_t count = 0;
      while ((count = carrier.take(application)) == 0) {
      }
      taken += static_cast<std::int64_t>(count);
    }
  }
  stop = true;
  producer.join();
  while (carrier.take(application) > 0) {
  }
  check(state, source, application);
  report_packets(state, taken);
}

#define RINGPEER_BENCHMARK_CARRIER(Carrier)                                              \
  BENCHMARK(one_thread<Carrier>)->ArgName("run")->Arg(1)->Arg(8)->Arg(32)->Arg(kMaxRun); \
  BENCHMARK(two_threads<Carrier>)                                                        \
      ->ArgName("run")                                                                   \
      ->Arg(1)                                                                           \
      ->Arg(8)                                                                           \
      ->Arg(32)                                                                          \
      ->Arg(kMaxRun)                                                                     \
      ->UseRealTime()

RINGPEER_BENCHMARK_CARRIER(ThroughPacketRing);
RINGPEER_BENCHMARK_CARRIER(ThroughMoodycamel);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
