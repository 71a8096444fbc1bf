#include "ringpeer/codec/value/key_hash.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "ringpeer/codec/base/depth_stack.h"
#include "ringpeer/codec/base/secret.h"
#include "ringpeer/codec/base/sip_hash.h"
#include "ringpeer/codec/value/child_cursor.h"
#include "ringpeer/codec/value/components.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_tree.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

struct HashKey {
  std::uint64_t key0;
  std::uint64_t key1;
};

HashKey draw_hash_key() {
  HashKey key{};
  base::draw_secret(std::as_writable_bytes(std::span(&key, 1)));
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
  return low == kNeverFound ? 1 : low;
}

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

// Absorbs a value without the values inside.
struct Absorber {
  SipHash* hash;

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
    hash->absorb(value.properties().size());
  }
  void operator()(const Callable&) const {}
  void operator()(const Signal& value) const {
    hash->absorb(value.name.view());
    hash->absorb(value.object_id);
  }
  void operator()(const Dictionary& value) const { hash->absorb(value.size()); }
  void operator()(const Array& value) const { hash->absorb(value.size()); }
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

void absorb(SipHash* hash, const Variant& value) {
  const VariantType type = value.is_text() ? VariantType::STRING : value.type();
  hash->absorb(static_cast<std::uint64_t>(type));
  visit_variant(value, Absorber{hash});
}

bool is_nan(const Variant& value) { return value.is_float() && std::isnan(value.ref<double>()); }

}  // namespace

std::uint32_t hash_key(const Variant& key) {
  SipHash hash = fresh_hash();
  absorb(&hash, key);
  return key.holds_values() ? VariantTree::hash_inside(hash, key) : folded(hash);
}

std::uint32_t VariantTree::hash_inside(SipHash hash, const Variant& key) {
  DepthStack<ChildCursor> open;
  open.push(ChildCursor::of(key));
  while (!open.empty()) {
    ChildCursor& cursor = open.back();
    const Variant* const value = cursor.next();
    if (value == nullptr) {
      open.pop();
      continue;
    }
    if (open.full()) return kNeverFound;
    if (cursor.container_type() == VariantType::OBJECT) {
      hash.absorb(cursor.property_name().view());
    }
    if (cursor.at_key() && value->holds_values()) {
      if (value->key_hash_ == kNeverFound) return kNeverFound;
      hash.absorb(value->key_hash_);
      continue;
    }
    if (!cursor.at_key() && is_nan(*value)) return kNeverFound;
    absorb(&hash, *value);
    if (value->holds_values()) open.push(ChildCursor::of(*value));
  }
  return folded(hash);
}

std::uint32_t hash_key(std::string_view text) {
  SipHash hash = fresh_hash();
  hash.absorb(static_cast<std::uint64_t>(VariantType::STRING));
  hash.absorb(text);
  return folded(hash);
}

}  // namespace ringpeer
