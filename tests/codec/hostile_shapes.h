#ifndef RINGPEER_TESTS_CODEC_HOSTILE_SHAPES_H_
#define RINGPEER_TESTS_CODEC_HOSTILE_SHAPES_H_

#include <string>
#include <vector>

#include "tests/codec/hex.h"

namespace ringpeer::testing {

struct HostileShape {
  std::string name;
  Bytes bytes;
  bool valid;
};

inline constexpr std::uint32_t kArrayHeader = 28;
inline constexpr std::uint32_t kDictionaryHeader = 27;
inline constexpr std::uint32_t kIntHeader = 2;

// An array of as many copies of `words` as fit into a datagram.
inline Bytes array_of(const std::vector<std::uint32_t>& words) {
  const std::size_t count = (kMaximumDatagramSize - 8) / (4 * words.size());
  Bytes bytes;
  put_word(&bytes, kArrayHeader);
  put_word(&bytes, static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    for (const std::uint32_t word : words) put_word(&bytes, word);
  }
  return bytes;
}

// A dictionary of int keys that are equal in their low bits, and nil values.
inline Bytes colliding_keys() {
  const std::size_t count = (kMaximumDatagramSize - 8) / 16;
  Bytes bytes;
  put_word(&bytes, kDictionaryHeader);
  put_word(&bytes, static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    put_word(&bytes, kIntHeader | kHeaderFlag64);
    put_word(&bytes, 0);
    put_word(&bytes, static_cast<std::uint32_t>(i << 8));
    put_word(&bytes, 0);
  }
  return bytes;
}

// Dictionaries whose keys are dictionaries; each with `siblings` more int keys, so that
// every level is indexed and hashes the levels below it.
inline Bytes nested_keys(std::size_t levels, std::uint32_t siblings) {
  Bytes bytes;
  for (std::size_t i = 0; i < levels; ++i) {
    put_word(&bytes, kDictionaryHeader);
    put_word(&bytes, siblings + 1);
    for (std::uint32_t key = 0; key < siblings; ++key) {
      put_word(&bytes, kIntHeader);
      put_word(&bytes, key);
      put_word(&bytes, 0);
    }
  }
  put_word(&bytes, 0);
  for (std::size_t i = 0; i < levels; ++i) put_word(&bytes, 0);
  return bytes;
}

// Containers in each other, each claiming more elements than there are bytes.
inline Bytes lying_counts(std::uint32_t header, std::uint32_t count) {
  Bytes bytes;
  for (int i = 0; i < 1000; ++i) {
    put_word(&bytes, header);
    put_word(&bytes, count);
  }
  bytes.resize(kMaximumDatagramSize & ~std::size_t{3});
  return bytes;
}

// Objects in each other.
inline Bytes nested_objects(std::size_t levels) {
  Bytes bytes;
  for (std::size_t i = 0; i < levels; ++i) {
    for (const std::uint32_t word : {24u, 1u, std::uint32_t{'A'}, 1u, 1u, std::uint32_t{'b'}}) {
      put_word(&bytes, word);
    }
  }
  put_word(&bytes, 0);
  return bytes;
}

inline std::vector<HostileShape> hostile_shapes() {
  Bytes depth;
  for (std::size_t i = 0; i < kMaximumDepth; ++i) {
    put_word(&depth, kArrayHeader);
    put_word(&depth, 1);
  }
  put_word(&depth, 0);
  const std::vector<std::uint32_t> full_object = {24, 1, 'A', 0};
  return {{"nils", array_of({0}), true},
          {"empty arrays", array_of({kArrayHeader, 0}), true},
          {"empty dictionaries", array_of({kDictionaryHeader, 0}), true},
          {"empty typed arrays", array_of({kArrayHeader | 1 << 16, 2, 0}), true},
          {"empty typed dictionaries", array_of({kDictionaryHeader | 5 << 16, 2, 2, 0}), true},
          {"object ids", array_of({24 | kHeaderFlagObjectAsId, 7, 0}), true},
          {"objects", array_of(full_object), true},
          {"one-entry dictionaries", array_of({kDictionaryHeader, 1, kIntHeader, 1, 0}), true},
          {"one-nil dictionaries", array_of({kDictionaryHeader, 1, 0, 0}), true},
          {"one-nil arrays", array_of({kArrayHeader, 1, 0}), true},
          {"node paths", array_of({22, 1 | kNodePathFormatBit, 0, 0, 1, 'a'}), true},
          {"signals", array_of({26, 0, 7, 0}), true},
          {"one-byte arrays", array_of({29, 1, 1}), true},
          {"one-string arrays", array_of({34, 1, 0}), true},
          {"long strings",
           array_of(
               {4, 16, 'a' * 0x01010101u, 'b' * 0x01010101u, 'c' * 0x01010101u, 'd' * 0x01010101u}),
           true},
          {"transforms", array_of({11, 0, 0, 0, 0, 0, 0}), true},
          {"colliding keys", colliding_keys(), true},
          {"keys in keys", nested_keys(kMaximumDepth, 0), true},
          {"indexed keys in keys", nested_keys(500, 9), true},
          {"objects in objects", nested_objects(kMaximumDepth), true},
          {"lying arrays", lying_counts(kArrayHeader, 0x7fffffff), false},
          {"lying dictionaries", lying_counts(kDictionaryHeader, 0x7fffffff), false},
          {"plausible arrays", lying_counts(kArrayHeader, 16000), false},
          {"depth", depth, true}};
}

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_HOSTILE_SHAPES_H_
