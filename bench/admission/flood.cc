#include "ringpeer/bench/admission/flood.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace ringpeer::bench {
namespace {

constexpr std::chrono::microseconds kNap{200};
// What the machine has no time for while it is busy elsewhere is not made good in one burst.
constexpr double kMaxBehindSeconds = 0.01;

}  // namespace

Flood::Flood(Send send, std::uint32_t sources, double packets_per_second)
    : send_(std::move(send)), sources_(sources), packets_per_second_(packets_per_second) {}

void Flood::start() {
  if (packets_per_second_ != kFlatOut) {
    const auto most = static_cast<std::uint64_t>(packets_per_second_ * kMaxBehindSeconds) + 1;
    pacer_.emplace(packets_per_second_, tools::Pacer::Clock::now(), most);
  }
  thread_.start([this] { return send_some(); });
}

std::size_t Flood::send_some() {
  if (!pacer_) return send_next(kBatch);
  const auto due = pacer_->take_due(tools::Pacer::Clock::now());
  if (due.count == 0) std::this_thread::sleep_for(kNap);
  std::size_t sent = 0;
  for (std::uint64_t done = 0; done < due.count; done += kBatch) {
    sent += send_next(std::min<std::size_t>(kBatch, due.count - done));
  }
  return sent;
}

std::size_t Flood::send_next(std::size_t count) {
  const std::size_t most = std::min<std::size_t>(count, sources_ - next_);
  const std::size_t sent = send_(next_, most);
  next_ = static_cast<std::uint32_t>((next_ + most) % sources_);
  return sent;
}

}  // namespace ringpeer::bench
