#include "ringpeer/codec/view/packet_view.h"

#include <algorithm>

#include "ringpeer/codec/wire/wire_scan.h"

namespace ringpeer {
namespace {

// Header of an untyped Dictionary: no bits of either container kind.
constexpr std::uint32_t kDictionaryMask =
    kHeaderTypeMask | kContainerKindMask << kKeyKindShift | kContainerKindMask << kValueKindShift;

bool is_untyped_dictionary(std::span<const std::uint8_t> packet) {
  return packet.size() >= 8 && (wire_scan::load_word(packet.data()) & kDictionaryMask) ==
                                   static_cast<std::uint32_t>(VariantType::DICTIONARY);
}

}  // namespace

Error PacketView::parse(std::span<const std::uint8_t> packet, const DecodeOptions& options) {
  wire_scan::Progress progress(options.limits);
  const bool indexed = is_untyped_dictionary(packet) && options.limits.depth > 0 &&
                       progress.nodes_left > 0 &&
                       (wire_scan::load_word(packet.data() + 4) & kContainerCountMask) <=
                           DictionaryView::kIndexedEntries;
  const Error error = indexed ? parse_fields(packet, options, &progress)
                              : wire_scan::validate(packet, options, 0, &progress);
  if (error != Error::OK) [[unlikely]] {
    *this = PacketView();
    return error;
  }
  // A PackedByteArray at the very end may lack its padding.
  consumed_ = std::min(progress.position, packet.size());
  value_ = VariantView(packet.data(), packet.data() + packet.size(),
                       {.plain = progress.plain_strings, .objects = options.allow_objects});
  if (indexed) [[likely]] {
    fields_.traits_ = value_.traits();
    // A text with a NUL or a byte order mark is not what its first bytes say.
    if (!progress.plain_strings) [[unlikely]] {
      fields_.build_index();
    }
  } else {
    fields_.clear();
    value_.read(&fields_);
  }
  return Error::OK;
}

inline Error PacketView::parse_fields(std::span<const std::uint8_t> packet,
                                      const DecodeOptions& options, wire_scan::Progress* progress) {
  const std::uint8_t* const data = packet.data();
  const std::uint8_t* const end = data + packet.size();
  const std::uint32_t count = wire_scan::load_word(data + 4) & kContainerCountMask;
  fields_.first_ = data + 8;
  fields_.end_ = end;
  fields_.count_ = count;
  fields_.indexed_ = count;
  fields_.key_declared_ = DeclaredType();
  fields_.value_type_ = VariantType::NIL;
  const std::uint8_t* at = fields_.first_;
  std::size_t nodes_left = progress->nodes_left - 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    fields_.offsets_[i] = static_cast<std::uint32_t>(at - fields_.first_);
    // Two values at a time: a short plain name, and a value of the common kinds. With
    // sixteen bytes left its length and its first eight bytes can be read.
    if (end - at >= 16 && nodes_left >= 2 &&
        wire_scan::load_word(at) == static_cast<std::uint32_t>(VariantType::STRING)) [[likely]] {
      const std::uint32_t length = wire_scan::load_word(at + 4);
      const auto word = load_little_endian<std::uint64_t>(at + 8);
      if (length <= 8 && is_plain(word, length)) [[likely]] {
        const std::uint8_t* const value_at = at + 8 + wire_padded(length);
        if (const std::size_t size = wire_scan::common_size(value_at, end); size != 0) [[likely]] {
          fields_.words_[i] = keep_bytes(word, length);
          at = value_at + size;
          nodes_left -= 2;
          continue;
        }
      }
    }
    progress->position = static_cast<std::size_t>(at - data);
    progress->nodes_left = nodes_left;
    if (const Error error = parse_entry(packet, options, i, progress); error != Error::OK) {
      return error;
    }
    at = data + progress->position;
    nodes_left = progress->nodes_left;
  }
  progress->position = static_cast<std::size_t>(at - data);
  return Error::OK;
}

// An entry with a longer name, a key that is no name, or a value that is a container or
// a long string. Not inlined: the loop above needs the registers for itself.
[[gnu::noinline]] Error PacketView::parse_entry(std::span<const std::uint8_t> packet,
                                                const DecodeOptions& options, std::uint32_t index,
                                                wire_scan::Progress* progress) {
  const std::size_t key = progress->position;
  if (const Error error = wire_scan::validate(packet, options, 1, progress); error != Error::OK) {
    return error;
  }
  fields_.words_[index] = fields_.index_word(packet.data() + key);
  return wire_scan::validate(packet, options, 1, progress);
}

}  // namespace ringpeer
