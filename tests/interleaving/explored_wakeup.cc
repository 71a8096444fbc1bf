// What engine/net/wakeup.cc is in code that is explored: the model's eventfd.

#include "ringpeer/engine/net/wakeup.h"
#include "ringpeer/tests/interleaving/runtime.h"
#include "ringpeer/tests/interleaving/site.h"

namespace ringpeer::net {
namespace {

// One in a test is enough.
constexpr int kTheDescriptor = 3;

}  // namespace

Wakeup::Wakeup() : descriptor_(kTheDescriptor), error_(0) {}
Wakeup::~Wakeup() = default;

void Wakeup::notify() const noexcept {
  interleaving::eventfd_notify(descriptor_, interleaving::Site::current());
}

int Wakeup::clear() const noexcept {
  interleaving::eventfd_clear(descriptor_, interleaving::Site::current());
  return 0;
}

}  // namespace ringpeer::net
