#include "ringpeer/codec/base/secret.h"

#ifdef __linux__
#include <sys/random.h>
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <random>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::base {
namespace {

bool draw_from_kernel([[maybe_unused]] std::span<std::byte> secret) {
#ifdef __linux__
  return ::getrandom(secret.data(), secret.size(), 0) == static_cast<ssize_t>(secret.size());
#else
  return false;
#endif
}

bool draw_from_device(std::span<std::byte> secret) {
  RINGPEER_TRY {
    std::random_device device;
    for (std::byte& byte : secret) byte = static_cast<std::byte>(device());
    return true;
  }
  RINGPEER_CATCH(...) { return false; }
}

// A peer knows neither the time to the nanosecond nor the address.
void draw_from_process(std::span<std::byte> secret) {
  const auto now = Clock::now().time_since_epoch().count();
  std::mt19937_64 random(static_cast<std::uint64_t>(now) ^
                         std::bit_cast<std::uintptr_t>(secret.data()));
  std::generate(secret.begin(), secret.end(), [&] { return static_cast<std::byte>(random()); });
}

}  // namespace

void draw_secret(std::span<std::byte> secret) {
  if (!draw_from_kernel(secret) && !draw_from_device(secret)) draw_from_process(secret);
}

}  // namespace ringpeer::base
