#include "ringpeer/codec/value/element_fit.h"

#include <algorithm>

#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {
namespace {

// What Godot's EncodedObjectAsID inherits from.
bool is_encoded_object_as_id_ancestor(std::string_view name) {
  return name == kEncodedObjectAsIdClass || name == "RefCounted" || name == "Object";
}

// Which class or script inherits from which is only known in the engine, so that a full
// object is believed; but without a script it is of none, and no object is of a class
// that cannot exist.
ElementFit fit_full_object(const ContainerType& type, const Object& object) {
  if (type.kind() == ContainerKind::SCRIPT) {
    const bool has_script = std::ranges::any_of(object.properties(), [](const auto& property) {
      return property.name.view() == kScriptProperty && !property.value.is_nil();
    });
    return has_script ? ElementFit::AS_IT_IS : ElementFit::REFUSED;
  }
  return is_class_name(type.name()) ? ElementFit::AS_IT_IS : ElementFit::REFUSED;
}

ElementFit fit_object(const ContainerType& type, const Variant& element) {
  const auto& object = element.ref<Object>();
  if (object.is_null() || type.kind() == ContainerKind::BUILTIN) return ElementFit::AS_IT_IS;
  if (object.is_full()) return fit_full_object(type, object);
  if (type.kind() == ContainerKind::SCRIPT) return ElementFit::REFUSED;
  return is_encoded_object_as_id_ancestor(type.name()) ? ElementFit::AS_IT_IS : ElementFit::REFUSED;
}

}  // namespace

ElementFit fit_element(const ContainerType& type, const Variant& element, Variant* converted) {
  if (!type.is_typed()) return ElementFit::AS_IT_IS;
  if (type.type() == element.type()) {
    return element.is_object() ? fit_object(type, element) : ElementFit::AS_IT_IS;
  }
  if (type.type() == VariantType::OBJECT) {
    return element.is_nil() ? ElementFit::AS_IT_IS : ElementFit::REFUSED;
  }
  return convert_strictly(element, type.type(), converted) ? ElementFit::CONVERTED
                                                           : ElementFit::REFUSED;
}

bool make_fit(const ContainerType& type, Variant* element) {
  Variant converted;
  switch (fit_element(type, *element, &converted)) {
    case ElementFit::AS_IT_IS:
      return true;
    case ElementFit::CONVERTED:
      *element = std::move(converted);
      return true;
    case ElementFit::REFUSED:
      break;
  }
  return false;
}

Variant default_element(const ContainerType& type) {
  return visit_variant_type(type.type(), [](auto tag) -> Variant {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_same_v<T, NilValue> || std::is_same_v<T, Object>) {
      return {};
    } else {
      return T();
    }
  });
}

}  // namespace ringpeer
