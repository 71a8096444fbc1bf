#include "ringpeer/codec/base/utf8.h"

#include <cstdint>
#include <cstring>

#include "ringpeer/codec/base/text_word.h"

namespace ringpeer {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Length of the strict sequence that starts at `position`, 0 if there is none.
std::size_t sequence_length(std::string_view text, std::size_t position) {
  const std::uint8_t lead = byte_at(text, position);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  // The second byte's range is what rules out overlong forms, surrogates and values
  // above U+10FFFF (Unicode, table 3-7).
  std::uint8_t lowest = 0x80;
  std::uint8_t highest = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) lowest = 0xa0;
    if (lead == 0xed) highest = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) lowest = 0x90;
    if (lead == 0xf4) highest = 0x8f;
  } else {
    return 0;
  }
  if (text.size() - position < length) return 0;
  const std::uint8_t second = byte_at(text, position + 1);
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, position + i))) return 0;
  }
  return length;
}

// How many bytes from `position` on are ASCII and not NUL; eight at a time.
std::size_t plain_run(std::string_view text, std::size_t position) {
  std::size_t end = position;
  while (text.size() - end >= kTextWordSize) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + end, kTextWordSize);
    if (!is_plain(word, kTextWordSize)) break;
    end += kTextWordSize;
  }
  // NUL wraps around to the largest value.
  constexpr std::uint8_t kLastPlain = 0x7f - 1;
  while (end < text.size() && static_cast<std::uint8_t>(text[end] - 1) <= kLastPlain) ++end;
  return end - position;
}

}  // namespace

bool utf8_valid(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    position += plain_run(text, position);
    if (position == text.size()) break;
    const std::size_t length = sequence_length(text, position);
    if (length == 0) return false;
    position += length;
  }
  return true;
}

bool utf8_from_wire(std::string_view bytes, std::string_view* text) {
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  std::size_t position = 0;
  while (position < bytes.size()) {
    position += plain_run(bytes, position);
    if (position == bytes.size() || bytes[position] == '\0') break;
    const std::size_t length = sequence_length(bytes, position);
    if (length == 0) return false;
    position += length;
  }
  *text = bytes.substr(0, position);
  return true;
}

void utf8_append(std::string* text, char32_t code_point) {
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (surrogate || code_point > 0x10ffff) code_point = kReplacement;
  const auto tail = [code_point](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3f));
  };
  if (code_point < 0x80) {
    text->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    text->push_back(static_cast<char>(0xc0 | code_point >> 6));
    text->push_back(tail(0));
  } else if (code_point < 0x10000) {
    text->push_back(static_cast<char>(0xe0 | code_point >> 12));
    text->push_back(tail(6));
    text->push_back(tail(0));
  } else {
    text->push_back(static_cast<char>(0xf0 | code_point >> 18));
    text->push_back(tail(12));
    text->push_back(tail(6));
    text->push_back(tail(0));
  }
}

std::string utf8_repaired(std::string_view bytes) {
  std::string repaired;
  repaired.reserve(bytes.size());
  for (std::size_t position = 0; position < bytes.size();) {
    const std::size_t length = sequence_length(bytes, position);
    if (length == 0 || bytes[position] == '\0') {
      utf8_append(&repaired, kReplacement);
      ++position;
      continue;
    }
    repaired.append(bytes.substr(position, length));
    position += length;
  }
  return repaired;
}

}  // namespace ringpeer
