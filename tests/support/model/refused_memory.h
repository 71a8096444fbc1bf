#ifndef RINGPEER_TESTS_SUPPORT_MODEL_REFUSED_MEMORY_H_
#define RINGPEER_TESTS_SUPPORT_MODEL_REFUSED_MEMORY_H_

#include <cstddef>

namespace ringpeer::test {

// While it lives, operator new gives this thread `granted` more blocks and then nothing: it throws
// std::bad_alloc, or returns null where it may not throw. Around the call under test alone: who
// fails a test needs memory to say so.
class RefusedMemory {
 public:
  // Not if `refuses` is false: so a model can refuse now and then.
  explicit RefusedMemory(bool refuses, std::size_t granted = 0);
  ~RefusedMemory();
  RefusedMemory(const RefusedMemory&) = delete;
  RefusedMemory& operator=(const RefusedMemory&) = delete;

  // Whether a block was refused.
  bool has_refused() const;
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_MODEL_REFUSED_MEMORY_H_
