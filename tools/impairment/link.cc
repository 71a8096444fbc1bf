#include "ringpeer/tools/impairment/link.h"

namespace ringpeer::tools {

std::optional<Link::Clock::time_point> Link::carry(Clock::time_point now,
                                                   std::size_t payload_bytes) {
  if (bits_per_second_ <= 0) return now;
  while (!ends_.empty() && ends_.front() <= now) ends_.pop_front();
  if (ends_.size() > queue_) return std::nullopt;
  const std::chrono::duration<double> time(seconds_of(payload_bytes, bits_per_second_));
  const Clock::time_point begin = ends_.empty() ? now : ends_.back();
  ends_.push_back(begin + std::chrono::duration_cast<Clock::duration>(time));
  return ends_.back();
}

}  // namespace ringpeer::tools
