#ifndef RINGPEER_TESTS_CODEC_SUPPORT_HEX_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_HEX_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"

namespace ringpeer::testing {

using Bytes = std::vector<std::uint8_t>;

// Spaces are skipped, so that words can be set apart.
inline Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

inline std::string to_hex(const Bytes& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

inline Bytes encoded(const Variant& value, const EncodeOptions& options = {}) {
  std::size_t size = 0;
  if (encode_variant(value, {}, &size, options) != Error::OK) return {};
  Bytes bytes(size);
  if (encode_variant(value, bytes, &size, options) != Error::OK) return {};
  return bytes;
}

// Appends words, little-endian, to a packet under construction.
inline void put_word(Bytes* bytes, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes->push_back(static_cast<std::uint8_t>(word >> shift));
  }
}

inline void put_string(Bytes* bytes, std::string_view text) {
  put_word(bytes, static_cast<std::uint32_t>(text.size()));
  bytes->insert(bytes->end(), text.begin(), text.end());
  bytes->resize(wire_padded(bytes->size()), 0);
}

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_HEX_H_
