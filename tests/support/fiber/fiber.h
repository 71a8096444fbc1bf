#ifndef RINGPEER_TESTS_SUPPORT_FIBER_FIBER_H_
#define RINGPEER_TESTS_SUPPORT_FIBER_FIBER_H_

#include <setjmp.h>
#include <ucontext.h>

#include <cstddef>
#include <span>

namespace ringpeer::test {

// A thread of execution that runs when it is told to, on a stack that somebody else owns. One
// that is not resumed any more is simply forgotten.
class Fiber {
 public:
  // Where somebody goes on: by the jump once there was one, first by the context.
  struct Place {
    ucontext_t context{};
    jmp_buf jump{};
    bool has_begun = false;
  };

  Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // At the next resume, `entry` begins on this stack, and must never return.
  void prepare(std::span<std::byte> stack, void (*entry)());

  // From the owner: runs the fiber until it suspends.
  void resume();
  // From the fiber: goes on in resume().
  void suspend();
  // From the fiber, first of all.
  void begin();

 private:
  Place place_;
  Place owner_;
  std::span<std::byte> stack_;
  // What AddressSanitizer wants to know.
  [[maybe_unused]] void* fake_stack_ = nullptr;
  [[maybe_unused]] void* owner_fake_stack_ = nullptr;
  [[maybe_unused]] const void* owner_stack_ = nullptr;
  [[maybe_unused]] std::size_t owner_stack_size_ = 0;
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_FIBER_FIBER_H_
