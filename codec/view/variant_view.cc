#include "ringpeer/codec/view/variant_view.h"

#include <algorithm>
#include <iterator>

#include "ringpeer/codec/value/conversion_table.h"
#include "ringpeer/codec/value/element_fit.h"
#include "ringpeer/codec/view/dictionary_view.h"
#include "ringpeer/codec/wire/decode.h"

namespace ringpeer {
namespace {

// What Godot's EncodedObjectAsID inherits from; an empty class is any object.
bool is_class_of_ids(std::string_view name) {
  return name.empty() || name == "RefCounted" || name == "Object";
}

struct FullObject {
  bool is_null;
  bool has_script;
};

// What a typed container asks of the full object whose header is at `at`.
FullObject full_object(const std::uint8_t* at) {
  at += 4;
  if (wire_scan::string_text(at, false).empty()) return {.is_null = true, .has_script = false};
  at = wire_scan::after_string(at);
  const std::uint32_t count = wire_scan::load_word(at);
  at += 4;
  if (count > 0x7fffffff) return {.is_null = false, .has_script = false};
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool is_script = wire_scan::string_text(at, false) == kScriptProperty;
    at = wire_scan::after_string(at);
    const bool is_nil = (wire_scan::load_word(at) & kHeaderTypeMask) == 0;
    if (is_script && !is_nil) return {.is_null = false, .has_script = true};
    at = wire_scan::skip(at);
  }
  return {.is_null = false, .has_script = false};
}

// Whether a packed array can be made of the Array whose header is at `at`; of a typed one its
// type decides.
bool elements_convert(const std::uint8_t* at, VariantType to_packed) {
  const std::uint32_t kind = wire_scan::load_word(at) >> kElementKindShift & kContainerKindMask;
  const VariantType declared = DeclaredType::of_descriptor(at + 4, kind, {}).type;
  // An array whose type is written out as Nil has none.
  if (declared != VariantType::NIL) return element_converts(declared, to_packed);
  at = wire_scan::array_count_word(at);
  const std::uint32_t count = wire_scan::load_word(at) & kContainerCountMask;
  at += 4;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto type = static_cast<VariantType>(wire_scan::load_word(at) & kHeaderTypeMask);
    if (!element_converts(type, to_packed)) return false;
    at = wire_scan::skip(at);
  }
  return true;
}

}  // namespace

VariantView VariantView::parse(std::span<const std::uint8_t> packet, const DecodeOptions& options,
                               Error* error, std::size_t* consumed) {
  wire_scan::Progress progress(options.limits);
  *error = wire_scan::validate(packet, options, 0, &progress);
  const bool valid = *error == Error::OK;
  if (consumed != nullptr) *consumed = valid ? std::min(progress.position, packet.size()) : 0;
  if (!valid) return {};
  return {packet.data(),
          packet.data() + packet.size(),
          {.plain = progress.plain_strings, .objects = options.allow_objects}};
}

Variant VariantView::to_variant() const {
  Variant value;
  if (at_ == nullptr) return value;
  // What was validated inside a packet is valid on its own, within any budget.
  const DecodeOptions options = {.allow_objects = traits_.objects,
                                 .limits = DecodeLimits::unlimited()};
  const std::span<const std::uint8_t> rest(at_, static_cast<std::size_t>(end_ - at_));
  (void)decode_variant(rest, &value, nullptr, options);  // without memory Nil, as the header says
  if (converted_) make_fit(ContainerType::builtin(type_), &value);
  return value;
}

std::span<const std::uint8_t> VariantView::bytes() const {
  if (at_ == nullptr) return {};
  const std::ptrdiff_t size = wire_scan::skip(at_) - at_;
  return {at_, static_cast<std::size_t>(std::min(size, end_ - at_))};
}

void VariantView::load(PackedStringsView* value) const {
  const std::uint32_t count = wire_scan::load_word(payload());
  // A negative count reads as empty, as in Godot.
  *value = PackedStringsView(payload() + 4, count > 0x7fffffff ? 0 : count);
}

void VariantView::load(NodePathView* value) const {
  const std::uint8_t* at = payload();
  const wire_scan::NodePathHead head = wire_scan::node_path_head(at);
  at += wire_scan::kNodePathHeadSize;
  value->absolute = head.absolute;
  value->names = PackedStringsView(at, head.names);
  for (std::uint32_t i = 0; i < head.names; ++i) at = wire_scan::after_string(at);
  value->subnames = PackedStringsView(at, head.subnames);
}

