#ifndef RINGPEER_TESTS_SUPPORT_HEAP_HEAP_H_
#define RINGPEER_TESTS_SUPPORT_HEAP_HEAP_H_

// The heap of a program that links this: every operator new and delete. A test may refuse
// allocations, and count what is not given back. What is, is overwritten.
//
// Threads: any.
namespace ringpeer::test {

// Asked at each allocation, on its thread, whether it is refused: operator new throws
// std::bad_alloc then, or returns null where it may not throw. Null: none is.
void set_refusal(bool (*refuses)());

// Blocks that this thread has allocated, less those that it has given back.
long live_blocks();

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_SUPPORT_HEAP_HEAP_H_
