// The queues that could carry descriptors from a worker to the application, one thread
// to another, with the same 32-byte element: which one stands on which edge is decided
// by these figures (docs/benchmarks_tables.md).

// First, for its reason see ring/mpsc_queue.h.
#include "concurrentqueue.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "ringpeer/bench/micro/queue_bound.h"
#include "ringpeer/bench/micro/two_cpus.h"
#include "ringpeer/engine/ring/mpsc_queue.h"
#include "ringpeer/engine/ring/spsc_ring.h"

namespace ringpeer::bench {
namespace {

// As large as a packet descriptor.
struct Element {
  std::uint64_t sequence = 0;
  std::array<std::uint64_t, 3> rest{};
};

// Elements that may be under way: the size of a worker's ring.
constexpr std::size_t kCapacity = 4096;
constexpr std::size_t kMaxBatch = 128;

// Every queue below has: put(values, count), how many were taken in, and take(values,
// most), how many came out.

class Spsc {
 public:
  std::size_t put(const Element* values, std::size_t count) {
    std::size_t taken = 0;
    while (taken < count && ring_.push(values[taken])) ++taken;
    ring_.publish();
    return taken;
  }
  std::size_t take(Element* values, std::size_t most) {
    std::size_t count = 0;
    for (const Element* front = nullptr; count < most && (front = ring_.front()) != nullptr;) {
      values[count++] = *front;
      ring_.pop();
    }
    return count;
  }

 private:
  ring::SpscRing<Element> ring_{kCapacity};
};

class MoodycamelBulkTokens {
 public:
  std::size_t put(const Element* values, std::size_t count) {
    const std::size_t room = bound_.room(count);
    if (room > 0) queue_.push_bulk(producer_, values, room);
    bound_.did_put(room);
    return room;
  }
  std::size_t take(Element* values, std::size_t most) {
    const std::size_t count = queue_.pop_bulk(consumer_, values, most);
    bound_.did_take(count);
    return count;
  }

 private:
  ring::MpscQueue<Element> queue_{kCapacity};
  ring::MpscQueue<Element>::Producer producer_{queue_};
  ring::MpscQueue<Element>::Consumer consumer_{queue_};
  QueueBound bound_{kCapacity};
};

class MoodycamelSingleTokens {
 public:
  std::size_t put(const Element* values, std::size_t count) {
    const std::size_t room = bound_.room(count);
    for (std::size_t i = 0; i < room; ++i) queue_.enqueue(producer_, values[i]);
    bound_.did_put(room);
    return room;
  }
  std::size_t take(Element* values, std::size_t most) {
    std::size_t count = 0;
    while (count < most && queue_.try_dequeue(consumer_, values[count])) ++count;
    bound_.did_take(count);
    return count;
  }

 private:
  moodycamel::ConcurrentQueue<Element> queue_{kCapacity};
  moodycamel::ProducerToken producer_{queue_};
  moodycamel::ConsumerToken consumer_{queue_};
  QueueBound bound_{kCapacity};
};

class MoodycamelWithoutTokens {
 public:
  std::size_t put(const Element* values, std::size_t count) {
    const std::size_t room = bound_.room(count);
    if (room > 0) queue_.enqueue_bulk(values, room);
    bound_.did_put(room);
    return room;
  }
  std::size_t take(Element* values, std::size_t most) {
    const std::size_t count = queue_.try_dequeue_bulk(values, most);
    bound_.did_take(count);
    return count;
  }

 private:
  moodycamel::ConcurrentQueue<Element> queue_{kCapacity};
  QueueBound bound_{kCapacity};
};

class MutexAndDeque {
 public:
  std::size_t put(const Element* values, std::size_t count) {
    const std::lock_guard lock(mutex_);
    const std::size_t room = std::min(count, kCapacity - queue_.size());
    queue_.insert(queue_.end(), values, values + room);
    return room;
  }
  std::size_t take(Element* values, std::size_t most) {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min(most, queue_.size());
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = queue_.front();
      queue_.pop_front();
    }
    return count;
  }

 private:
  std::mutex mutex_;
  std::deque<Element> queue_;
};

// What an element costs when nobody disturbs: put and take on one thread.
template <typename Queue>
void one_thread(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  Queue queue;
  std::array<Element, kMaxBatch> values{};
  for (auto step : state) {
    if (queue.put(values.data(), batch) != batch || queue.take(values.data(), batch) != batch) {
      state.SkipWithError("the queue lost elements");
      break;
    }
    benchmark::DoNotOptimize(values);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// A producer on CPU 0 as fast as it can, the measured consumer on CPU 1.
template <typename Queue>
void two_threads(benchmark::State& state) {
  if (!has_two_cpus()) {
    state.SkipWithError("needs CPUs 0 and 1");
    return;
  }
  const auto batch = static_cast<std::size_t>(state.range(0));
  Queue queue;
  std::atomic<bool> stop{false};
  std::thread producer([&] {
    const PinnedToCpu pinned(kProducerCpu);
    std::array<Element, kMaxBatch> values{};
    std::uint64_t next = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::size_t i = 0; i < batch; ++i) values[i].sequence = next + i;
      next += queue.put(values.data(), batch);
    }
  });
  const PinnedToCpu pinned(kConsumerCpu);
  std::array<Element, kMaxBatch> values{};
  std::uint64_t expected = 0;
  std::int64_t taken = 0;
  bool in_order = true;
  for (auto step : state) {
    std::size_t count = 0;
    while ((count = queue.take(values.data(), batch)) == 0) {
    }
    for (std::size_t i = 0; i < count; ++i) in_order &= values[i].sequence == expected++;
    taken += static_cast<std::int64_t>(count);
  }
  stop = true;
  producer.join();
  if (!in_order) state.SkipWithError("the queue changed the order");
  state.SetItemsProcessed(taken);
}

#define RINGPEER_BENCHMARK_QUEUE(Queue)                            \
  BENCHMARK(one_thread<Queue>)->Arg(1)->Arg(8)->Arg(32)->Arg(128); \
  BENCHMARK(two_threads<Queue>)->Arg(1)->Arg(8)->Arg(32)->Arg(128)->UseRealTime()

RINGPEER_BENCHMARK_QUEUE(Spsc);
RINGPEER_BENCHMARK_QUEUE(MoodycamelBulkTokens);
RINGPEER_BENCHMARK_QUEUE(MoodycamelSingleTokens);
RINGPEER_BENCHMARK_QUEUE(MoodycamelWithoutTokens);
RINGPEER_BENCHMARK_QUEUE(MutexAndDeque);

}  // namespace
}  // namespace ringpeer::bench

BENCHMARK_MAIN();
