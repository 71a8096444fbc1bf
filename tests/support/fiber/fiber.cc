#include "ringpeer/tests/support/fiber/fiber.h"

#include "ringpeer/tests/support/sanitizer/sanitizer.h"

#if RINGPEER_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace ringpeer::test {

void Fiber::prepare(std::span<std::byte> stack, void (*entry)()) {
  ::getcontext(&context_);
  context_.uc_stack.ss_sp = stack.data();
  context_.uc_stack.ss_size = stack.size();
  context_.uc_link = nullptr;
  ::makecontext(&context_, entry, 0);
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
  ::swapcontext(&owner_, &context_);
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
  ::swapcontext(&context_, &owner_);
  begin();
}

}  // namespace ringpeer::test
