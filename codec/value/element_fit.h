#ifndef RINGPEER_CODEC_VALUE_ELEMENT_FIT_H_
#define RINGPEER_CODEC_VALUE_ELEMENT_FIT_H_

#include "ringpeer/codec/value/container_type.h"

namespace ringpeer {

class Variant;

// Godot's rule for an element of a typed container.
// Threads: none shared. Failure: std::bad_alloc, for what is converted.
enum class ElementFit {
  AS_IT_IS,
  CONVERTED,  // *converted holds what the container takes instead
  REFUSED,    // left out by the container
};

ElementFit fit_element(const ContainerType& type, const Variant& element, Variant* converted);

// The same for a value that is owned: false when it is refused.
bool make_fit(const ContainerType& type, Variant* element);

// What a typed container holds where nothing was put: the type's default, and Nil for objects.
Variant default_element(const ContainerType& type);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_ELEMENT_FIT_H_
