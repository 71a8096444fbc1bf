#ifndef RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_
#define RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_

// What ringpeer/codec/base/atomics.h is in code that is explored.

#include "ringpeer/tests/interleaving/checked_atomics.h"

namespace ringpeer {

using interleaving::Atomic;
using interleaving::thread_fence;

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_INTERLEAVING_RINGPEER_ATOMICS_H_
