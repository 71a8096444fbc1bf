// Everything that a view of any accepted bytes offers can be read, and stays inside
// the packet. A ViewWalk visits what iterators within iterators do, in the same order.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/view/view_walk.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

namespace ringpeer {
namespace {

class Walk {
 public:
  explicit Walk(std::span<const std::uint8_t> packet) : packet_(packet) {}

  // What a ViewWalk says of a value.
  struct Visit {
    const std::uint8_t* at;
    VariantType type;
    std::size_t depth;
    std::string_view name;

    friend bool operator==(const Visit&, const Visit&) = default;
  };

  // In the order of their bytes, each container before what is in it.
  const std::vector<Visit>& visits() const { return visits_; }

  void value(const VariantView& view, std::string_view name = {}) {
    inside(view.bytes());
    visits_.push_back({view.bytes().data(), view.type(), depth_, name});
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
    ++depth_;
    containers(view);
    --depth_;
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
        value(property.value, property.name);
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
  std::vector<Visit> visits_;
  std::size_t depth_ = 0;
};

void check_view_walk(const VariantView& top, const std::vector<Walk::Visit>& visits) {
  std::size_t visited = 0;
  for (ViewWalk walk(top); walk.next(); ++visited) {
    FUZZ_CHECK(visited < visits.size());
    const VariantView& value = walk.value();
    const Walk::Visit visit{value.bytes().data(), value.type(), walk.depth(), walk.property_name()};
    FUZZ_CHECK(visit == visits[visited]);
  }
  FUZZ_CHECK(visited == visits.size());
}

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
    check_view_walk(packet.value(), walk.visits());
  }
  return 0;
}
