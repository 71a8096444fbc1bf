#include "ringpeer/worker/endpoint_hash.h"

#include <sys/random.h>

#include <random>

namespace ringpeer::worker {

EndpointHash::EndpointHash() {
  const auto wanted = static_cast<ssize_t>(sizeof(keys_));
  if (::getrandom(keys_.data(), sizeof(keys_), 0) == wanted) return;
  std::random_device device;
  for (std::uint64_t& key : keys_) key = std::uint64_t{device()} << 32 | device();
}

}  // namespace ringpeer::worker
