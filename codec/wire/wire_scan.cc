#include "ringpeer/codec/wire/wire_scan.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ringpeer::wire_scan {
namespace {

constexpr std::uint32_t kind_at(std::uint32_t header, std::uint32_t shift) {
  return header >> shift & kContainerKindMask;
}

// Values still to come at one depth. In an object each is preceded by a name.
struct Frame {
  std::uint32_t left;
  bool object;
  bool refused;  // what was being read here must not be: see read_property
};

// What Godot takes as an object's script; the value is a valid one.
bool is_script_value(const std::uint8_t* at) {
  const auto type = static_cast<VariantType>(load_word(at) & kHeaderTypeMask);
  if (type == VariantType::STRING) return string_text(at + 4, false).starts_with(kScriptPathPrefix);
  return type == VariantType::NIL;
}

// The validating pass. It keeps what is still to come of every enclosing container on
// a stack of fixed size, so a hostile nesting costs neither recursion nor heap.
class Validator {
 public:
  Validator(std::span<const std::uint8_t> packet, const DecodeOptions& options, std::size_t depth,
            const Progress& progress)
      : data_(packet.data()),
        size_(static_cast<std::int64_t>(packet.size())),
        position_(static_cast<std::int64_t>(progress.position)),
        options_(options),
        depth_limit_(std::min(options.limits.depth, kMaximumDepth)),
        nodes_left_(progress.nodes_left),
        elements_left_(progress.elements_left),
        plain_strings_(progress.plain_strings),
        top_depth_(depth),
        depth_(depth) {}

  Error run(Progress* progress) {
    const Error error = read_values();
    progress->position = static_cast<std::size_t>(position_);
    progress->nodes_left = nodes_left_;
    progress->elements_left = elements_left_;
    progress->plain_strings = plain_strings_;
    return error;
  }

 private:
  // Negative behind a PackedByteArray that lacks its padding, as in Godot: whatever
  // follows fails then, and if nothing follows all is well.
  std::int64_t remaining() const { return size_ - position_; }
  const std::uint8_t* here() const { return data_ + position_; }

  Error read_values();
  Error read_value();
  Error read_property();
  Error read_variable(std::uint32_t header);
  Error read_string();
  void read_common_values();
  Error read_node_path();
  Error read_signal();
  Error read_object();
  Error read_descriptor(std::uint32_t kind);
  Error read_container(std::uint32_t header, bool dictionary);
  Error read_packed(VariantType type, bool flag_64);
  Error read_packed_strings();
  bool class_allowed(std::string_view name) const;
  Error take_elements(std::uint64_t count);
  void enter(std::uint32_t values, bool object);

