#include "ringpeer/worker/remote_table.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace ringpeer::worker {

// Robin Hood hashing with linear probing keeps remotes in the order of their own
// slots, so the layout follows from the hashes alone: each takes the first free slot
// from its own on, first come in slot order. Twice around, since runs wrap.
std::size_t RemoteTable::longest_probe() const {
  const std::size_t buckets = set_.bucket_count();
  if (set_.empty()) return 0;
  std::vector<std::uint32_t> wanted(buckets, 0);
  const Hash hash = set_.hash_function();
  for (const Remote* remote : set_) ++wanted[hash(remote) & (buckets - 1)];
  std::size_t longest = 0;
  std::deque<std::size_t> waiting;  // the own slots of those not placed yet
  for (std::size_t i = 0; i < 2 * buckets; ++i) {
    // The second time around only those are placed that wrapped.
    if (i < buckets || !waiting.empty()) waiting.insert(waiting.end(), wanted[i % buckets], i);
    if (waiting.empty()) continue;
    longest = std::max(longest, i - waiting.front());
    waiting.pop_front();
  }
  return longest;
}

}  // namespace ringpeer::worker
