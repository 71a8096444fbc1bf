#ifndef RINGPEER_CODEC_VALUE_VARIANT_STRING_H_
#define RINGPEER_CODEC_VALUE_VARIANT_STRING_H_

#include "ringpeer/codec/base/language.h"

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/base/memory.h"

namespace ringpeer {

// The text that a pointer names; a null pointer names the empty one.
constexpr std::string_view text_at(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// Godot's String: text that is always strict UTF-8 without NUL (what is not becomes
// U+FFFD when it is constructed, as in Godot, so that it never reaches the wire).
// 16 bytes wide; up to 15 bytes of text are held inside. Immutable but for
// assignment: build longer texts in a std::string. A text beyond kLongest is
// std::bad_alloc.
//
// Threads: as Variant. Lifetime: view() until it is assigned to or destroyed.
class String {
 public:
  static constexpr std::size_t kInlineCapacity = 15;
  // What the length of a String on the heap is counted in.
  static constexpr std::size_t kLongest = std::numeric_limits<std::uint32_t>::max();

  // Whether a String of these bytes is these bytes: what is looked up by text and not found must be
  // looked up as the String that it would be stored as, unless it is one already.
  static bool keeps(std::string_view bytes);

  String() { hold(ShortText()); }
  String(std::string_view text);                       // NOLINT(google-explicit-constructor)
  String(const char* text) : String(text_at(text)) {}  // NOLINT
  String(std::nullptr_t) = delete;
  String(const std::string& text) : String(std::string_view(text)) {}  // NOLINT
  String(const String& other) {
    HeapMemory memory;
    construct_valid(memory, other.view());
  }
  String(String&& other) noexcept {
    std::memcpy(bytes_, other.bytes_, sizeof(bytes_));
    other.hold(ShortText());
  }
  String& operator=(const String& other) {
    if (this != &other) String(other).swap(*this);
    return *this;
  }
  String& operator=(String&& other) noexcept {
    String(std::move(other)).swap(*this);
    return *this;
  }
  ~String() {
    if (!is_small()) HeapMemory::release(heap_data());
  }

  std::string_view view() const {
    return is_small() ? std::string_view(bytes_, small_size())
                      : std::string_view(heap_data(), heap_size());
  }
  operator std::string_view() const { return view(); }  // NOLINT
  std::string str() const { return std::string(view()); }
  std::size_t size() const { return is_small() ? small_size() : heap_size(); }
  bool empty() const { return size() == 0; }

  void swap(String& other) noexcept {
    char bytes[sizeof(bytes_)];
    std::memcpy(bytes, bytes_, sizeof(bytes));
    std::memcpy(bytes_, other.bytes_, sizeof(bytes));
    std::memcpy(other.bytes_, bytes, sizeof(bytes));
  }

  friend bool operator==(const String& a, const String& b) {
    if (a.word(0) == b.word(0) && a.word(1) == b.word(1)) return true;
    return !a.is_small() && !b.is_small() && a.view() == b.view();
  }
  friend auto operator<=>(const String& a, const String& b) { return a.view() <=> b.view(); }

  // --- For builders (see memory.h). ---

  struct Valid {};  // the text is known to be strict UTF-8 without NUL

  template <typename Memory>
  String(Valid, Memory& memory, std::string_view text) {
    construct_valid(memory, text);
  }

  // A strict UTF-8 text without NUL that is held inside, as the words that it is held in.
  struct ShortText {
    std::uint64_t words[2] = {0, 0};  // little-endian, zeroes behind the text
    std::size_t size = 0;             // at most kInlineCapacity
  };
  explicit String(const ShortText& text) { hold(text); }

  // What the constructor above would allocate.
  static std::size_t heap_bytes(std::size_t size) { return size <= kInlineCapacity ? 0 : size; }

 private:
  // The last byte is kInlineCapacity minus the size of a text held inside, or kHeapTag.
  // The bytes between such a text and that byte are zeroes, so that two texts are equal
  // when their words are.
  static constexpr unsigned char kHeapTag = 0xff;

  bool is_small() const { return tag() != kHeapTag; }
  unsigned char tag() const { return static_cast<unsigned char>(bytes_[kInlineCapacity]); }
  std::size_t small_size() const { return kInlineCapacity - tag(); }
  void hold(const ShortText& text) {
    static_assert(std::endian::native == std::endian::little && kInlineCapacity == 15);
    const std::uint64_t size_tag = std::uint64_t{kInlineCapacity - text.size} << 56;
    const std::uint64_t words[2] = {text.words[0], text.words[1] | size_tag};
    std::memcpy(bytes_, words, sizeof(words));
  }
  std::uint64_t word(std::size_t index) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_ + index * sizeof(word), sizeof(word));
    return word;
  }
  char* heap_data() const {
    char* data = nullptr;
    std::memcpy(&data, bytes_, sizeof(data));
    return data;
  }
  std::size_t heap_size() const {
    std::uint32_t size = 0;
    std::memcpy(&size, bytes_ + sizeof(char*), sizeof(size));
    return size;
  }

