#ifndef RINGPEER_CODEC_BASE_LITTLE_ENDIAN_H_
#define RINGPEER_CODEC_BASE_LITTLE_ENDIAN_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringpeer {

// Reads a number of the wire: little-endian on every machine, at any alignment.
// Threads: any. Failure: none; the bytes must be there.
template <typename Number>
inline Number load_little_endian(const std::uint8_t* bytes) {
  static_assert(sizeof(Number) == 4 || sizeof(Number) == 8);
  Number number;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&number, bytes, sizeof(number));
  } else {
    std::uint8_t reversed[sizeof(Number)];
    for (std::size_t i = 0; i < sizeof(Number); ++i) reversed[i] = bytes[sizeof(Number) - 1 - i];
    std::memcpy(&number, reversed, sizeof(number));
  }
  return number;
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_LITTLE_ENDIAN_H_
