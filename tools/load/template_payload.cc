#include "ringpeer/tools/load/template_payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/array.h"
#include "ringpeer/codec/value/dictionary.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tools/load/content_digest.h"
#include "ringpeer/tools/load/payload_sizes.h"

namespace ringpeer::tools {
namespace {

// Each is a value of its own in every packet.
constexpr std::size_t kMaxFields = 10'000;

std::size_t children_of(const Variant& value) {
  if (const auto* array = value.get_if<Array>()) return array->size();
  if (const auto* dictionary = value.get_if<Dictionary>()) return dictionary->size();
  return 0;
}

// Null when there is no such child.
const Variant* child_of(const Variant& value, std::size_t index) {
  if (index >= children_of(value)) return nullptr;
  if (const auto* array = value.get_if<Array>()) return &(*array)[index];
  auto entry = value.get_if<Dictionary>()->begin();
  for (; index > 0; --index) ++entry;
  return &entry->value;
}

const Variant* at_path(const Variant& whole, const std::vector<std::size_t>& path) {
  const Variant* value = &whole;
  for (const std::size_t index : path) {
    if (value != nullptr) value = child_of(*value, index);
  }
  return value;
}

// What stands behind the value: str_to_var ignores it, as Godot does, but a template with something
// behind it is a slip.
bool is_blank_behind(std::string_view text, const Variant& value) {
  // "1.50" is "1.5".
  if (value.type() == VariantType::INT || value.type() == VariantType::FLOAT) return true;
  // A value that is whole stays what it is without its last byte only if that byte is not its own.
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return false;
  Variant shorter;
  const bool is_read = str_to_var(text.substr(0, last), &shorter) == Error::OK;
  return !is_read || shorter != value;
}

}  // namespace

std::unique_ptr<TemplatePayload> TemplatePayload::make(std::string_view text, std::uint64_t seed,
                                                       std::string* error) {
  Variant whole;
  TextError reason;
  if (str_to_var(text, &whole, &reason) != Error::OK) {
    *error = fmt::format("the template is no Godot text (var_to_str): line {}: {}", reason.line,
                         reason.message);
    return nullptr;
  }
  if (!is_blank_behind(text, whole)) {
    *error = "the template has something behind its value: one value is one packet.";
    return nullptr;
  }
  ContentDigest digest;
  digest.add(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  std::unique_ptr<TemplatePayload> payload(new TemplatePayload(seed, digest.value()));
  if (!payload->find_fields(whole, error)) return nullptr;
  payload->open(whole);
  *error = payload->complaint_about_trial();
  return error->empty() ? std::move(payload) : nullptr;
}

// Without recursion: a text may be nested as deeply as Godot allows.
bool TemplatePayload::find_fields(const Variant& whole, std::string* error) {
  std::vector<std::pair<const Variant*, std::vector<std::size_t>>> left = {{&whole, {}}};
  while (!left.empty()) {
    const auto [value, path] = std::move(left.back());
    left.pop_back();
    const std::size_t children = children_of(*value);
    for (std::size_t i = children; i > 0; --i) {
      const Variant* const child = child_of(*value, i - 1);
      // Most are numbers and the like, which need no place in the list.
      if (children_of(*child) == 0 && child->type() != VariantType::STRING) continue;
      left.emplace_back(child, path).second.push_back(i - 1);
    }
    if (value->type() != VariantType::STRING) continue;
    const std::optional<TemplateField> field = parse_template_field(value->as_text(), error);
    if (!error->empty()) return false;
    if (!field) continue;
    if (field->kind == TemplateField::Kind::kSequence) sequence_ = fields_.size();
    if (field->kind == TemplateField::Kind::kTime) time_ = fields_.size();
    fields_.push_back({*field, path});
    if (fields_.size() > kMaxFields) {
      *error = fmt::format("the template has more than {} fields.", kMaxFields);
      return false;
    }
  }
  return true;
}

std::unique_ptr<LoadPayload> TemplatePayload::clone() const {
  std::unique_ptr<TemplatePayload> copy(new TemplatePayload(seed_, digest_));
  copy->fields_ = fields_;
  copy->sequence_ = sequence_;
  copy->time_ = time_;
  copy->open(sent_.whole);
  return copy;
}

void TemplatePayload::open(const Variant& whole) {
  open(whole, &sent_);
  open(whole, &expected_);
  packet_.resize(kMaxRawPacket);
  expected_packet_.resize(kMaxRawPacket);
}

void TemplatePayload::open(const Variant& whole, Copy* copy) const {
  copy->whole = whole;
  for (const Place& place : fields_) {
    copy->places.push_back(const_cast<Variant*>(at_path(copy->whole, place.path)));
  }
}

void TemplatePayload::fill(const LoadStamp& stamp, Copy* copy) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    *copy->places[i] = value_of(fields_[i].field, i, stamp, seed_);
  }
}

// A packet is made, read, and held against what it was made of.
std::string TemplatePayload::complaint_about_trial() {
  // Numbers at their largest, when a packet is.
  const LoadStamp stamp = {
      .client = ~std::uint32_t{0},
      .sequence = ~std::uint64_t{0} >> 1,
      .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds::max())};
  const std::span<const std::uint8_t> packet = compose(stamp, false);
  if (packet.empty()) {
    return fmt::format("the template makes packets of more than {} bytes, or nested too deeply.",
                       kMaxRawPacket);
  }
  Variant value;
  if (decode_variant(packet, &value, nullptr) == Error::OK && value == sent_.whole) return "";
  return "the template's packet does not decode to what it is made of: a field in a typed Array or "
         "Dictionary has to be of that type, and an Object is sent as its id.";
}

std::span<const std::uint8_t> TemplatePayload::compose(const LoadStamp& stamp, bool /*leaving*/) {
  fill(stamp, &sent_);
  std::size_t size = 0;
  const Error error = encode_variant(sent_.whole, packet_, &size);
  if (error != Error::OK || size > packet_.size()) return {};
  return std::span<const std::uint8_t>(packet_).first(size);
}

std::optional<std::int64_t> TemplatePayload::number_in(const Variant& whole,
                                                       std::size_t field) const {
  const Variant* const value = at_path(whole, fields_[field].path);
  const auto* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
  return number == nullptr ? std::nullopt : std::optional(*number);
}

LoadReply TemplatePayload::read(std::span<const std::uint8_t> packet, std::uint32_t client) const {
  LoadReply reply;
  Variant value;
  if (!identifies_echoes() || decode_variant(packet, &value, nullptr) != Error::OK) return reply;
  const std::optional<std::int64_t> sequence = number_in(value, sequence_);
  const std::optional<std::int64_t> time = number_in(value, time_);
  if (!sequence || !time || *sequence < 0) return reply;
  const LoadStamp stamp = {
      .client = client,
      .sequence = static_cast<std::uint64_t>(*sequence),
      .due_at = std::chrono::steady_clock::time_point(std::chrono::nanoseconds(*time))};
  fill(stamp, &expected_);
  // Byte by byte: values are equal of which a bit was turned that decoding does not look at.
  std::size_t size = 0;
  const Error error = encode_variant(expected_.whole, expected_packet_, &size);
  const bool is_whole = error == Error::OK && size == packet.size() &&
                        std::equal(packet.begin(), packet.end(), expected_packet_.begin());
  reply.kind = is_whole ? LoadReply::Kind::kEcho : LoadReply::Kind::kCorrupted;
  reply.is_known_by_time_alone = true;
  reply.stamp = stamp;
  return reply;
}

}  // namespace ringpeer::tools