  const std::uint8_t* data_;
  std::int64_t size_;
  std::int64_t position_;
  const DecodeOptions& options_;
  std::size_t depth_limit_;
  std::size_t nodes_left_;
  std::size_t elements_left_;
  bool plain_strings_;
  std::size_t top_depth_;
  std::size_t depth_;
  Frame frame_ = {.left = 1, .object = false, .refused = false};
  // Uninitialised on purpose: 8 KiB of zeroes would cost more than a small packet.
  std::array<Frame, kMaximumDepth + 1> outer_;
};

Error Validator::read_values() {
  for (;;) {
    while (frame_.left == 0) {
      if (depth_ == top_depth_) return Error::OK;
      frame_ = outer_[--depth_];
      if (frame_.refused) return Error::ERR_INVALID_DATA;
    }
    if (!frame_.object) read_common_values();
    if (frame_.left == 0) continue;
    --frame_.left;
    const Error error = frame_.object ? read_property() : read_value();
    if (error != Error::OK) [[unlikely]] {
      return error;
    }
  }
}

// Takes as many values of this depth as are of the kinds that packets are made of:
// of a fixed size, or short plain strings. It stops in front of anything else, errors
// included, and leaves that to read_value. All state is in registers here.
void Validator::read_common_values() {
  assert(depth_ >= top_depth_);
  if (depth_ > depth_limit_ || remaining() < 0) return;
  const std::uint8_t* at = here();
  const std::uint8_t* const end = data_ + size_;
  const std::uint32_t most =
      static_cast<std::uint32_t>(std::min<std::size_t>(frame_.left, nodes_left_));
  std::uint32_t left = most;
  for (; left > 0; --left) {
    const std::size_t size = common_size(at, end);
    if (size == 0) break;
    at += size;
  }
  nodes_left_ -= most - left;
  frame_.left -= most - left;
  position_ = at - data_;
}

// A name and a value. The script of an object is nothing or a path; a value that is
// neither is refused, but only when all of it was read, as in Godot.
Error Validator::read_property() {
  const std::uint8_t* const name_at = here();
  if (const Error error = read_string(); error != Error::OK) return error;
  if (const Error error = take_elements(1); error != Error::OK) return error;
  const bool is_script = string_text(name_at, false) == kScriptProperty;
  const std::uint8_t* const value_at = here();
  const std::size_t depth = depth_;
  if (const Error error = read_value(); error != Error::OK) return error;
  if (!is_script || is_script_value(value_at)) return Error::OK;
  if (depth_ == depth) return Error::ERR_INVALID_DATA;
  outer_[depth].refused = true;
  return Error::OK;
}

Error Validator::read_value() {
  if (depth_ > depth_limit_) [[unlikely]] {
    return Error::ERR_OUT_OF_MEMORY;
  }
  if (remaining() < 4) [[unlikely]] {
    return Error::ERR_INVALID_DATA;
  }
  const std::uint32_t header = load_word(here());
  if ((header & kHeaderTypeMask) >= kVariantTypeCount) [[unlikely]] {
    return Error::ERR_INVALID_DATA;
  }
  if (nodes_left_ == 0) [[unlikely]] {
    return Error::ERR_OUT_OF_MEMORY;
  }
  --nodes_left_;
  position_ += 4;
  const std::uint8_t fixed = payload_size_of(header);
  if (fixed == kVariable) return read_variable(header);
  if (remaining() < fixed) [[unlikely]] {
    return Error::ERR_INVALID_DATA;
  }
  position_ += fixed;
  return Error::OK;
}

Error Validator::read_variable(std::uint32_t header) {
  const auto type = static_cast<VariantType>(header & kHeaderTypeMask);
  switch (type) {
    case VariantType::STRING:
    case VariantType::STRING_NAME:
      return read_string();
    case VariantType::DICTIONARY:
      return read_container(header, true);
    case VariantType::ARRAY:
      return read_container(header, false);
    case VariantType::NODE_PATH:
      return read_node_path();
    case VariantType::SIGNAL:
      return read_signal();
    case VariantType::OBJECT:
      return read_object();
    case VariantType::PACKED_STRING_ARRAY:
      return read_packed_strings();
    default:
      return read_packed(type, (header & kHeaderFlag64) != 0 && is_packed_vector_array(type));
  }
}

Error Validator::read_string() {
  if (remaining() < 4) [[unlikely]] {
    return Error::ERR_INVALID_DATA;
  }
  const std::uint32_t length = load_word(here());
  position_ += 4;
  const auto padded = static_cast<std::int64_t>(wire_padded(std::size_t{length}));
  if (length > 0x7fffffff || padded > remaining()) [[unlikely]] {
    return Error::ERR_FILE_EOF;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(here()), length);
  std::string_view text;
  if (!utf8_from_wire(bytes, &text)) return Error::ERR_INVALID_DATA;
  if (text.size() != length) plain_strings_ = false;
  position_ += padded;
  return Error::OK;
}

Error Validator::take_elements(std::uint64_t count) {
  if (count > elements_left_) return Error::ERR_OUT_OF_MEMORY;
  elements_left_ -= count;
  return Error::OK;
}

Error Validator::read_node_path() {
  if (remaining() < 4 || (load_word(here()) & kNodePathFormatBit) == 0 ||
      remaining() < static_cast<std::int64_t>(kNodePathHeadSize)) {
    return Error::ERR_INVALID_DATA;
  }
  const NodePathHead head = node_path_head(here());
  const std::uint32_t strings = head.names + head.subnames;
  position_ += static_cast<std::int64_t>(kNodePathHeadSize);
  for (std::uint32_t i = 0; i < strings; ++i) {
    if (const Error error = take_elements(1); error != Error::OK) return error;
    if (const Error error = read_string(); error != Error::OK) return error;
  }
  return Error::OK;
}

Error Validator::read_signal() {
  if (const Error error = read_string(); error != Error::OK) return error;
  if (remaining() < 8) return Error::ERR_INVALID_DATA;
  position_ += 8;
  return Error::OK;
}

Error Validator::read_object() {
  if (!options_.allow_objects) return Error::ERR_UNAUTHORIZED;
  const std::uint8_t* const name_at = here();
  if (const Error error = read_string(); error != Error::OK) return error;
  std::string_view name;
  utf8_from_wire(string_bytes(name_at), &name);
  if (name.empty()) return Error::OK;  // a null object: no properties follow
  if (!is_class_name(name) || !class_allowed(name)) return Error::ERR_INVALID_DATA;
  if (remaining() < 4) return Error::ERR_INVALID_DATA;
  const std::uint32_t count = load_word(here());
  position_ += 4;
  if (count > 0x7fffffff) return Error::OK;  // negative in Godot: none
  enter(count, true);
  return Error::OK;
}

Error Validator::read_descriptor(std::uint32_t kind) {
  if (kind == static_cast<std::uint32_t>(ContainerKind::UNTYPED)) return Error::OK;
  if (kind == static_cast<std::uint32_t>(ContainerKind::BUILTIN)) {
    if (remaining() < 4 || load_word(here()) >= kVariantTypeCount) return Error::ERR_INVALID_DATA;
    position_ += 4;
    return Error::OK;
  }
  const std::uint8_t* const name_at = here();
  if (const Error error = read_string(); error != Error::OK) return error;
  // Without allow_objects the name means nothing: EncodedObjectAsID takes its place.
  if (!options_.allow_objects) return Error::OK;
  const std::string_view name = string_text(name_at, false);
  const bool is_class = kind == static_cast<std::uint32_t>(ContainerKind::CLASS_NAME);
  const bool taken = is_class
                         ? name.empty() || name == kEncodedObjectAsIdClass || class_allowed(name)
                         : name.starts_with(kScriptPathPrefix);
  return taken ? Error::OK : Error::ERR_INVALID_DATA;
}

bool Validator::class_allowed(std::string_view name) const {
  const auto& allowed = options_.allowed_classes;
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end();
}

Error Validator::read_container(std::uint32_t header, bool dictionary) {
  if (const Error error = read_descriptor(kind_at(header, kKeyKindShift)); error != Error::OK) {
    return error;
  }
  if (dictionary) {
    const Error error = read_descriptor(kind_at(header, kValueKindShift));
    if (error != Error::OK) return error;
  }
  if (remaining() < 4) return Error::ERR_INVALID_DATA;
  const std::uint32_t count = load_word(here()) & kContainerCountMask;
  position_ += 4;
  enter(dictionary ? 2 * count : count, false);
  return Error::OK;
}
static_assert(kElementKindShift == kKeyKindShift);
static_assert(std::uint64_t{kContainerCountMask} * 2 <= 0xffffffff);

void Validator::enter(std::uint32_t values, bool object) {
  if (values == 0) return;
  assert(depth_ < outer_.size());
  // Cannot overflow: a value at a depth above the limit was refused before this.
  outer_[depth_++] = frame_;
  frame_ = {.left = values, .object = object, .refused = false};
}

Error Validator::read_packed(VariantType type, bool flag_64) {
  if (remaining() < 4) return Error::ERR_INVALID_DATA;
  const std::uint32_t count = load_word(here());
  position_ += 4;
  const std::int64_t bytes = std::int64_t{count} * packed_element_size(type, flag_64);
  if (count > 0x7fffffff || bytes > remaining()) return Error::ERR_INVALID_DATA;
  if (const Error error = take_elements(count); error != Error::OK) return error;
  // Only bytes need padding, and it may be missing at the end of the packet.
  position_ += static_cast<std::int64_t>(wire_padded(static_cast<std::size_t>(bytes)));
  return Error::OK;
}

Error Validator::read_packed_strings() {
  if (remaining() < 4) return Error::ERR_INVALID_DATA;
  const std::uint32_t count = load_word(here());
  position_ += 4;
  if (count > 0x7fffffff) return Error::OK;  // negative in Godot: read as empty
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const Error error = take_elements(1); error != Error::OK) return error;
    if (const Error error = read_string(); error != Error::OK) return error;
  }
  return Error::OK;
}

