#ifndef RINGPEER_CODEC_VIEW_PACKET_VIEW_H_
#define RINGPEER_CODEC_VIEW_PACKET_VIEW_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/view/dictionary_view.h"
#include "ringpeer/codec/view/variant_view.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// A validated packet and, when its value is a Dictionary, the index of its fields,
// both made in the same pass: the fastest way to read a message. Threads, lifetime
// and errors as in variant_view.h. Keep one and parse one packet after the other.
class PacketView {
 public:
  // After an error the view is of no value.
  Error parse(std::span<const std::uint8_t> packet, const DecodeOptions& options = {});

  // The packet's value; absent before a successful parse.
  const VariantView& value() const { return value_; }

  // The value's entries; empty when it is no Dictionary.
  const DictionaryView& fields() const { return fields_; }

  // A field of the Dictionary; absent when there is none.
  [[gnu::always_inline]] VariantView operator[](std::string_view key) const {
    return fields_.find(key);
  }
  [[gnu::always_inline]] VariantView operator[](const char* key) const {
    return fields_.find(text_at(key));
  }
  VariantView operator[](std::nullptr_t) const = delete;

  // Bytes that the value takes; what follows was ignored. 0 after an error.
  std::size_t consumed() const { return consumed_; }

 private:
  Error parse_fields(std::span<const std::uint8_t> packet, const DecodeOptions& options,
                     wire_scan::Progress* progress);
  Error parse_entry(std::span<const std::uint8_t> packet, const DecodeOptions& options,
                    std::uint32_t index, wire_scan::Progress* progress);

  VariantView value_;
  DictionaryView fields_;
  std::size_t consumed_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_PACKET_VIEW_H_
