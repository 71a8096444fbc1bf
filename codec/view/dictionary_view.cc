#include "ringpeer/codec/view/dictionary_view.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant_equality.h"

namespace ringpeer {
namespace {

bool is_text(VariantType type) {
  return type == VariantType::STRING || type == VariantType::STRING_NAME;
}

// Godot's equality of keys, for those that are compared in place.
bool same_scalar(const VariantView& view, const Variant& key) {
  if (view.type() != key.type()) return false;
  switch (key.type()) {
    case VariantType::BOOL:
      return view.value_or(false) == key.get<bool>();
    case VariantType::INT:
      return view.value_or(std::int64_t{0}) == key.get<std::int64_t>();
    case VariantType::FLOAT: {
      const double a = view.value_or(0.0);
      const double b = key.get<double>();
      return a == b || (std::isnan(a) && std::isnan(b));
    }
    default:
      return key.is_nil();
  }
}

}  // namespace

void DictionaryView::open(const VariantView& value) {
  set_layout(value);
  build_index();
}

DictionaryView& DictionaryView::operator=(const DictionaryView& other) {
  if (this == &other) return *this;
  first_ = other.first_;
  end_ = other.end_;
  count_ = other.count_;
  indexed_ = other.indexed_;
  key_declared_ = other.key_declared_;
  value_type_ = other.value_type_;
  traits_ = other.traits_;
  std::copy_n(other.words_.begin(), indexed_, words_.begin());
  std::copy_n(other.offsets_.begin(), indexed_, offsets_.begin());
  return *this;
}

void DictionaryView::set_layout(const VariantView& value) {
  const std::uint8_t* at = value.at();
  const std::uint32_t header = wire_scan::load_word(at);
  const std::uint32_t key_kind = header >> kKeyKindShift & kContainerKindMask;
  const std::uint32_t value_kind = header >> kValueKindShift & kContainerKindMask;
  key_declared_ = DeclaredType::of_descriptor(at + 4, key_kind, value.traits());
  at = wire_scan::after_descriptor(at + 4, key_kind);
  value_type_ = DeclaredType::of_descriptor(at, value_kind, value.traits()).type;
  at = wire_scan::after_descriptor(at, value_kind);
  count_ = wire_scan::load_word(at) & kContainerCountMask;
  first_ = at + 4;
  end_ = value.end();
  traits_ = value.traits();
}

std::uint64_t DictionaryView::index_word(const std::uint8_t* key_at) const {
  const std::uint32_t header = wire_scan::load_word(key_at);
  if (header == static_cast<std::uint32_t>(VariantType::STRING) && end_ - key_at >= 16 &&
      traits_.plain) [[likely]] {
    const std::uint32_t length = wire_scan::load_word(key_at + 4);
    return keep_bytes(load_little_endian<std::uint64_t>(key_at + 8),
                      std::min<std::uint32_t>(length, 8));
  }
  if (!is_text(static_cast<VariantType>(header & kHeaderTypeMask))) return kNotText;
  return word_of(wire_scan::string_text(key_at + 4, traits_.plain));
}

void DictionaryView::build_index() {
  indexed_ = 0;
  // The keys of a typed dictionary may be dropped or converted: search it.
  if (count_ > kIndexedEntries || key_declared_.type != VariantType::NIL) return;
  if (end_ - first_ > std::ptrdiff_t{std::numeric_limits<std::uint32_t>::max()}) return;
  const std::uint8_t* at = first_;
  for (std::uint32_t i = 0; i < count_; ++i) {
    offsets_[i] = static_cast<std::uint32_t>(at - first_);
    words_[i] = index_word(at);
    at = wire_scan::skip(wire_scan::skip(at));
  }
  indexed_ = count_;
}

std::size_t DictionaryView::size() const {
  if (key_declared_.type == VariantType::NIL) return count_;
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

template <typename Matches>
VariantView DictionaryView::search(Matches matches) const {
  VariantView found;
  for (const Entry entry : *this) {
    if (matches(entry.key)) found = entry.value;
  }
  return found;
}

VariantView DictionaryView::search_text(std::string_view key) const {
  if (count_ == 0) return {};  // of a packet that is no Dictionary, too
  if (key_declared_.type != VariantType::NIL && !is_text(key_declared_.type)) {
    return find_converted(Variant(key));
  }
  const VariantView found = search([key](const VariantView& candidate) {
    std::string_view text;
    return candidate.read(&text)
               ? text == key
               : candidate.is_converted() && candidate.to_variant() == Variant(key);
  });
  return found.exists() ? found : find_as_string(key);
}

// After the bytes themselves were not found.
[[gnu::noinline]] VariantView DictionaryView::find_as_string(std::string_view key) const {
  return String::keeps(key) ? VariantView() : find(String(key).view());
}

VariantView DictionaryView::find(std::int64_t key) const {
  if (key_declared_.type != VariantType::NIL && key_declared_.type != VariantType::INT) {
    return find_converted(Variant(key));
  }
  return search([key](const VariantView& candidate) {
    std::int64_t number = 0;
    return candidate.read(&number) && number == key;
  });
}

VariantView DictionaryView::find(const Variant& key) const {
  if (key_declared_.type != VariantType::NIL && key_declared_.type != key.type()) {
    return find_converted(key);
  }
  if (key.is_text()) return find(key.as_text());
  return find_fitting(key);
}

// A typed dictionary converts what is sought as it converts its keys.
[[gnu::noinline]] VariantView DictionaryView::find_converted(const Variant& key) const {
  if (count_ == 0) return {};
  if (key_declared_.type == VariantType::OBJECT) {
    return key.is_nil() ? find_fitting(key) : VariantView();
  }
  Variant converted;
  if (!convert_strictly(key, key_declared_.type, &converted)) return {};
  return converted.is_text() ? find(converted.as_text()) : find_fitting(converted);
}

VariantView DictionaryView::find_fitting(const Variant& key) const {
  if (key.is_nil() || key.is_bool() || key.is_int() || key.is_float()) {
    return search([&key](const VariantView& candidate) { return same_scalar(candidate, key); });
  }
  return search([&key](const VariantView& candidate) {
    return candidate.type() == key.type() && same_key(candidate.to_variant(), key);
  });
}

}  // namespace ringpeer
