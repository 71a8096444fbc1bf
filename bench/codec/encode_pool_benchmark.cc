// Taking a buffer and giving it back: the pool's stack, moodycamel's queue as a free
// list, and malloc, from one and from several threads.

#include "concurrentqueue.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "ringpeer/codec/wire/encode_pool.h"

namespace ringpeer::bench {
namespace {

constexpr std::size_t kBuffers = 16;
constexpr int kMaxThreads = 4;

// What an encoder does to the buffer: without it a cold one would cost nothing.
void touch(std::uint8_t* buffer) {
  for (std::size_t i = 0; i < 128; i += 64) buffer[i] = 1;
  benchmark::ClobberMemory();
}

void pool_stack(benchmark::State& state) {
  static EncodePool pool({.prefilled_per_class = kBuffers, .kept_per_class = kBuffers});
  for (auto _ : state) {
    const EncodePool::Lease lease = pool.lease(EncodePool::kMaxBuffer);
    touch(lease.data());
  }
}
BENCHMARK(pool_stack)->ThreadRange(1, kMaxThreads);

class RemoteQueues {
 public:
  RemoteQueues() {
    for (std::size_t i = 0; i < kBuffers; ++i) {
      buffers_.push_back(std::make_unique<std::uint8_t[]>(EncodePool::kMaxBuffer));
      queue_.enqueue(buffers_.back().get());
    }
  }
  std::uint8_t* take() {
    std::uint8_t* buffer = nullptr;
    // The queue may miss an element that is being enqueued.
    while (!queue_.try_dequeue(buffer)) {
    }
    return buffer;
  }
  void give_back(std::uint8_t* buffer) { queue_.enqueue(buffer); }

 private:
  moodycamel::ConcurrentQueue<std::uint8_t*> queue_;
  std::vector<std::unique_ptr<std::uint8_t[]>> buffers_;
};

void concurrent_queue(benchmark::State& state) {
  static RemoteQueues pool;
  for (auto _ : state) {
    std::uint8_t* const buffer = pool.take();
    touch(buffer);
    pool.give_back(buffer);
  }
}
BENCHMARK(concurrent_queue)->ThreadRange(1, kMaxThreads);

void heap(benchmark::State& state) {
  for (auto _ : state) {
    auto* const buffer = static_cast<std::uint8_t*>(std::malloc(EncodePool::kMaxBuffer));
    touch(buffer);
    std::free(buffer);
  }
}
BENCHMARK(heap)->ThreadRange(1, kMaxThreads);

}  // namespace
}  // namespace ringpeer::bench
