#ifndef RINGPEER_ENGINE_RING_MPSC_QUEUE_H_
#define RINGPEER_ENGINE_RING_MPSC_QUEUE_H_

// Before anything that includes <linux/fs.h> (liburing does): its macro BLOCK_SIZE
// breaks moodycamel's header.
#include "concurrentqueue.h"

#include <cstddef>
#include <new>
#include <utility>

namespace ringpeer::ring {

namespace internal {

// Memory from where all of the engine's comes from, which an application may have replaced.
struct QueueTraits : moodycamel::ConcurrentQueueDefaultTraits {
  static void* malloc(std::size_t size) { return ::operator new(size, std::nothrow); }
  static void free(void* memory) { ::operator delete(memory); }
};

}  // namespace internal

// A queue from any number of producer threads to consumers, without locks: a thin
// wrapper on moodycamel::ConcurrentQueue that leaves only the fast forms, with
// explicit tokens and in bulk. Order is kept per Producer.
//
// The queue itself is not bounded (its try_enqueue can fail on an empty queue once
// another producer has grown, so it is no bound either): whoever uses it bounds what
// goes in. It allocates until it has seen its peak, then no more.
//
// Threads: a Producer belongs to one thread at a time, as does a Consumer.
template <typename T>
class MpscQueue {
 public:
  explicit MpscQueue(std::size_t expected) : queue_(expected) {}

  class Producer {
   public:
    explicit Producer(MpscQueue& queue) : token_(queue.queue_) {}
    // False when there was no memory for it: nothing can be pushed with it.
    bool is_valid() const { return token_.valid(); }

   private:
    friend class MpscQueue;
    moodycamel::ProducerToken token_;
  };

  class Consumer {
   public:
    explicit Consumer(MpscQueue& queue) : token_(queue.queue_) {}

   private:
    friend class MpscQueue;
    moodycamel::ConsumerToken token_;
  };

  // False only when memory is exhausted.
  bool push(Producer& producer, const T& value) { return queue_.enqueue(producer.token_, value); }
  bool push_bulk(Producer& producer, const T* values, std::size_t count) {
    return queue_.enqueue_bulk(producer.token_, values, count);
  }

  // What is there, more or less. Any thread.
  std::size_t size() const { return queue_.size_approx(); }

  // Up to `count` of what came in through one producer, in order. Any consumer.
  std::size_t pop_bulk_of(const Producer& producer, T* values, std::size_t count) {
    return queue_.try_dequeue_bulk_from_producer(producer.token_, values, count);
  }

  // Up to `count` of what is there. An element whose push happened before the call
  // is found; one pushed meanwhile may be missed.
  std::size_t pop_bulk(Consumer& consumer, T* values, std::size_t count) {
    return queue_.try_dequeue_bulk(consumer.token_, values, count);
  }

 private:
  using Queue = moodycamel::ConcurrentQueue<T, internal::QueueTraits>;
  Queue queue_;
};

}  // namespace ringpeer::ring

#endif  // RINGPEER_ENGINE_RING_MPSC_QUEUE_H_
