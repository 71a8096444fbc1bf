// The C library's check of jumps takes one to another stack for a mistake.
#undef _FORTIFY_SOURCE

#include "ringpeer/tests/support/fiber/fiber.h"

#include "ringpeer/tests/support/sanitizer/sanitizer.h"

#if RINGPEER_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace ringpeer::test {
namespace {

// Leaves here and goes on there, which has begun or not. swapcontext() asks the kernel for the
// signal mask each time, which takes longer than all else; sanitizers know no other way.
void switch_to(Fiber::Place* here, Fiber::Place* there) {
#if RINGPEER_ADDRESS_SANITIZER || RINGPEER_THREAD_SANITIZER
  ::swapcontext(&here->context, &there->context);
#else
  if (::_setjmp(here->jump) != 0) return;
  here->has_begun = true;
  if (there->has_begun) ::_longjmp(there->jump, 1);
  ::setcontext(&there->context);
#endif
}

}  // namespace

void Fiber::prepare(std::span<std::byte> stack, void (*entry)()) {
  ucontext_t& context = place_.context;
  ::getcontext(&context);
  context.uc_stack.ss_sp = stack.data();
  context.uc_stack.ss_size = stack.size();
  context.uc_link = nullptr;
  ::makecontext(&context, entry, 0);
  place_.has_begun = false;
  stack_ = stack;
  fake_stack_ = nullptr;
#if RINGPEER_ADDRESS_SANITIZER
  // Whoever ran here before may have been forgotten in the midst of something.
  ASAN_UNPOISON_MEMORY_REGION(stack.data(), stack.size());
#endif
}

void Fiber::resume() {
#if RINGPEER_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(&owner_fake_stack_, stack_.data(), stack_.size());
#endif
  switch_to(&owner_, &place_);
#if RINGPEER_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(owner_fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::begin() {
#if RINGPEER_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(fake_stack_, &owner_stack_, &owner_stack_size_);
#endif
}

void Fiber::suspend() {
#if RINGPEER_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(&fake_stack_, owner_stack_, owner_stack_size_);
#endif
  switch_to(&place_, &owner_);
  begin();
}

}  // namespace ringpeer::test
