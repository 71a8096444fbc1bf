#ifndef RINGPEER_CODEC_WIRE_CONTAINER_TYPE_DECODER_H_
#define RINGPEER_CODEC_WIRE_CONTAINER_TYPE_DECODER_H_

#include <algorithm>
#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/memory.h"
#include "ringpeer/codec/value/container_type.h"
#include "ringpeer/codec/value/convert.h"
#include "ringpeer/codec/value/element_fit.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/value/variant_tree.h"
#include "ringpeer/codec/wire/leaf_decoder.h"

namespace ringpeer {

// Decodes the types that a packet gives to the elements of its containers, and decides which
// classes and which elements are taken.
//
// Part of the decoder, not for direct use. Threads, lifetime and failure: as LeafDecoder.
template <typename Memory>
class ContainerTypeDecoder : protected LeafDecoder<Memory> {
 protected:
  static constexpr bool kOwned = std::is_same_v<Memory, HeapMemory>;

  using LeafDecoder<Memory>::LeafDecoder;
  using LeafDecoder<Memory>::budget_;
  using LeafDecoder<Memory>::memory_;
  using LeafDecoder<Memory>::options_;
  using LeafDecoder<Memory>::reader_;

  // A type that has been read, until a container has it.
  struct ReadType {
    ContainerType type;
    ~ReadType() {
      if constexpr (!kOwned) type.forget();
    }
  };

  [[gnu::noinline]] Error read_container_type(std::uint32_t kind, ContainerType* type) {
    switch (static_cast<ContainerKind>(kind & kContainerKindMask)) {
      case ContainerKind::UNTYPED:
        return Error::OK;
      case ContainerKind::BUILTIN:
        return read_builtin_type(type);
      case ContainerKind::CLASS_NAME:
      case ContainerKind::SCRIPT:
        break;
    }
    std::string_view name;
    const Error error = reader_.read_text(&name);
    if (error != Error::OK) return error;
    const bool script =
        (kind & kContainerKindMask) == static_cast<std::uint32_t>(ContainerKind::SCRIPT);
    if (options_.allow_objects && script && !name.starts_with(kScriptPathPrefix)) {
      return Error::ERR_INVALID_DATA;
    }
    if (!options_.allow_objects || name == kEncodedObjectAsIdClass) {
      *type = ContainerType::encoded_object_as_id();
      return Error::OK;
    }
    if (!script && name.empty()) {
      *type = ContainerType::builtin(VariantType::OBJECT);
      return Error::OK;
    }
    if (!script && !class_allowed(name)) return Error::ERR_INVALID_DATA;
    if (!budget_.spend_bytes(ContainerType::heap_bytes(name.size()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    *type = ContainerType::named(memory_,
                                 script ? ContainerKind::SCRIPT : ContainerKind::CLASS_NAME, name);
    return Error::OK;
  }

  Error read_builtin_type(ContainerType* type) {
    std::uint32_t id = 0;
    const Error error = reader_.read(&id);
    if (error != Error::OK) return error;
    if (id >= kVariantTypeCount) return Error::ERR_INVALID_DATA;
    const auto builtin = static_cast<VariantType>(id);
    *type = builtin == VariantType::OBJECT && !options_.allow_objects
                ? ContainerType::encoded_object_as_id()
                : ContainerType::builtin(builtin);
    return Error::OK;
  }

  bool class_allowed(std::string_view name) const {
    return options_.allowed_classes.empty() ||
           std::ranges::find(options_.allowed_classes, name) != options_.allowed_classes.end();
  }

  // Godot's rule for an element of a typed container: whether it stays, converted perhaps.
  [[gnu::noinline]] Error fit(const ContainerType& type, Variant* element, bool* fits) {
    *fits = true;
    if (!type.is_typed() ||
        (type.type() == element->type() && type.type() != VariantType::OBJECT)) {
      return Error::OK;
    }
    // What a conversion takes is paid for before it is made.
    if (!budget_.spend_bytes(converted_bytes(*element, type.type()))) {
      return Error::ERR_OUT_OF_MEMORY;
    }
    Variant converted;
    switch (fit_element(type, *element, &converted)) {
      case ElementFit::AS_IT_IS:
        return Error::OK;
      case ElementFit::REFUSED:
        *fits = false;
        return Error::OK;
      case ElementFit::CONVERTED:
        break;
    }
    if constexpr (kOwned) {
      *element = std::move(converted);
    } else {
      new (element) Variant();
      VariantTree::copy(memory_, converted, element);
    }
    return Error::OK;
  }
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_CONTAINER_TYPE_DECODER_H_
