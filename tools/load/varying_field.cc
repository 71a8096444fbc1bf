#include "ringpeer/tools/load/varying_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {
namespace {

constexpr unsigned kBitsPerByte = 8;

template <typename T>
bool parse_number(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

// How a field is written.
constexpr std::pair<std::string_view, FieldKind> kKinds[] = {{"sequence", FieldKind::kSequence},
                                                             {"time", FieldKind::kTime},
                                                             {"random", FieldKind::kRandom},
                                                             {"client", FieldKind::kClient}};
constexpr std::string_view kBigEndian = "be";
constexpr char kBase = '+';

bool parse_kind(std::string_view word, FieldKind* kind) {
  for (const auto& [name, known] : kKinds) {
    if (word != name) continue;
    *kind = known;
    return true;
  }
  return false;
}

std::string_view word_of(FieldKind kind) {
  return std::ranges::find(kKinds, kind, &std::pair<std::string_view, FieldKind>::second)->first;
}

bool lies_in(const VaryingField& field, std::size_t size) {
  return field.width <= size && field.place <= size - field.width;
}

// Steele's splitmix64, which turns numbers that follow each other into ones that seem to have
// nothing in common.
std::uint64_t mix(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

}  // namespace

std::uint64_t seeded_number(std::uint64_t seed, std::uint64_t client, std::uint64_t sequence,
                            std::uint64_t field) {
  return mix(mix(mix(mix(seed) ^ client) ^ sequence) ^ field);
}

std::optional<VaryingField> parse_varying_field(std::string_view text, std::string* error) {
  const std::vector<std::string_view> parts = parts_of(text);
  VaryingField field;
  bool is_right = parts.size() >= 3 && parts.size() <= 5 && parse_number(parts[0], &field.place) &&
                  parse_number(parts[1], &field.width) && parse_kind(parts[2], &field.kind);
  is_right = is_right && field.width >= 1 && field.width <= VaryingField::kMaxWidth &&
             field.place <= kMaxRawPacket - field.width;
  for (std::size_t i = 3; i < parts.size() && is_right; ++i) {
    if (parts[i] == kBigEndian && i == 3) {
      field.is_big_endian = true;
    } else {
      is_right = i + 1 == parts.size() && parts[i].starts_with(kBase) &&
                 parse_number(parts[i].substr(1), &field.base);
    }
  }
  if (is_right) return field;
  *error = fmt::format(
      "{}: write PLACE:WIDTH:KIND, like 4:8:sequence: the first byte (from 0), 1 to {} bytes, and "
      "sequence, time, random or client; then :be for the network's order and :+NUMBER to add.",
      printable_text(text), VaryingField::kMaxWidth);
  return std::nullopt;
}

std::string to_text(const VaryingField& field) {
  std::string text = fmt::format("{}:{}:{}", field.place, field.width, word_of(field.kind));
  if (field.is_big_endian) text += fmt::format(":{}", kBigEndian);
  if (field.base != 0) text += fmt::format(":{}{}", kBase, field.base);
  return text;
}

std::string check_varying_fields(std::span<const VaryingField> fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool is_apart = fields[i].place >= fields[j].place + fields[j].width ||
                            fields[j].place >= fields[i].place + fields[i].width;
      if (is_apart) continue;
      return fmt::format("two fields have byte {} in common: each byte may be of one.",
                         std::max(fields[i].place, fields[j].place));
    }
  }
  return "";
}

std::uint64_t value_of(const VaryingField& field, const LoadStamp& stamp, std::uint64_t seed) {
  switch (field.kind) {
    case FieldKind::kSequence:
      return stamp.sequence + field.base;
    case FieldKind::kTime:
      return static_cast<std::uint64_t>(
                 std::chrono::nanoseconds(stamp.due_at.time_since_epoch()).count()) +
             field.base;
    case FieldKind::kRandom:
      return seeded_number(seed, stamp.client, stamp.sequence, field.place) + field.base;
    case FieldKind::kClient:
      return stamp.client + field.base;
  }
  return 0;
}

void write_fields(std::span<const VaryingField> fields, const LoadStamp& stamp, std::uint64_t seed,
                  std::span<std::uint8_t> packet) {
  for (const VaryingField& field : fields) {
    if (!lies_in(field, packet.size())) continue;
    const std::uint64_t value = value_of(field, stamp, seed);
    for (std::size_t i = 0; i < field.width; ++i) {
      const std::size_t byte = field.is_big_endian ? field.width - 1 - i : i;
      packet[field.place + i] = static_cast<std::uint8_t>(value >> (byte * kBitsPerByte));
    }
  }
}

std::optional<EchoFields> find_echo_fields(std::span<const VaryingField> fields,
                                           std::size_t smallest) {
  const auto whole = [&](FieldKind kind) {
    return std::ranges::find_if(fields, [&](const VaryingField& field) {
      return field.kind == kind && field.width == VaryingField::kMaxWidth &&
             lies_in(field, smallest);
    });
  };
  const auto sequence = whole(FieldKind::kSequence);
  const auto time = whole(FieldKind::kTime);
  if (sequence == fields.end() || time == fields.end()) return std::nullopt;
  return EchoFields{.sequence = *sequence, .time = *time};
}

std::optional<LoadStamp> read_stamp(const EchoFields& fields, std::span<const std::uint8_t> packet,
                                    std::uint32_t client) {
  const std::optional<std::uint64_t> sequence = read_field(fields.sequence, packet);
  const std::optional<std::uint64_t> time = read_field(fields.time, packet);
  if (!sequence || !time) return std::nullopt;
  return LoadStamp{.client = client,
                   .sequence = *sequence,
                   .due_at = std::chrono::steady_clock::time_point(
                       std::chrono::nanoseconds(static_cast<std::int64_t>(*time)))};
}

std::optional<std::uint64_t> read_field(const VaryingField& field,
                                        std::span<const std::uint8_t> packet) {
  if (!lies_in(field, packet.size())) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.width; ++i) {
    const std::size_t byte = field.is_big_endian ? field.width - 1 - i : i;
    value |= std::uint64_t{packet[field.place + i]} << (byte * kBitsPerByte);
  }
  value -= field.base;
  return field.width == VaryingField::kMaxWidth
             ? value
             : value & ((std::uint64_t{1} << (field.width * kBitsPerByte)) - 1);
}

}  // namespace ringpeer::tools
