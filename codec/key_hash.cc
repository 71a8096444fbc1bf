#include "ringpeer/codec/key_hash.h"

#include <sys/random.h>

#include <bit>
#include <chrono>
#include <cstring>

#include "ringpeer/codec/components.h"
#include "ringpeer/codec/sip_hash.h"
#include "ringpeer/codec/variant.h"
#include "ringpeer/codec/variant_tree.h"
#include "ringpeer/codec/variant_visit.h"

namespace ringpeer {
namespace {

struct HashKey {
  std::uint64_t key0;
  std::uint64_t key1;
};

HashKey draw_hash_key() {
  HashKey key{};
  if (getrandom(&key, sizeof(key), 0) == static_cast<ssize_t>(sizeof(key))) return key;
  // No entropy to be had (a very old kernel): the clock and the address space's
  // layout are still unknown to a peer.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  key.key0 = static_cast<std::uint64_t>(now);
  key.key1 = std::bit_cast<std::uintptr_t>(&key);
  return key;
}

SipHash fresh_hash() {
  static const HashKey key = draw_hash_key();
  return {key.key0, key.key1};
}

// Every NaN is one key, and so are both zeros.
template <typename Float>
std::uint64_t float_word(Float value) {
  if (value != value) return 0x7ff8000000000000u;
  return std::bit_cast<std::uint64_t>(static_cast<double>(value) + 0.0);
}

std::uint32_t folded(SipHash hash) {
  const std::uint64_t value = hash.finish();
  const auto low = static_cast<std::uint32_t>(value ^ value >> 32);
  return low == 0 ? 1 : low;
}

void absorb_variant(SipHash* hash, const Variant& value, std::size_t depth);

template <typename T>
void absorb_math(SipHash* hash, const T& value) {
  using Component = std::conditional_t<kIsIntegerMath<T>, std::int32_t, float>;
  Component components[kComponentCount<T>];
  std::memcpy(components, &value, sizeof(value));
  for (const Component component : components) {
    if constexpr (kIsIntegerMath<T>) {
      hash->absorb(static_cast<std::uint64_t>(component));
    } else {
      hash->absorb(float_word(component));
    }
  }
}

struct Absorber {
  SipHash* hash;
  std::size_t depth;

  void operator()(NilValue) const {}
  void operator()(bool value) const { hash->absorb(std::uint64_t{value}); }
  void operator()(std::int64_t value) const { hash->absorb(static_cast<std::uint64_t>(value)); }
  void operator()(double value) const { hash->absorb(float_word(value)); }
  void operator()(float value) const { hash->absorb(float_word(value)); }
  void operator()(std::int32_t value) const { hash->absorb(static_cast<std::uint64_t>(value)); }
  void operator()(const String& value) const { hash->absorb(value.view()); }
  void operator()(const StringName& value) const { hash->absorb(value.view()); }
  void operator()(const NodePath& value) const {
    hash->absorb(std::uint64_t{value.absolute()} | value.names().size() << 1);
    for (const String& name : value.names()) hash->absorb(name.view());
    for (const String& name : value.subnames()) hash->absorb(name.view());
  }
  void operator()(const RID& value) const { hash->absorb(value.id); }
  void operator()(const Object& value) const {
    hash->absorb(value.id());
    hash->absorb(value.class_name());
    for (const ObjectProperty& property : value.properties()) {
      hash->absorb(property.name.view());
      absorb_variant(hash, property.value, depth + 1);
    }
  }
  void operator()(const Callable&) const {}
  void operator()(const Signal& value) const {
    hash->absorb(value.name.view());
    hash->absorb(value.object_id);
  }
  void operator()(const Dictionary& value) const {
    hash->absorb(value.size());
    for (const DictionaryEntry& entry : value) {
      // What the entry's own Dictionary already hashed is not walked again: keys
      // nested in keys would make that quadratic.
      hash->absorb(VariantTree::key_hash_in(value, entry));
      absorb_variant(hash, entry.value, depth + 1);
    }
  }
  void operator()(const Array& value) const {
    hash->absorb(value.size());
    for (const Variant& element : value) absorb_variant(hash, element, depth + 1);
  }
  void operator()(const PackedByteArray& value) const {
    hash->absorb({reinterpret_cast<const char*>(value.data()), value.size()});
  }
  template <typename T>
  requires(kIsMath<T>) void operator()(const T& value) const { absorb_math(hash, value); }
  template <typename T>
  void operator()(const CompactVector<T>& values) const {
    hash->absorb(values.size());
    for (const T& value : values) (*this)(value);
  }
};

void absorb_variant(SipHash* hash, const Variant& value, std::size_t depth) {
  const VariantType type = value.is_text() ? VariantType::STRING : value.type();
  hash->absorb(static_cast<std::uint64_t>(type));
  // Deeper values are never equal, so leaving them out keeps equal hashes equal.
  if (depth > kMaximumDepth) return;
  visit_variant(value, Absorber{hash, depth});
}

}  // namespace

std::uint32_t hash_key(const Variant& key) {
  SipHash hash = fresh_hash();
  absorb_variant(&hash, key, 0);
  return folded(hash);
}

std::uint32_t hash_key(std::string_view text) {
  SipHash hash = fresh_hash();
  hash.absorb(static_cast<std::uint64_t>(VariantType::STRING));
  hash.absorb(text);
  return folded(hash);
}

}  // namespace ringpeer
