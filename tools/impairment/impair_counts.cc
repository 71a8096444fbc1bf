#include "ringpeer/tools/impairment/impair_counts.h"

namespace ringpeer::tools {

void ImpairCounts::add(const ImpairCounts& other) {
  for (const auto field :
       {&ImpairCounts::arrived, &ImpairCounts::duplicated, &ImpairCounts::forwarded,
        &ImpairCounts::lost, &ImpairCounts::queue_full, &ImpairCounts::relay_full,
        &ImpairCounts::no_client, &ImpairCounts::send_failed, &ImpairCounts::waiting,
        &ImpairCounts::reordered, &ImpairCounts::truncated, &ImpairCounts::corrupted}) {
    this->*field += other.*field;
  }
  added_delay.merge(other.added_delay);
}

}  // namespace ringpeer::tools
