#ifndef RINGPEER_ENGINE_SEND_SEND_SOCKET_H_
#define RINGPEER_ENGINE_SEND_SEND_SOCKET_H_

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "ringpeer/engine/admission/sent_beginnings.h"
#include "ringpeer/engine/send/error_latch.h"
#include "ringpeer/engine/send/send_errors.h"
#include "ringpeer/engine/send/send_item.h"
#include "ringpeer/engine/send/send_progress.h"
#include "ringpeer/engine/send/waiting_items.h"

namespace ringpeer::worker {

// A socket that packets are sent through, as those who put and the worker see it: whether anything
// may be pushed for it, and who is told of failures. Packets that the kernel has no room for wait
// here, so that they hold up no other socket's.
//
// Lifetime: it outlives all that was pushed for it: Worker::detach() sees to that.
// Threads: descriptor, family, refusal, close: any. The rest is the worker's.
class SendSocket {
 public:
  // Where failures of the worker are left for who puts next: by destination, or those of
  // the one destination of a connected socket and those of all others.
  explicit SendSocket(SendErrors* errors) : errors_(errors) {}
  SendSocket(ErrorLatch* connected, ErrorLatch* unconnected)
      : connected_latch_(connected), unconnected_latch_(unconnected) {}
  SendSocket(const SendSocket&) = delete;
  SendSocket& operator=(const SendSocket&) = delete;

  // Before anything is pushed.
  void open(int descriptor, int family) {
    descriptor_ = descriptor;
    family_ = family;
  }
  int descriptor() const { return descriptor_; }
  int family() const { return family_; }

  // Why nothing more is to be pushed: ESHUTDOWN when it is closed, EAGAIN when so much waits
  // for the kernel that others would have no room; 0: push.
  int refusal() const {
    const std::uint8_t reasons = refusals_.load(std::memory_order_relaxed);
    if (reasons == 0) [[likely]]
      return 0;
    return (reasons & kClosed) != 0 ? ESHUTDOWN : EAGAIN;
  }
  void close() { refusals_.fetch_or(kClosed, std::memory_order_relaxed); }
  void set_full(bool full) {
    if (full) {
      refusals_.fetch_or(kFull, std::memory_order_relaxed);
    } else {
      refusals_.fetch_and(kClosed, std::memory_order_relaxed);
    }
  }

  // ---- Its packets and the kernel.

  WaitingItems& waiting() { return waiting_; }
  const WaitingItems& waiting() const { return waiting_; }
  SendProgress& progress() { return progress_; }
  const SendProgress& progress() const { return progress_; }

  // ---- Others.

  // Where it is remembered how packets began, for the errors that come back; null: nowhere. Before
  // anything is pushed; it outlives this.
  void remember(admission::SentBeginnings* sent) { sent_ = sent; }
  admission::SentBeginnings* sent() const { return sent_; }
  void tell(const SendItem& item, int error) const;
  // Whether the socket has a local port; a kernel without a free one says EAGAIN.
  bool is_known_to_have_port = false;
  SendSocket* next_waiting = nullptr;  // in the batch's list of sockets with packets that wait

 private:
  int descriptor_ = -1;
  int family_ = 0;
  static constexpr std::uint8_t kClosed = 1;
  static constexpr std::uint8_t kFull = 2;
  std::atomic<std::uint8_t> refusals_{0};

  SendProgress progress_;
  WaitingItems waiting_;

  admission::SentBeginnings* sent_ = nullptr;
  SendErrors* const errors_ = nullptr;
  ErrorLatch* const connected_latch_ = nullptr;
  ErrorLatch* const unconnected_latch_ = nullptr;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_SOCKET_H_
