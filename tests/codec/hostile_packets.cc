#include "tests/codec/hostile_packets.h"

#include <cstddef>
#include <initializer_list>

#include "ringpeer/codec/wire_format.h"

namespace ringpeer {
namespace {

// Words of a packet, little-endian.
class Words {
 public:
  Words& add(std::uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes_.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    return *this;
  }
  Words& add(VariantType type, std::uint32_t flags = 0) {
    return add(static_cast<std::uint32_t>(type) | flags);
  }
  // As many of these words as fit into the largest datagram; how many there are.
  std::uint32_t fill(std::initializer_list<std::uint32_t> words) {
    std::uint32_t count = 0;
    for (; bytes_.size() + 4 * words.size() <= kMaximumDatagramSize; ++count) {
      for (const std::uint32_t word : words) add(word);
    }
    return count;
  }
  void set(std::size_t index, std::uint32_t word) {
    for (std::size_t i = 0; i < 4; ++i) {
      bytes_[4 * index + i] = static_cast<std::uint8_t>(word >> (8 * i));
    }
  }
  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

constexpr std::uint32_t id(VariantType type) { return static_cast<std::uint32_t>(type); }

// An Array full of one value.
HostilePacket array_of(std::string name, std::initializer_list<std::uint32_t> element) {
  Words words;
  words.add(VariantType::ARRAY).add(0u);
  words.set(1, words.fill(element));
  return {std::move(name), words.bytes()};
}

// A Dictionary whose keys are made by `key`, each with Nil.
template <typename Key>
HostilePacket dictionary_of(std::string name, Key key) {
  Words words;
  words.add(VariantType::DICTIONARY).add(0u);
  std::uint32_t count = 0;
  while (words.size() + 16 <= kMaximumDatagramSize) {
    key(&words, count++);
    words.add(VariantType::NIL);
  }
  words.set(1, count);
  return {std::move(name), words.bytes()};
}

// Containers in each other, with a sibling on every level that fills the packet.
HostilePacket nested(std::string name, VariantType type, std::uint32_t flags, bool as_key) {
  Words words;
  for (std::size_t depth = 0; depth < kMaximumDepth; ++depth) {
    words.add(type, flags);
    if (flags != 0) words.add(type);
    words.add(1u);
    if (type == VariantType::DICTIONARY && !as_key) words.add(VariantType::NIL);
  }
  words.add(VariantType::NIL);
  if (as_key) {
    for (std::size_t depth = 0; depth < kMaximumDepth; ++depth) words.add(VariantType::NIL);
  }
  return {std::move(name), words.bytes()};
}

// Towers of dictionaries as keys of dictionaries, as many as fit: each is hashed and
// compared as a key on every level.
HostilePacket towers_of_keys() {
  constexpr std::uint32_t kHeight = 30;
  Words words;
  words.add(VariantType::DICTIONARY).add(0u);
  std::uint32_t count = 0;
  while (words.size() + 4 * (3 * kHeight + 3) <= kMaximumDatagramSize) {
    for (std::uint32_t i = 0; i < kHeight; ++i) words.add(VariantType::DICTIONARY).add(1u);
    words.add(VariantType::INT).add(count++);
    for (std::uint32_t i = 0; i <= kHeight; ++i) words.add(VariantType::NIL);
  }
  words.set(1, count);
  return {"towers of dictionaries as keys", words.bytes()};
}

}  // namespace

std::vector<HostilePacket> hostile_packets() {
  constexpr std::uint32_t kDictionary = id(VariantType::DICTIONARY);
  constexpr std::uint32_t kArray = id(VariantType::ARRAY);
  std::vector<HostilePacket> packets;
  packets.push_back(array_of("nils", {id(VariantType::NIL)}));
  packets.push_back(array_of("empty arrays", {kArray, 0}));
  packets.push_back(array_of("empty dictionaries", {kDictionary, 0}));
  packets.push_back(array_of("one-element arrays", {kArray, 1, 0}));
  packets.push_back(array_of("one-entry dictionaries", {kDictionary, 1, 0, 0}));
  packets.push_back(
      array_of("object ids", {id(VariantType::OBJECT) | kHeaderFlagObjectAsId, 0xffffffff, 1}));
  packets.push_back(
      array_of("empty node paths", {id(VariantType::NODE_PATH), kNodePathFormatBit, 0, 0}));
  packets.push_back(array_of("signals", {id(VariantType::SIGNAL), 0, 0, 0}));
  packets.push_back(array_of("one-byte arrays", {id(VariantType::PACKED_BYTE_ARRAY), 1, 0}));
  packets.push_back(array_of("one-string arrays", {id(VariantType::PACKED_STRING_ARRAY), 1, 0}));
  packets.push_back(
      array_of("strings beyond the inline size",
               {id(VariantType::STRING), 16, 0x61616161, 0x61616161, 0x61616161, 0x61616161}));
  packets.push_back(array_of("typed arrays", {kArray | 1u << kElementKindShift, 2, 0}));
  packets.push_back(array_of("typed dictionaries", {kDictionary | 5u << kKeyKindShift, 2, 2, 0}));
  packets.push_back(array_of("class-typed arrays", {kArray | 2u << kElementKindShift, 0, 0}));
  packets.push_back(dictionary_of(
      "int keys", [](Words* words, std::uint32_t i) { words->add(VariantType::INT).add(i); }));
  packets.push_back(dictionary_of("keys with equal low bits", [](Words* words, std::uint32_t i) {
    words->add(VariantType::INT).add(i << 16);
  }));
  packets.push_back(dictionary_of("one key repeated", [](Words* words, std::uint32_t) {
    words->add(VariantType::INT).add(7u);
  }));
  packets.push_back(dictionary_of("NaN keys", [](Words* words, std::uint32_t i) {
    words->add(VariantType::FLOAT).add(0x7fc00000u + i);
  }));
  packets.push_back(nested("nested arrays", VariantType::ARRAY, 0, false));
  packets.push_back(
      nested("nested typed arrays", VariantType::ARRAY, 1u << kElementKindShift, false));
  packets.push_back(nested("nested dictionaries", VariantType::DICTIONARY, 0, false));
  packets.push_back(nested("dictionaries nested as keys", VariantType::DICTIONARY, 0, true));
  packets.push_back(towers_of_keys());
  return packets;
}

}  // namespace ringpeer
