// The bytes of a move are what Godot's var_to_bytes() makes of the same Dictionary, and no memory
// is an Error whatever flags the program is built with.

#include "rules/rules.h"

#include <sys/resource.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <vector>

#include "ringpeer/codec/decode.h"
#include "ringpeer/codec/encode.h"
#include "ringpeer/codec/error.h"
#include "ringpeer/codec/options.h"
#include "ringpeer/codec/packed_array.h"

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kHasAddressSanitizer = true;  // it needs all of the address space
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kHasAddressSanitizer = true;
#else
constexpr bool kHasAddressSanitizer = false;
#endif
#else
constexpr bool kHasAddressSanitizer = false;
#endif

bool encode(const ringpeer::Variant& value, std::size_t most, std::vector<std::uint8_t>* bytes) {
  bytes->resize(most);
  std::size_t size = 0;
  if (ringpeer::encode_variant(value, *bytes, &size) != ringpeer::Error::OK) return false;
  bytes->resize(size);
  return true;
}

int a_move_comes_back() {
  std::vector<std::uint8_t> bytes;
  if (!encode(rules::message_of({7, {1, -1}}), 1024, &bytes)) return 1;
  ringpeer::Variant message;
  if (ringpeer::decode_variant(bytes, &message, nullptr) != ringpeer::Error::OK) return 2;
  const std::optional<rules::Move> move = rules::read_move(message);
  if (!move.has_value() || move->number != 7) return 3;
  return move->direction == ringpeer::Vector2{1, -1} ? 0 : 4;
}

int what_is_no_move_is_refused() {
  if (rules::read_move("up").has_value()) return 1;
  return rules::read_move(ringpeer::Dictionary{{"number", "seven"}}).has_value() ? 2 : 0;
}

// A packet of 64 MiB where 32 are left.
int no_memory_is_an_error() {
  if (kHasAddressSanitizer) return 0;
  std::vector<std::uint8_t> bytes;
  {
    ringpeer::PackedByteArray large;
    large.resize(std::size_t{64} << 20);
    if (!encode(large, large.size() + 8, &bytes)) return 1;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return 2;
  const rlimit tight{std::size_t{96} << 20, limit.rlim_max};
  if (setrlimit(RLIMIT_AS, &tight) != 0) return 3;
  ringpeer::Variant value;
  ringpeer::DecodeOptions options;
  options.limits = ringpeer::DecodeLimits::unlimited();
  const ringpeer::Error error = ringpeer::decode_variant(bytes, &value, nullptr, options);
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 4;
  return error == ringpeer::Error::ERR_OUT_OF_MEMORY ? 0 : 5;
}

}  // namespace

int main() {
  struct Case {
    const char* name;
    int (*run)();
  };
  constexpr std::array kCases = {
      Case{"a move comes back", a_move_comes_back},
      Case{"what is no move is refused", what_is_no_move_is_refused},
      Case{"no memory is an Error", no_memory_is_an_error},
  };
  int failed = 0;
  for (const Case& test : kCases) {
    const int at = test.run();
    if (at == 0) continue;
    std::fprintf(stderr, "%s: fails at %d\n", test.name, at);
    ++failed;
  }
  return failed;
}
