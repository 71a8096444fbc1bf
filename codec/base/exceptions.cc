#include "ringpeer/codec/base/exceptions.h"

#include <new>

namespace ringpeer {

void refuse_memory() { RINGPEER_THROW(std::bad_alloc()); }

}  // namespace ringpeer
