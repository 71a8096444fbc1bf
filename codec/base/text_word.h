#ifndef RINGPEER_CODEC_BASE_TEXT_WORD_H_
#define RINGPEER_CODEC_BASE_TEXT_WORD_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringpeer {

// Text taken eight bytes at a time, as a little-endian word: almost all names of fields
// are decided by one word or two, without a loop over their bytes.
// Threads: any.

inline constexpr std::size_t kTextWordSize = sizeof(std::uint64_t);

// The high bits of the first n bytes of a little-endian word.
inline constexpr std::array<std::uint64_t, kTextWordSize + 1> kHighBits = {
    0x0,          0x80,           0x8080,           0x808080,           0x80808080,
    0x8080808080, 0x808080808080, 0x80808080808080, 0x8080808080808080,
};

// A little-endian word's first `length` bytes, at most eight, and zeroes.
inline std::uint64_t keep_bytes(std::uint64_t word, std::size_t length) {
  // From the high bit of each byte to all of its bits.
  const std::uint64_t high = kHighBits[length];
  return word & (high | (high - (high >> 7)));
}

// Whether the first `length` bytes of a little-endian word are ASCII and not NUL. The
// length is at most eight.
inline bool is_plain(std::uint64_t word, std::size_t length) {
  // Subtracting one sets the high bit of a zero byte; the borrow only runs upwards,
  // so what follows the text cannot disturb the bytes below it.
  return ((word | (word - 0x0101010101010101u)) & kHighBits[length]) == 0;
}

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_TEXT_WORD_H_