const std::uint8_t* after_strings(const std::uint8_t* at, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) at = after_string(at);
  return at;
}

// Steps over the payload of one value; *values counts what it contains.
const std::uint8_t* skip_payload(const std::uint8_t* at, std::uint32_t header,
                                 std::uint64_t* values) {
  const auto type = static_cast<VariantType>(header & kHeaderTypeMask);
  switch (type) {
    case VariantType::STRING:
    case VariantType::STRING_NAME:
      return after_string(at);
    case VariantType::ARRAY:
      at = array_count_word(at - 4);
      *values += load_word(at) & kContainerCountMask;
      return at + 4;
    case VariantType::DICTIONARY:
      at = dictionary_count_word(at - 4);
      *values += std::uint64_t{load_word(at) & kContainerCountMask} * 2;
      return at + 4;
    case VariantType::NODE_PATH: {
      const NodePathHead head = node_path_head(at);
      return after_strings(at + kNodePathHeadSize, head.names + head.subnames);
    }
    case VariantType::SIGNAL:
      return after_string(at) + 8;
    case VariantType::PACKED_STRING_ARRAY: {
      const std::uint32_t count = load_word(at);
      return after_strings(at + 4, count > 0x7fffffff ? 0 : count);
    }
    default: {
      const bool flag_64 = (header & kHeaderFlag64) != 0 && is_packed_vector_array(type);
      const std::size_t element = packed_element_size(type, flag_64);
      return at + 4 + wire_padded(load_word(at) * element);
    }
  }
}

