#ifndef RINGPEER_TESTS_CODEC_SUPPORT_SMALL_STACK_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_SMALL_STACK_H_

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstddef>

#include "ringpeer/tests/codec/support/allocation_counter.h"

namespace ringpeer::testing {

// Runs it on a thread with the stack that docs/wire.md says is enough for everything that a peer
// can nest. The sanitizers that bring a heap bring larger frames as well.
template <typename Run>
void on_small_stack(Run run) {
  constexpr std::size_t kPlainStack = std::size_t{192} << 10;
  constexpr std::size_t kInstrumentedStack = std::size_t{8} << 20;
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes,
                                      heap_use_is_counted() ? kPlainStack : kInstrumentedStack),
            0);
  pthread_t thread;
  const auto main = [](void* argument) -> void* {
    (*static_cast<Run*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, main, &run), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_SMALL_STACK_H_
