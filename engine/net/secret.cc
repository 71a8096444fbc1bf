#include "ringpeer/engine/net/secret.h"

#include <sys/random.h>

#include <random>

namespace ringpeer::net {

void draw_secret(std::span<std::byte> secret) {
  if (::getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size())) return;
  std::random_device device;
  for (std::byte& byte : secret) byte = static_cast<std::byte>(device());
}

}  // namespace ringpeer::net
