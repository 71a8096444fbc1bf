#include "ringpeer/engine/send/send_order.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace ringpeer::worker {
namespace {

// The port first: of packets to one address it tells most.
bool same_destination(const SendItem& a, const SendItem& b) {
  return a.destination.port == b.destination.port && a.socket == b.socket &&
         a.destination == b.destination;
}

}  // namespace

void SendOrder::keep(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    order_[i] = static_cast<std::uint16_t>(i);
    group_end_[i] = static_cast<std::uint16_t>(i + 1);
  }
}

void SendOrder::link(std::uint16_t index, std::uint16_t group) {
  next_[groups_[group].tail] = index;
  groups_[group].tail = index;
}

std::uint16_t SendOrder::find_or_add_group(std::span<SendItem* const> items, std::uint16_t index,
                                           std::size_t table_size) {
  const SendItem& item = *items[index];
  std::size_t place = hash_(item.destination) + reinterpret_cast<std::uintptr_t>(item.socket) / 64;
  for (;; ++place) {
    std::uint16_t& entry = table_[place % table_size];
    if (entry == kNone) {
      entry = static_cast<std::uint16_t>(group_count_++);
      groups_[entry] = {index, index};
      return entry;
    }
    if (same_destination(*items[groups_[entry].head], item)) {
      link(index, entry);
      return entry;
    }
  }
}

void SendOrder::group(std::span<SendItem* const> items) {
  assert(!items.empty() && items.size() <= kMaxItems);
  const std::size_t table_size = std::bit_ceil(2 * items.size());
  std::fill_n(table_.begin(), table_size, kNone);
  group_count_ = 0;
  std::uint16_t last = kNone;  // the group of the item before
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i + kPrefetchAhead < items.size()) __builtin_prefetch(items[i + kPrefetchAhead]);
    const auto index = static_cast<std::uint16_t>(i);
    next_[i] = kNone;
    if (last != kNone && same_destination(*items[i - 1], *items[i])) {
      link(index, last);
    } else {
      last = find_or_add_group(items, index, table_size);
    }
  }
  flatten();
}

// From lists to positions.
void SendOrder::flatten() {
  std::size_t position = 0;
  for (std::size_t g = 0; g < group_count_; ++g) {
    const std::size_t begin = position;
    for (std::uint16_t i = groups_[g].head; i != kNone; i = next_[i]) order_[position++] = i;
    std::fill(group_end_.begin() + static_cast<std::ptrdiff_t>(begin),
              group_end_.begin() + static_cast<std::ptrdiff_t>(position),
              static_cast<std::uint16_t>(position));
  }
}

}  // namespace ringpeer::worker
