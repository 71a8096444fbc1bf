#ifndef RINGPEER_TESTS_CODEC_SUPPORT_HOSTILE_SHAPES_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_HOSTILE_SHAPES_H_

#include <algorithm>
#include <string>
#include <vector>

#include "ringpeer/tests/codec/support/hex.h"

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

// --- Shapes of any size, to see what an operation costs a byte. ---

inline void put_text(Bytes* bytes, std::size_t size, std::uint8_t last) {
  put_word(bytes, 4);
  put_word(bytes, static_cast<std::uint32_t>(size));
  bytes->resize(bytes->size() + size - 1, 'a');
  bytes->push_back(last);
}

// Arrays in each other around an int.
inline void put_nested(Bytes* bytes, std::size_t levels, std::uint32_t leaf) {
  for (std::size_t i = 0; i < levels; ++i) {
    put_word(bytes, kArrayHeader);
    put_word(bytes, 1);
  }
  put_word(bytes, kIntHeader);
  put_word(bytes, leaf);
}

// Arrays of a script in objects in such arrays; the script is what an object says last. As deep as
// values may nest, and filled up with nils.
inline Bytes scripts_in_scripts(std::size_t size) {
  constexpr std::size_t kLevelSize = 76;
  const std::size_t levels = std::min(kMaximumDepth / 2 - 1, size / kLevelSize / 2);
  const auto nils = static_cast<std::uint32_t>((size / levels - kLevelSize) / 4);
  Bytes bytes;
  for (std::size_t i = 0; i < levels; ++i) {
    put_word(&bytes, kArrayHeader | 3u << kElementKindShift);
    put_string(&bytes, "res://a");
    put_word(&bytes, nils + 1);
    bytes.resize(bytes.size() + std::size_t{4} * nils, 0);
    put_word(&bytes, 24);
    put_string(&bytes, "A");
    put_word(&bytes, 2);
    put_string(&bytes, "a");
  }
  put_word(&bytes, 0);
  for (std::size_t i = 0; i < levels; ++i) {
    put_string(&bytes, "script");
    put_word(&bytes, 4);
    put_string(&bytes, "res://a");
  }
  return bytes;
}

// A container of `count` items, each written by put(bytes, index).
template <typename Put>
Bytes container_of(const std::vector<std::uint32_t>& head, std::size_t count, Put put) {
  Bytes bytes;
  for (const std::uint32_t word : head) put_word(&bytes, word);
  put_word(&bytes, static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) put(&bytes, static_cast<std::uint32_t>(i));
  return bytes;
}

// Bytes of a key or a value that is repeated until there are enough.
inline constexpr std::size_t kUnit = 900;
inline constexpr std::uint32_t kNanHigh = 0x7ff80000;  // the high word of a double that is NaN

// Keys of arrays in each other, which differ in what is innermost.
inline Bytes keys_that_differ_at_their_end(std::size_t size) {
  return container_of({kDictionaryHeader}, size / kUnit + 1, [](Bytes* bytes, std::uint32_t i) {
    put_nested(bytes, kUnit / 8 - 2, i);
    put_word(bytes, 0);
  });
}

// Such a key equals nothing, itself included.
inline Bytes keys_with_nan_inside(std::size_t size) {
  return container_of({kDictionaryHeader}, size / 24, [](Bytes* bytes, std::uint32_t) {
    for (const std::uint32_t word : {kArrayHeader, 1u, 3u | kHeaderFlag64, 0u, kNanHigh, 0u}) {
      put_word(bytes, word);
    }
  });
}

// All are one key.
inline Bytes nan_keys(std::size_t size) {
  return container_of({kDictionaryHeader}, size / 16, [](Bytes* bytes, std::uint32_t i) {
    for (const std::uint32_t word : {3u | kHeaderFlag64, i, kNanHigh, 0u}) put_word(bytes, word);
  });
}

// One object of properties with names of four letters.
inline Bytes object_of_properties(std::size_t size) {
  return container_of({24, 1, 'A'}, size / 16, [](Bytes* bytes, std::uint32_t i) {
    put_word(bytes, 4);
    for (std::uint32_t digit = 0; digit < 4; ++digit) {
      bytes->push_back(static_cast<std::uint8_t>('a' + (i >> (4 * digit) & 15)));
    }
    put_word(bytes, kIntHeader);
    put_word(bytes, i);
  });
}

// About `size` bytes of each shape that has once cost more than its bytes.
inline std::vector<HostileShape> shapes_of_size(std::size_t size) {
  const auto array_of_units = [size](const Bytes& unit) {
    return container_of({kArrayHeader}, size / unit.size(), [&unit](Bytes* bytes, std::uint32_t) {
      bytes->insert(bytes->end(), unit.begin(), unit.end());
    });
  };
  Bytes chain;
  put_nested(&chain, std::min<std::size_t>(1000, size / 8 - 4), 1);
  return {
      {"deep", array_of_units(chain), true},
      {"wide", array_of_units({0, 0, 0, 0}), true},
      {"keys in keys", array_of_units(nested_keys(kUnit / 12, 0)), true},
      {"keys that differ at their end", keys_that_differ_at_their_end(size), true},
      {"keys with NaN inside", keys_with_nan_inside(size), true},
      {"NaN keys", nan_keys(size), true},
      {"long strings",
       container_of({kDictionaryHeader}, size / 112 + 1,
                    [](Bytes* bytes, std::uint32_t i) {
                      put_text(bytes, 100, static_cast<std::uint8_t>('a' + i % 26));
                      put_word(bytes, 0);
                    }),
       true},
      {"longest strings",
       container_of({kDictionaryHeader}, 8,
                    [size](Bytes* bytes, std::uint32_t i) {
                      put_text(bytes, (size / 8 - 12) & ~std::size_t{3},
                               static_cast<std::uint8_t>('a' + i));
                      put_word(bytes, 0);
                    }),
       true},
      {"typed",
       container_of({kArrayHeader | 1 << 16, kArrayHeader}, size / 16,
                    [](Bytes* bytes, std::uint32_t i) {
                      for (const std::uint32_t word : {29u, 8u, i, 0u}) put_word(bytes, word);
                    }),
       true},
      {"objects", object_of_properties(size), true},
      {"objects in objects", array_of_units(nested_objects(kUnit / 24)), true},
      {"scripts in scripts", scripts_in_scripts(size), true},
  };
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

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_HOSTILE_SHAPES_H_