bool is_full_object(std::uint32_t header) {
  return (header & kHeaderTypeMask) == static_cast<std::uint32_t>(VariantType::OBJECT) &&
         (header & kHeaderFlagObjectAsId) == 0;
}

// An object's class name and property count; *properties is 0 for a null object.
const std::uint8_t* skip_object_head(const std::uint8_t* at, std::uint32_t* properties) {
  *properties = 0;
  const bool null_object = string_text(at, false).empty();
  at = after_string(at);
  if (null_object) return at;
  const std::uint32_t count = load_word(at);
  if (count <= 0x7fffffff) *properties = count;
  return at + 4;
}

// The general walk: an object's properties have names between the values, so a plain
// count of what is left does not tell where the next value begins.
const std::uint8_t* skip_with_objects(const std::uint8_t* at) {
  std::array<Frame, kMaximumDepth + 1> outer;
  std::size_t depth = 0;
  Frame frame = {.left = 1, .object = false, .refused = false};
  for (;;) {
    while (frame.left == 0) {
      if (depth == 0) return at;
      frame = outer[--depth];
    }
    --frame.left;
    if (frame.object) at = after_string(at);
    const std::uint32_t header = load_word(at);
    at += 4;
    std::uint64_t values = 0;
    if (is_full_object(header)) {
      std::uint32_t properties = 0;
      at = skip_object_head(at, &properties);
      values = properties;
    } else if (const std::uint8_t fixed = payload_size_of(header); fixed != kVariable) {
      at += fixed;
    } else {
      at = skip_payload(at, header, &values);
    }
    if (values == 0) continue;
    outer[depth++] = frame;
    frame = {.left = static_cast<std::uint32_t>(values),
             .object = is_full_object(header),
             .refused = false};
  }
}

}  // namespace

const std::uint8_t* skip_variable(const std::uint8_t* at) {
  const std::uint8_t* const first = at;
  // Where no full object is inside, the number of values still to come is all there
  // is to remember.
  for (std::uint64_t left = 1; left > 0; --left) {
    const std::uint32_t header = load_word(at);
    if (header == static_cast<std::uint32_t>(VariantType::STRING)) {
      at = after_string(at + 4);
    } else if (header == static_cast<std::uint32_t>(VariantType::INT)) {
      at += 8;
    } else if (header == static_cast<std::uint32_t>(VariantType::VECTOR3)) {
      at += 16;
    } else if (header == static_cast<std::uint32_t>(VariantType::DICTIONARY)) {
      left += std::uint64_t{load_word(at + 4) & kContainerCountMask} * 2;
      at += 8;
    } else if (const std::uint8_t fixed = payload_size_of(header); fixed != kVariable) {
      at += 4 + fixed;
    } else if (is_full_object(header)) {
      return skip_with_objects(first);
    } else {
      at = skip_payload(at + 4, header, &left);
    }
  }
  return at;
}

Error validate(std::span<const std::uint8_t> packet, const DecodeOptions& options,
               std::size_t depth, Progress* progress) {
  return Validator(packet, options, depth, *progress).run(progress);
}

}  // namespace ringpeer::wire_scan
