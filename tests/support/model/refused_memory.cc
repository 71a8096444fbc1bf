#include "ringpeer/tests/support/model/refused_memory.h"

#include "ringpeer/tests/support/heap/heap.h"

namespace ringpeer::test {
namespace {

thread_local constinit bool refuses_memory = false;
thread_local constinit bool was_refused = false;
thread_local constinit std::size_t blocks_left = 0;

bool refuses_block() {
  if (!refuses_memory) return false;
  if (blocks_left > 0) {
    --blocks_left;
    return false;
  }
  was_refused = true;
  return true;
}

}  // namespace

RefusedMemory::RefusedMemory(bool refuses, std::size_t granted) {
  refuses_memory = refuses;
  was_refused = false;
  blocks_left = granted;
  set_refusal(&refuses_block);
}
RefusedMemory::~RefusedMemory() { refuses_memory = false; }

bool RefusedMemory::has_refused() const { return was_refused; }

}  // namespace ringpeer::test
