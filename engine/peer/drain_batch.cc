#include "ringpeer/drain_batch.h"

#include <utility>

namespace ringpeer {
namespace internal {

void DrainSource::end_batch() {
  if (open_batch_ != nullptr) open_batch_->close();
}

bool DrainSource::leave_to_batch(packet::PacketBuffer* buffer) {
  if (open_batch_ == nullptr) return false;
  open_batch_->hold(buffer);
  return true;
}

}  // namespace internal

DrainBatch::DrainBatch(internal::DrainSource* source, const DrainBudget& budget)
    : source_(source), packets_left_(budget.max_packets) {
  if (source_ == nullptr) return;
  if (source_->open_batch_ != nullptr) {
    source_ = nullptr;
    return;
  }
  source_->open_batch_ = this;
  engine_ = source_->engine();
  runs_ = std::exchange(source_->spare_runs_, {});
  if (budget.max_time.count() > 0) deadline_ = Clock::now() + budget.max_time;
}

DrainBatch::~DrainBatch() {
  for (const Run& run : runs_) run.buffer->release(run.references);
  runs_.clear();
  if (source_ == nullptr) return;
  source_->spare_runs_ = std::move(runs_);
  close();
}

// The source is done with; the views are not.
void DrainBatch::close() {
  source_->note_delivered(count_, bytes_);
  source_->open_batch_ = nullptr;
  source_ = nullptr;
}

bool DrainBatch::next(ReceivedPacket* packet) {
  if (source_ == nullptr || packets_left_ == 0) return false;
  if (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_) return false;
  packet::PacketBuffer* buffer = nullptr;
  if (!source_->take_next(packet, &buffer)) return false;
  --packets_left_;
  ++count_;
  bytes_ += packet->payload.size();
  if (buffer != nullptr) hold(buffer);
  return true;
}

// Packets that came in together mostly lie in one buffer, but fairness takes them from
// two or three in turn: look a few runs back.
void DrainBatch::hold(packet::PacketBuffer* buffer) {
  constexpr std::size_t kLookBack = 4;
  for (std::size_t i = runs_.size(); i > 0 && i + kLookBack > runs_.size(); --i) {
    if (runs_[i - 1].buffer != buffer) continue;
    ++runs_[i - 1].references;
    return;
  }
  runs_.push_back({buffer, 1});
}

}  // namespace ringpeer
