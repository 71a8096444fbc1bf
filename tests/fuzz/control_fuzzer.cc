// Reading any control messages is safe at any alignment, and says the same at each.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "ringpeer/engine/backend/control_messages.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace {

struct Said {
  std::uint16_t segment_size;
  std::int64_t timestamp;
  ringpeer::net::LocalAddress local;

  friend bool operator==(const Said&, const Said&) = default;
};

// A copy of its own, so that a byte too far is seen.
Said read(std::span<const std::uint8_t> bytes, std::size_t misalignment) {
  using namespace ringpeer::backend;
  const auto copy = std::make_unique<std::uint8_t[]>(misalignment + bytes.size());
  std::uint8_t* const control = copy.get() + misalignment;
  if (!bytes.empty()) std::memcpy(control, bytes.data(), bytes.size());
  return {segment_size_of(control, bytes.size()), timestamp_of(control, bytes.size()),
          local_address_of(control, bytes.size())};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Said aligned = read({data, size}, 0);
  for (const std::size_t misalignment : {1u, 4u, 7u}) {
    FUZZ_CHECK(read({data, size}, misalignment) == aligned);
  }
  // Nothing leaves from a group or from no address.
  FUZZ_CHECK(!aligned.local.is_known() || !aligned.local.address.is_multicast() ||
             aligned.local.address.is_ipv4());
  return 0;
}
