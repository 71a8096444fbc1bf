#ifndef RINGPEER_ENGINE_SEND_SEND_ORDER_H_
#define RINGPEER_ENGINE_SEND_SEND_ORDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/send/send_item.h"

namespace ringpeer::worker {

// The order in which a batch of items is sent: those to one destination through one socket,
// one behind another. Groups keep the order of their first items.
//
// Threads: the worker's.
class SendOrder {
 public:
  // Items of a batch: what a tick sends to a thousand players, or eight packets to each of
  // 250, whatever their order, finds its trains. A millisecond or two of sending.
  static constexpr std::size_t kMaxItems = 2048;

  void keep(std::size_t count);
  // In expected linear time.
  void group(std::span<SendItem* const> items);

  // The index of the item at a position, and the position behind its group's last.
  std::size_t index_at(std::size_t position) const { return order_[position]; }
  std::size_t group_end(std::size_t position) const { return group_end_[position]; }

 private:
  static constexpr std::size_t kTableSize = 2 * kMaxItems;
  static constexpr std::uint16_t kNone = UINT16_MAX;
  // Items asked for ahead of the one that is looked at: another core has written them.
  static constexpr std::size_t kPrefetchAhead = 8;

  void link(std::uint16_t index, std::uint16_t group);
  std::uint16_t find_or_add_group(std::span<SendItem* const> items, std::uint16_t index,
                                  std::size_t table_size);
  void flatten();

  net::EndpointHash hash_;
  // Each group is a list of indices through next_, found through table_.
  struct Group {
    std::uint16_t head;
    std::uint16_t tail;
  };
  std::array<std::uint16_t, kTableSize> table_;  // groups
  std::array<Group, kMaxItems> groups_;
  std::size_t group_count_ = 0;
  std::array<std::uint16_t, kMaxItems> next_;
  std::array<std::uint16_t, kMaxItems> order_;
  std::array<std::uint16_t, kMaxItems> group_end_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_ORDER_H_