  template <typename Memory>
  void construct_valid(Memory& memory, std::string_view text) {
    if (text.size() <= kInlineCapacity) {
      hold(short_text(text));
      return;
    }
    if (text.size() > kLongest) refuse_memory();
    char* data = static_cast<char*>(memory.allocate(text.size()));
    std::memcpy(data, text.data(), text.size());
    const auto size = static_cast<std::uint32_t>(text.size());
    std::memset(bytes_, 0, sizeof(bytes_));
    std::memcpy(bytes_, &data, sizeof(data));
    std::memcpy(bytes_ + sizeof(data), &size, sizeof(size));
    bytes_[kInlineCapacity] = static_cast<char>(kHeapTag);
  }

  // memcpy of a run-time size is a call; keys of a few bytes are the common case. The
  // parts that are loaded overlap where the size is no power of two.
  static ShortText short_text(std::string_view text) {
    const char* source = text.data();
    const std::size_t size = text.size();
    ShortText held;
    held.size = size;
    if (size > 8) {
      held.words[0] = load_part<std::uint64_t>(source);
      held.words[1] = load_part<std::uint64_t>(source + size - 8) >> 8 * (16 - size);
    } else if (size >= 4) {
      held.words[0] = load_part<std::uint32_t>(source) | load_part<std::uint32_t>(source + size - 4)
                                                             << 8 * (size - 4);
    } else if (size > 0) {
      held.words[0] = load_part<std::uint8_t>(source) |
                      load_part<std::uint8_t>(source + size / 2) << 8 * (size / 2) |
                      load_part<std::uint8_t>(source + size - 1) << 8 * (size - 1);
    }
    return held;
  }
  template <typename Part>
  static std::uint64_t load_part(const char* source) {
    Part part = 0;
    std::memcpy(&part, source, sizeof(part));
    return part;
  }

  alignas(8) char bytes_[kInlineCapacity + 1];
};

// Godot's StringName: on the wire a String of another type; &"a" and "a" are the same
// Dictionary key. (Godot interns them; a server that only passes them on need not.)
class StringName {
 public:
  StringName() = default;
  explicit StringName(String text) : text_(std::move(text)) {}
  explicit StringName(std::string_view text) : text_(text) {}
  explicit StringName(const char* text) : text_(text) {}
  explicit StringName(std::nullptr_t) = delete;
  explicit StringName(const std::string& text) : text_(text) {}

  const String& string() const { return text_; }
  std::string_view view() const { return text_.view(); }
  operator std::string_view() const { return view(); }  // NOLINT
  bool empty() const { return text_.empty(); }

  friend bool operator==(const StringName& a, const StringName& b) = default;

  // For builders (see memory.h).
  template <typename Memory>
  StringName(String::Valid valid, Memory& memory, std::string_view text)
      : text_(valid, memory, text) {}

 private:
  String text_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_VARIANT_STRING_H_
