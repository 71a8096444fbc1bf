#include "ringpeer/engine/worker/socket_table.h"

#include <algorithm>
#include <cassert>

namespace ringpeer::worker {

SocketTable::SocketTable(WorkerWait& wait)
    : wait_(wait),
      sinks_(backend::kMaxSockets),
      descriptors_(backend::kMaxSockets, -1),
      is_to_be_notified_(backend::kMaxSockets) {
  to_be_notified_.reserve(backend::kMaxSockets);
  error_checked_.reserve(backend::kMaxSockets);
  timed_.reserve(backend::kMaxSockets);
  paused_.reserve(backend::kMaxSockets);
}

void SocketTable::add(backend::SocketSlot slot, int descriptor, DatagramSink* sink) {
  assert(slot < sinks_.size() && sinks_[slot] == nullptr);
  if (sink->wants_error_checks()) error_checked_.push_back(sink);
  if (sink->has_deadlines()) timed_.push_back(slot);
  note_what_there_is();
  sinks_[slot] = sink;
  descriptors_[slot] = descriptor;
  was_used_ = true;
  wait_.add(*sink, descriptor);
}

void SocketTable::remove(backend::SocketSlot slot) {
  if (sinks_[slot] != nullptr) wait_.remove(*sinks_[slot]);
  std::erase(error_checked_, sinks_[slot]);
  std::erase(timed_, slot);
  std::erase(paused_, slot);
  std::erase(to_be_notified_, slot);
  is_to_be_notified_[slot] = false;
  sinks_[slot] = nullptr;
  note_what_there_is();
}

int SocketTable::attach_to(backend::Backend& backend) {
  for (std::size_t slot = 0; slot < sinks_.size(); ++slot) {
    DatagramSink* const sink = sinks_[slot];
    if (sink == nullptr) continue;
    const int error = backend.attach(static_cast<backend::SocketSlot>(slot), descriptors_[slot],
                                     sink->wants_control());
    if (error != 0) return error;
  }
  paused_.clear();
  note_what_there_is();
  return 0;
}

void SocketTable::pause(backend::SocketSlot slot, backend::Backend& backend) {
  backend.pause(slot);
  if (std::find(paused_.begin(), paused_.end(), slot) == paused_.end()) paused_.push_back(slot);
  note_what_there_is();
}

void SocketTable::resume_recovered(backend::Backend& backend) {
  std::erase_if(paused_, [&](backend::SocketSlot slot) {
    DatagramSink* const sink = sinks_[slot];
    if (sink != nullptr && !sink->has_recovered()) return false;
    if (sink != nullptr) backend.resume(slot);
    return true;
  });
  note_what_there_is();
}

std::chrono::microseconds SocketTable::until_deadline(std::uint64_t now_us,
                                                      std::chrono::microseconds longest) const {
  std::uint64_t next_us = now_us + static_cast<std::uint64_t>(longest.count());
  for (const backend::SocketSlot slot : timed_) {
    next_us = std::min(next_us, sinks_[slot]->deadline_us());
  }
  return std::chrono::microseconds(next_us > now_us ? next_us - now_us : 0);
}

void SocketTable::check(std::uint64_t now_us) {
  for (const backend::SocketSlot slot : timed_) {
    if (sinks_[slot]->deadline_us() > now_us) continue;
    sinks_[slot]->on_deadline(now_us);
    assert(sinks_[slot]->deadline_us() > now_us);  // else the worker would never sleep again
    publish(slot);                                 // what it does then may be for its consumer, too
  }
  for (DatagramSink* sink : error_checked_) sink->check_errors(now_us);
}

void SocketTable::maintain() {
  for (DatagramSink* sink : sinks_) {
    if (sink != nullptr) sink->maintain();
  }
}

void SocketTable::stop_all() {
  error_checked_.clear();
  timed_.clear();
  note_what_there_is();
  wait_.remove_all();
  for (DatagramSink*& sink : sinks_) {
    if (sink != nullptr) std::exchange(sink, nullptr)->on_worker_stopped();
  }
}

}  // namespace ringpeer::worker
