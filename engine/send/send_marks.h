#ifndef RINGPEER_ENGINE_SEND_SEND_MARKS_H_
#define RINGPEER_ENGINE_SEND_SEND_MARKS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/send/send_store.h"

namespace ringpeer::worker {

// Tells when all that was in a send queue at some moment has been popped, while threads go
// on pushing: a mark notes how much had come in through each lane. One mark at a time; who
// asks meanwhile shares the next one.
//
// Threads: the worker's.
class SendMarks {
 public:
  explicit SendMarks(const SendStore& store) : store_(store) {}

  // For what is in the queue now, to ask has_passed() about. Numbers grow.
  std::uint64_t request() { return requested_ = begun_ + 1; }
  bool has_passed(std::uint64_t mark) const { return mark <= passed_; }
  std::uint64_t last_passed() const { return passed_; }
  bool is_idle() const { return requested_ == passed_; }

  // What is to be popped next for a mark, before what was pushed later: however fast one
  // thread goes on pushing, the mark waits for no more than it covers.
  std::size_t pop(std::span<SendItem*> items) const;

  // Looks how far the lanes have come. True when another mark has passed.
  bool update();

 private:
  void begin();
  bool is_reached() const;

  const SendStore& store_;
  std::uint64_t requested_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_MARKS_H_
