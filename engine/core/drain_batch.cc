#include "ringpeer/drain_batch.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/engine/net/deadline.h"

namespace ringpeer {
namespace internal {

void DrainSource::end_batch() {
  if (open_batch_ != nullptr) open_batch_->close();
}

void DrainSource::settle_batch() { open_batch_->settle(); }

}  // namespace internal

DrainBatch::DrainBatch(internal::DrainSource* source, const DrainBudget& budget)
    : source_(source), most_packets_(budget.max_packets) {
  if (source_ == nullptr) return;
  if (source_->open_batch_ != nullptr) {
    source_ = nullptr;
    return;
  }
  source_->open_batch_ = this;
  runs_ = std::exchange(source_->spare_runs_, {});
  if (budget.max_time.count() > 0) deadline_ = net::Deadline::after(budget.max_time).end();
  if (most_packets_ > 0) source_->begin_batch();
  const bool has_budget = budget.max_time.count() > 0 || most_packets_ != DrainBudget().max_packets;
  if (!has_budget) most_packets_ = source_->most_of_a_batch();
}

DrainBatch::~DrainBatch() {
  if (source_ != nullptr) settle();
  if (run_.buffer != nullptr) run_.buffer->release(run_.references);
  for (const Run& run : runs_) run.buffer->release(run.references);
  runs_.clear();
  if (source_ == nullptr) return;
  source_->spare_runs_ = std::move(runs_);
  source_->open_batch_ = nullptr;
}

// The source is done with; the views are not, nor is the engine whose memory they look
// into.
void DrainBatch::close() {
  settle();
  engine_ = source_->engine();
  source_->open_batch_ = nullptr;
  source_ = nullptr;
}

void DrainBatch::settle() {
  if (count_ == recorded_count_) {
    forget_window();
    return;
  }
  assert(count_ > recorded_count_ && bytes_ >= recorded_bytes_);
  const internal::DrainProgress progress{static_cast<std::size_t>(window_next_ - window_begin_),
                                         count_ - recorded_count_, bytes_ - recorded_bytes_};
  forget_window();
  recorded_count_ = count_;
  recorded_bytes_ = bytes_;
  source_->record_taken(progress);
}

void DrainBatch::forget_window() {
  window_begin_ = window_next_ = window_end_ = plain_end_ = nullptr;
}

bool DrainBatch::load_window() {
  settle();
  const internal::DrainWindow window = source_->next_window(most_packets_ - count_);
  if (window.descriptors.empty()) return false;
  if (!has_room_for(window.descriptors.size())) [[unlikely]]
    return false;  // they stay where they were
  window_begin_ = window_next_ = window.descriptors.data();
  window_end_ = window_begin_ + window.descriptors.size();
  window_seen_ = window.seen;
  window_seen_us_ = window.seen_us;
  plain_end_ = deadline_ == Clock::time_point::max() ? window_end_ : nullptr;
  return true;
}

bool DrainBatch::next_slowly(ReceivedPacket* packet) {
  if (source_ == nullptr) return false;
  if (count_ == most_packets_ ||
      (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_)) {
    source_->remind();
    return false;
  }
  if (source_->has_windows()) {
    if (window_next_ == window_end_ && !load_window()) return false;
    packet->local = {};
    packet->peer = nullptr;
    take_from_window(packet);
    return true;
  }
  packet::PacketBuffer* buffer = nullptr;
  if (!has_room_for(1) || !source_->take_next(packet, &buffer)) return false;
  ++count_;
  bytes_ += packet->payload.size();
  hold(buffer);
  return true;
}

void DrainBatch::take_part_of_train(ReceivedPacket* packet) {
  packet::PacketDescriptor& descriptor = *window_next_;
  packet->payload = descriptor.take_packet();
  bytes_ += packet->payload.size();
  if (descriptor.size == 0) ++window_next_;
  // A window is loaded with as many descriptors as packets are wanted; trains hold more.
  const std::size_t wanted = most_packets_ - count_;
  if (plain_end_ != nullptr && wanted < static_cast<std::size_t>(plain_end_ - window_next_)) {
    plain_end_ = window_next_ + wanted;
  }
}

bool DrainBatch::make_room_for(std::size_t runs) {
  RINGPEER_TRY {
    runs_.reserve(std::max(runs_.size() + runs, 2 * runs_.capacity()));
    return true;
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return false; }
}

// Packets that came in together mostly lie in one buffer, but fairness takes them from
// two or three in turn: look a few runs back.
void DrainBatch::hold_another(packet::PacketBuffer* buffer) {
  constexpr std::size_t kLookBack = 4;
  const Run before = std::exchange(run_, {buffer, 1});
  if (before.buffer == nullptr) return;
  for (std::size_t i = runs_.size(); i > 0 && i + kLookBack > runs_.size(); --i) {
    if (runs_[i - 1].buffer != before.buffer) continue;
    runs_[i - 1].references += before.references;
    return;
  }
  runs_.push_back(before);
}

}  // namespace ringpeer
