// Everything that a view of any accepted bytes offers can be read, and stays inside
// the packet. A ViewWalk visits what iterators within iterators do, in the same order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/tests/codec/view/walk_differential.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace ringpeer {
namespace {

class Walk {
 public:
  explicit Walk(std::span<const std::uint8_t> packet) : packet_(packet) {}

  void value(const VariantView& view) {
    inside(view.bytes());
    std::string_view text;
    if (view.read(&text)) inside(text);
    std::span<const std::uint8_t> bytes;
    if (view.read(&bytes)) inside(bytes);
    math<Vector3>(view);
    math<Rect2i>(view);
    math<Projection>(view);
    packed<std::int64_t>(view);
    packed<double>(view);
    packed<Vector3>(view);
    packed<Color>(view);
    strings(view);
    containers(view);
  }

 private:
  template <typename Range>
  void inside(const Range& range) {
    if (range.empty()) return;
    const auto* first = reinterpret_cast<const std::uint8_t*>(range.data());
    FUZZ_CHECK(first >= packet_.data());
    FUZZ_CHECK(first + range.size() <= packet_.data() + packet_.size());
    sum_ = sum_ + first[0] + first[range.size() - 1];
  }

  template <typename T>
  void math(const VariantView& view) {
    T read{};
    if (view.read(&read)) inside(view.bytes());
  }

  template <typename T>
  void packed(const VariantView& view) {
    PackedView<T> elements;
    if (!view.read(&elements)) return;
    inside(elements.bytes());
    inside(elements.in_place());
    for (const T element : elements) static_cast<void>(element);
  }

  void strings(const VariantView& view) {
    PackedStringsView strings;
    if (view.read(&strings)) {
      for (const std::string_view string : strings) inside(string);
    }
    NodePathView path;
    if (view.read(&path)) {
      for (const std::string_view name : path.names) inside(name);
      for (const std::string_view name : path.subnames) inside(name);
    }
    SignalView signal;
    if (view.read(&signal)) inside(signal.name);
  }

  // Recursive, as deep as a packet may nest.
  void containers(const VariantView& view) {
    ArrayView array;
    if (view.read(&array)) {
      for (const VariantView element : array) value(element);
    }
    if (view.type() == VariantType::DICTIONARY) dictionary(view);
    ObjectView object;
    if (view.read(&object)) {
      for (const ObjectView::Property property : object) {
        inside(property.name);
        value(property.value);
      }
    }
  }

  // A frame of its own: the index is large.
  [[gnu::noinline]] void dictionary(const VariantView& view) {
    DictionaryView entries;
    if (!view.read(&entries)) return;
    entries.find("pos");
    entries.find("a name of more than eight bytes");
    entries.find(std::int64_t{1});
    for (const DictionaryView::Entry entry : entries) {
      value(entry.key);
      value(entry.value);
    }
  }

  std::span<const std::uint8_t> packet_;
  volatile std::uint64_t sum_ = 0;
};

}  // namespace
}  // namespace ringpeer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  const std::span<const std::uint8_t> bytes(data, size);
  for (const bool allow_objects : {false, true}) {
    PacketView packet;
    if (packet.parse(bytes, {.allow_objects = allow_objects}) != Error::OK) continue;
    FUZZ_CHECK(packet.consumed() <= size);
    Walk walk(bytes);
    walk.value(packet.value());
    FUZZ_CHECK(!walk_differs_from_iterators(packet.value()));
  }
  return 0;
}
