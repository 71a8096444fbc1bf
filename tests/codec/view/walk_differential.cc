#include "ringpeer/tests/codec/view/walk_differential.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/view/view_walk.h"

namespace ringpeer {
namespace {

using Role = ViewWalk::Role;

// What a ViewWalk says of a value.
struct Visit {
  const std::uint8_t* at;
  VariantType type;
  Role role;
  std::size_t depth;
  std::string_view name;

  friend bool operator==(const Visit&, const Visit&) = default;
};

// In the order of their bytes, each container before what is in it. Recursive, as deep as a packet
// may nest.
class Visits {
 public:
  const std::vector<Visit>& list() const { return list_; }

  void add(const VariantView& view, Role role, std::size_t depth, std::string_view name = {}) {
    list_.push_back({view.at(), view.type(), role, depth, name});
    if (view.is_converted()) return;
    ArrayView array;
    if (view.read(&array)) {
      for (const VariantView element : array) add(element, Role::ELEMENT, depth + 1);
    }
    if (view.type() == VariantType::DICTIONARY) add_entries(view, depth + 1);
    ObjectView object;
    if (view.read(&object)) {
      for (const ObjectView::Property property : object)
        add(property.value, Role::PROPERTY, depth + 1, property.name);
    }
  }

 private:
  // A frame of its own: the index is large.
  [[gnu::noinline]] void add_entries(const VariantView& view, std::size_t depth) {
    DictionaryView entries;
    if (!view.read(&entries)) return;
    for (const DictionaryView::Entry entry : entries) {
      add(entry.key, Role::KEY, depth);
      add(entry.value, Role::VALUE, depth);
    }
  }

  std::vector<Visit> list_;
};

}  // namespace

bool walk_differs_from_iterators(const VariantView& top) {
  Visits visits;
  visits.add(top, Role::TOP, 0);
  std::size_t visited = 0;
  for (ViewWalk walk(top); walk.next(); ++visited) {
    const VariantView& value = walk.value();
    const Visit visit{value.at(), value.type(), walk.role(), walk.depth(), walk.property_name()};
    if (visited == visits.list().size() || !(visit == visits.list()[visited])) return true;
  }
  return visited != visits.list().size();
}

}  // namespace ringpeer
