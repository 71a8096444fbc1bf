#ifndef RINGPEER_CODEC_VALUE_NODE_PATH_H_
#define RINGPEER_CODEC_VALUE_NODE_PATH_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ringpeer/codec/value/compact_vector.h"
#include "ringpeer/codec/value/variant_string.h"

namespace ringpeer {

// Godot's NodePath: names, subnames (properties) and whether it starts at the root.
// Names are taken from the wire as they are, even such as no parsed path can hold
// ("a/b", "a:b", "").
// Threads and failure: as Variant. Lifetime: what it hands out, until the path changes.
class NodePath {
 public:
  NodePath() = default;

  // Parses Godot's text form, "/root/Main:position:x". A path that Godot refuses
  // (an empty subname as in "a::b") is the empty path, as in Godot.
  explicit NodePath(std::string_view path);
  explicit NodePath(const char* path) : NodePath(text_at(path)) {}
  explicit NodePath(const std::string& path) : NodePath(std::string_view(path)) {}
  explicit NodePath(std::nullptr_t) = delete;

  NodePath(CompactVector<String> names, std::size_t name_count, bool absolute)
      : parts_(std::move(names)),
        name_count_(static_cast<std::uint32_t>(name_count)),
        absolute_(absolute) {}

  NodePath(const NodePath&) = default;
  NodePath(NodePath&& other) noexcept { swap(other); }
  NodePath& operator=(const NodePath& other) {
    if (this != &other) NodePath(other).swap(*this);
    return *this;
  }
  NodePath& operator=(NodePath&& other) noexcept {
    NodePath(std::move(other)).swap(*this);
    return *this;
  }
  ~NodePath() = default;

  std::span<const String> names() const { return {parts_.data(), name_count_}; }
  std::span<const String> subnames() const {
    return {parts_.data() + name_count_, parts_.size() - name_count_};
  }
  bool absolute() const { return absolute_; }
  bool empty() const { return parts_.empty() && !absolute_; }

  void swap(NodePath& other) noexcept {
    parts_.swap(other.parts_);
    std::swap(name_count_, other.name_count_);
    std::swap(absolute_, other.absolute_);
  }

  // Godot's text form.
  std::string str() const;

  friend bool operator==(const NodePath& a, const NodePath& b);

  // For builders (see memory.h): names, then subnames.
  CompactVector<String>& storage() { return parts_; }
  void set_name_count(std::size_t count) { name_count_ = static_cast<std::uint32_t>(count); }

 private:
  // Names, then subnames: one block.
  CompactVector<String> parts_;
  std::uint32_t name_count_ = 0;
  bool absolute_ = false;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_NODE_PATH_H_
