#include "ringpeer/tools/load/impairment_account.h"

#include <algorithm>

namespace ringpeer::tools {
namespace {

std::int64_t difference(std::uint64_t more, std::uint64_t less) {
  return static_cast<std::int64_t>(more - less);
}

// What was explained twice is taken back, but no more than there can be of it.
std::int64_t taken_back(std::int64_t gap, std::int64_t most) {
  return gap + std::clamp<std::int64_t>(-gap, 0, std::max<std::int64_t>(0, most));
}

}  // namespace

void ImpairmentAccount::add(const ImpairmentAccount& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i].add(other.counts[i]);
  for (const auto field :
       {&ImpairmentAccount::damaged, &ImpairmentAccount::requests, &ImpairmentAccount::answered,
        &ImpairmentAccount::answered_damaged, &ImpairmentAccount::repeated,
        &ImpairmentAccount::corrupted, &ImpairmentAccount::foreign, &ImpairmentAccount::inputs,
        &ImpairmentAccount::snapshots_announced, &ImpairmentAccount::snapshots}) {
    this->*field += other.*field;
  }
}

void ImpairmentAccount::add(const LoadClient& outside) {
  answered += outside.echoes();
  answered_damaged += outside.damaged();
  repeated += outside.repeated();
  corrupted += outside.corrupted();
  foreign += outside.foreign();
  inputs += outside.inputs_received();
  snapshots_announced += outside.snapshots_announced();
  snapshots += outside.snapshots();
}

std::int64_t ImpairmentAccount::unaccounted_echoes(std::uint64_t explained) const {
  // Each copy has an answer of its own, right or wrong; more wrong ones than went on were damaged
  // elsewhere. Drops may have been of damaged ones.
  const std::uint64_t wrong = corrupted + foreign;
  const std::uint64_t elsewhere = wrong - std::min(wrong, damaged);
  const std::uint64_t whole = of(Direction::kToServer).forwarded - damaged;
  const std::int64_t copies = taken_back(
      difference(whole, answered + repeated + elsewhere + explained), difference(damaged, wrong));
  // But a network beyond that doubles answers makes up for lost ones in that sum.
  return std::max(copies, difference(requests, answered + answered_damaged + explained));
}

std::int64_t ImpairmentAccount::unaccounted_inputs(std::uint64_t explained) const {
  if (damaged > 0) return 0;
  // Drops may have been of copies whose others came.
  return taken_back(difference(requests, inputs + explained),
                    difference(of(Direction::kToServer).forwarded, requests));
}

std::uint64_t ImpairmentAccount::surely_unanswered() const {
  const std::uint64_t arrived = of(Direction::kToServer).arrived;
  return arrived - std::min(arrived, requests + damaged);
}

}  // namespace ringpeer::tools
