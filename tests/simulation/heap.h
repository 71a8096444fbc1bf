#ifndef RINGPEER_TESTS_SIMULATION_HEAP_H_
#define RINGPEER_TESTS_SIMULATION_HEAP_H_

#include <cstddef>

// The heap of a program that links this: every operator new and delete.
namespace ringpeer::simulation {

// Asked at each allocation whether it is refused; null: none is.
void set_refusal(bool (*refuses)());

// What is allocated and not given back.
std::size_t live_allocations();

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_HEAP_H_
