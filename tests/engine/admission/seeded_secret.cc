#include "ringpeer/tests/engine/admission/seeded_secret.h"

#include <cstddef>
#include <random>
#include <span>

#include "ringpeer/engine/net/secret.h"

namespace ringpeer {
namespace {

std::mt19937_64 secrets(1);

}  // namespace

void net::draw_secret(std::span<std::byte> secret) {
  for (std::byte& byte : secret) byte = static_cast<std::byte>(secrets());
}

void test::seed_secrets(std::uint64_t seed) { secrets.seed(seed); }

}  // namespace ringpeer