void VariantView::load(SignalView* value) const {
  value->name = wire_scan::string_text(payload(), traits_.plain);
  value->object_id = load_little_endian<std::uint64_t>(wire_scan::after_string(payload()));
}

void VariantView::load(ArrayView* value) const { *value = ArrayView(*this); }

void VariantView::load(ObjectView* value) const { *value = ObjectView(*this); }

DeclaredType DeclaredType::of_descriptor(const std::uint8_t* at, std::uint32_t kind,
                                         ViewTraits traits) {
  if (kind == static_cast<std::uint32_t>(ContainerKind::UNTYPED)) return {};
  if (kind == static_cast<std::uint32_t>(ContainerKind::BUILTIN)) {
    return {.type = static_cast<VariantType>(wire_scan::load_word(at))};
  }
  // Without allow_objects every class is read as EncodedObjectAsID, which ids are.
  if (!traits.objects) return {.type = VariantType::OBJECT};
  const std::string_view name = wire_scan::string_text(at, traits.plain);
  const bool is_class = kind == static_cast<std::uint32_t>(ContainerKind::CLASS_NAME);
  const bool takes_ids = name == kEncodedObjectAsIdClass || is_class_of_ids(name);
  return {.type = VariantType::OBJECT,
          .refuses_ids = !takes_ids,
          .refuses_full = is_class && !name.empty() && !is_class_name(name),
          .wants_script = !is_class};
}

bool DeclaredType::converts(const std::uint8_t* at, VariantType actual,
                            VariantType* becomes) const {
  if (type == VariantType::OBJECT) {
    // An empty place stays what it is; the class of a full object is believed.
    if (actual == VariantType::NIL) return true;
    if (actual != VariantType::OBJECT) return false;
    const bool is_id = (wire_scan::load_word(at) & kHeaderFlagObjectAsId) != 0;
    if (is_id) return !refuses_ids || load_little_endian<std::uint64_t>(at + 4) == 0;
    if (!refuses_full && !wants_script) return true;
    const FullObject object = full_object(at);
    return object.is_null || (!refuses_full && object.has_script);
  }
  if (!variant_converts(actual, type)) return false;
  if (actual == VariantType::ARRAY && !elements_convert(at, type)) return false;
  *becomes = type;
  return true;
}

ArrayView::ArrayView(const VariantView& value) : end_(value.end()), traits_(value.traits()) {
  const std::uint32_t header = wire_scan::load_word(value.at());
  declared_ = DeclaredType::of_descriptor(
      value.at() + 4, header >> kElementKindShift & kContainerKindMask, traits_);
  const std::uint8_t* const count_at = wire_scan::array_count_word(value.at());
  count_ = wire_scan::load_word(count_at) & kContainerCountMask;
  first_ = count_at + 4;
}

std::size_t ArrayView::size() const {
  if (declared_.type == VariantType::NIL) return count_;
  return static_cast<std::size_t>(std::distance(begin(), end()));
}

VariantView ArrayView::operator[](std::size_t index) const {
  for (const VariantView element : *this) {
    if (index-- == 0) return element;
  }
  return {};
}

ObjectView::ObjectView(const VariantView& value) : end_(value.end()), traits_(value.traits()) {
  const std::uint8_t* at = value.at() + 4;
  if ((wire_scan::load_word(value.at()) & kHeaderFlagObjectAsId) != 0) {
    id_ = load_little_endian<std::uint64_t>(at);
    return;
  }
  class_name_ = wire_scan::string_text(at, traits_.plain);
  if (class_name_.empty()) return;
  at = wire_scan::after_string(at);
  const std::uint32_t count = wire_scan::load_word(at);
  count_ = count > 0x7fffffff ? 0 : count;  // negative: none, as in Godot
  first_ = at + 4;
}

VariantView ObjectView::find(std::string_view name) const {
  VariantView found;
  for (const Property property : *this) {
    if (property.name == name) found = property.value;
  }
  return found.exists() || String::keeps(name) ? found : find(String(name).view());
}

}  // namespace ringpeer
