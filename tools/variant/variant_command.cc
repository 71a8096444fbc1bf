#include "ringpeer/tools/variant/variant_command.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <istream>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/variant_view.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/exit_status.h"

namespace ringpeer {
namespace {

// Keeps the members in the order they are written here.
using Json = nlohmann::ordered_json;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return std::string(line.substr(first, line.find_last_not_of(kBlanks) - first + 1));
}

std::optional<std::uint8_t> hex_value(char c) {
  if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  const std::size_t digit = kHexDigits.find(c);
  if (digit == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(digit);
}

std::optional<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = hex_value(hex[i]);
    const auto low = hex_value(hex[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    hex.push_back(kHexDigits[byte >> 4]);
    hex.push_back(kHexDigits[byte & 0xf]);
  }
  return hex;
}

Json failure(Error error, std::string_view message = {}) {
  Json result{{"ok", false}, {"error", error_name(error)}, {"code", static_cast<int>(error)}};
  if (!message.empty()) result["message"] = message;
  return result;
}

// A line's member of that name, or the whole line when it is not a JSON object.
std::optional<std::string> line_content(const std::string& line, const char* member) {
  if (!line.starts_with('{')) return line;
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(member) || !json[member].is_string()) {
    return std::nullopt;
  }
  return json[member].get<std::string>();
}

Error encode_whole(const Variant& value, const EncodeOptions& options, Bytes* bytes) {
  std::size_t size = 0;
  bytes->resize(kMaximumDatagramSize);
  Error error = encode_variant(value, *bytes, &size, options);
  if (error == Error::OK && size > bytes->size()) {
    bytes->resize(size);
    error = encode_variant(value, *bytes, &size, options);
  }
  bytes->resize(size);
  return error;
}

// The error of a limit has the same name as that of no memory; reading in place needs none.
bool is_within_limits(const Bytes& packet, const DecodeOptions& options) {
  Error error = Error::OK;
  VariantView::parse(packet, options, &error);
  return error != Error::ERR_OUT_OF_MEMORY;
}

Json decode_line(const std::string& line, const DecodeOptions& options) {
  const auto hex = line_content(line, "bytes");
  if (!hex) return failure(Error::ERR_PARSE_ERROR, "expected hex or {\"bytes\": \"hex\"}");
  const auto packet = from_hex(*hex);
  if (!packet) return failure(Error::ERR_PARSE_ERROR, "the bytes are not pairs of hex digits");
  Variant value;
  std::size_t consumed = 0;
  Error error = decode_variant(*packet, &value, &consumed, options);
  if (error == Error::ERR_OUT_OF_MEMORY && is_within_limits(*packet, options))
    throw std::bad_alloc();
  if (error != Error::OK) return failure(error);
  Bytes again;
  error = encode_whole(value, {.full_objects = options.allow_objects}, &again);
  if (error != Error::OK) return failure(error, "decoded, but does not encode again");
  return {{"ok", true},
          {"type", value.type_name()},
          {"value", var_to_str(value)},
          {"consumed", consumed},
          {"bytes", to_hex(again)}};
}

// A bare line that starts with a brace may be a Dictionary in Godot's text as well.
std::string text_of(const std::string& line) { return line_content(line, "text").value_or(line); }

Json encode_line(const std::string& line, const EncodeOptions& options) {
  Variant value;
  TextError text_error;
  Error error = str_to_var(text_of(line), &value, &text_error);
  if (error != Error::OK) return failure(error, text_error.message);
  Bytes bytes;
  error = encode_whole(value, options, &bytes);
  if (error != Error::OK) return failure(error);
  return {{"ok", true}, {"bytes", to_hex(bytes)}};
}

enum class LineKind { kNone, kWhole, kTooLong, kOutOfMemory };

// Adds a piece of a line, as long as it fits.
void extend(std::string* line, std::string_view piece, LineKind* kind) {
  if (*kind != LineKind::kWhole) return;
  try {
    if (line->size() + piece.size() <= kMaxVariantLine) {
      line->append(piece);
      return;
    }
    *kind = LineKind::kTooLong;
  } catch (const std::bad_alloc&) {
    *kind = LineKind::kOutOfMemory;
  }
  *line = std::string();  // gives its memory back
}

// The next line, without its end; of one that cannot be kept the rest is passed over.
LineKind read_line(std::istream& input, std::string* line) {
  line->clear();
  LineKind kind = LineKind::kWhole;
  std::array<char, 16384> piece;
  for (bool is_begun = false;; is_begun = true) {
    input.getline(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto count = static_cast<std::size_t>(input.gcount());
    if (input.eof()) {
      extend(line, {piece.data(), count}, &kind);
      return count > 0 || is_begun ? kind : LineKind::kNone;
    }
    if (input.good()) {  // the line's end was counted, too
      extend(line, {piece.data(), count - 1}, &kind);
      return kind;
    }
    if (input.bad() || count == 0) return LineKind::kNone;
    input.clear();  // the piece is full
    extend(line, {piece.data(), count}, &kind);
  }
}

struct Answer {
  std::string text;
  bool ok = false;
};

template <typename Convert>
Answer answer_to(const std::string& line, LineKind* kind, Convert convert) {
  try {
    if (*kind == LineKind::kWhole) {
      const Json answer = convert(trimmed(line));
      // A dump never fails on text that is not UTF-8: it is replaced.
      return {answer.dump(-1, ' ', false, Json::error_handler_t::replace), answer["ok"]};
    }
  } catch (const std::bad_alloc&) {
    *kind = LineKind::kOutOfMemory;
  }
  const char* what =
      *kind == LineKind::kTooLong ? "the line is too long" : "there is not enough memory for it";
  return {failure(Error::ERR_OUT_OF_MEMORY, what).dump()};
}

template <typename Convert>
int convert_lines(std::istream& input, std::ostream& output, Convert convert) {
  std::string line;
  bool all_kept = true;
  bool any_ok = false;
  bool any_failed = false;
  for (LineKind kind; (kind = read_line(input, &line)) != LineKind::kNone;) {
    const Answer answer = answer_to(line, &kind, convert);
    output << answer.text << '\n';
    (answer.ok ? any_ok : any_failed) = true;
    all_kept = all_kept && kind == LineKind::kWhole;
    if (!output) break;
  }
  if (!output.flush()) return tools::run_error("the result cannot be written to standard output.");
  if (input.bad()) return tools::run_error("standard input cannot be read.");
  if (!all_kept) {
    return tools::run_error("a line was too long, or there was not enough memory for it.");
  }
  if (any_ok || !any_failed) return tools::kExitOk;
  return tools::run_error(
      "no line could be translated: each answer's \"error\" says why. Is it the other direction "
      "(decode, encode)?");
}

}  // namespace

int run_variant_decode(std::istream& input, std::ostream& output, const DecodeOptions& options) {
  return convert_lines(input, output,
                       [&](const std::string& line) { return decode_line(line, options); });
}

int run_variant_encode(std::istream& input, std::ostream& output, const EncodeOptions& options) {
  return convert_lines(input, output,
                       [&](const std::string& line) { return encode_line(line, options); });
}

}  // namespace ringpeer
