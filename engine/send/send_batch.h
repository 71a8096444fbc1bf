#ifndef RINGPEER_ENGINE_SEND_SEND_BATCH_H_
#define RINGPEER_ENGINE_SEND_SEND_BATCH_H_

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/send/refused_trains.h"
#include "ringpeer/engine/send/send_marks.h"
#include "ringpeer/engine/send/send_order.h"
#include "ringpeer/engine/send/send_queue.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/engine/send/send_window.h"
#include "ringpeer/engine/stats/counters.h"

namespace ringpeer::worker {

// The system calls of a batch: net::kernel::send_batch(), and whether a socket has a local port.
// Tests put others in their place.
struct SendCalls {
  int (*send_batch)(int descriptor, std::span<mmsghdr> messages);
  bool (*has_port)(int descriptor);

  static const SendCalls kKernel;
};

// Hands what waits in a SendQueue to the kernel: one sendmmsg for many packets, and
// runs of equal packets to one destination as one train (UDP_SEGMENT), which costs a
// quarter. Packets to one destination keep their order; destinations are served in
// the order of their first packet.
//
// What is taken from the queue at a time is first grouped by destination, then sent a
// window of messages after the other, so that the arrays of a system call stay in the
// first-level cache. When the kernel has no room for a socket's packets, they wait with
// that socket, and what comes for it waits behind them; the others go on.
//
// Threads: the worker's.
class SendBatch {
 public:
  using Clock = base::Clock;

  // Of the memory of chunks, what may be held by the packets that wait with one socket, and
  // with all together, until puts to them are refused: a quarter and a half, so that the
  // other sockets have the rest.
  static constexpr std::size_t kMaxHeldBySocket =
      SendChunks::kChunkCount * SendChunks::kChunkSize / 4;
  static constexpr std::size_t kMaxHeld = 2 * kMaxHeldBySocket;

  SendBatch(SendQueue& queue, Counters& counters, bool use_trains,
            const SendCalls& calls = SendCalls::kKernel)
      : queue_(queue),
        counters_(counters),
        use_trains_(use_trains),
        calls_(calls),
        marks_(queue.store()) {}

  // Sends what the kernel has room for. Bounded: true when there may be more of that.
  bool drain();
  // Packets wait with their sockets: drain() again soon.
  bool has_waiting() const { return waiting_ != nullptr; }

  // ---- Waiting for what is queued at some moment, whatever comes after it.

  // A mark for what is queued now.
  std::uint64_t mark() { return marks_.request(); }
  // After each drain, as long as anybody waits for a mark.
  void update_marks();
  // Whether all of that is with the kernel, or has failed.
  bool is_sent(std::uint64_t mark) const;
  // The same for one socket that nothing more is pushed for.
  bool is_sent(std::uint64_t mark, const SendSocket& socket) const {
    return marks_.has_passed(mark) && socket.waiting().is_empty();
  }
  // Whether what is left of it is for sockets that the kernel takes nothing for, and has not
  // for so long.
  bool is_stuck(std::uint64_t mark, Clock::time_point now, Clock::duration patience) const;
  // Nothing of the socket is left afterwards: what waits is counted as failed. For one that
  // nothing more is pushed for, and a mark from after that.
  void give_up(SendSocket& socket, std::uint64_t mark);
  void give_up_all();

 private:
  // What fits an Ethernet frame; larger segments could be refused on the way.
  static constexpr std::size_t kMaxSegmentSize = 1452;
  // UDP_MAX_SEGMENTS of kernels before 6.9, which every later one takes too.
  static constexpr std::size_t kMaxSegments = 64;

  // ---- The batch: of the queue, or of what waits with a socket.
  bool pop_from_queue();
  bool load_from_queue();
  void load_from(SendSocket& socket, std::size_t most);
  void leave_to_waiting();
  void send_all();
  void finish_batch();
  void put_unsent_back();

  // ---- Sockets with packets that wait.
  bool retry_waiting();
  void wait_last(SendItem* item);
  void list_as_waiting(SendSocket& socket);
  bool take_without_sending();
  void fail_waiting(SendSocket& socket);
  void set_full();

  // ---- Windows.
  void build_window();
  SendMessage next_message() const;
  bool may_use_train(const SendItem& first) const;
  void send_window(SendSocket& socket);
  void pop_sent(SendSocket& socket, int count);
  void remember_sent(admission::SentBeginnings& sent, const SendMessage& message,
                     std::uint64_t now_us) const;

  // ---- What the kernel refuses.
  int explain(SendSocket& socket, int error) const;
  void hold_up(SendSocket& socket);
  void refuse(SendSocket& socket, int error);
  void refuse_train(SendSocket& socket, const SendMessage& message, int error);
  void go_on_from(std::size_t position);
  void fail(const SendMessage& message, int error);

  const SendItem& item_at(std::size_t position) const { return *items_[order_.index_at(position)]; }

  SendQueue& queue_;
  Counters& counters_;
  const bool use_trains_;
  const SendCalls& calls_;
  RefusedTrains refused_trains_;
  Clock::time_point now_;  // while there are refused trains

  SendMarks marks_;
  SendSocket* waiting_ = nullptr;

  std::array<SendItem*, SendOrder::kMaxItems> items_;  // in the order of their pushes
  std::size_t count_ = 0;
  SendSocket* waited_with_ = nullptr;  // null: the batch is of the queue
  // Which items the kernel had no room for; only with has_unsent_.
  std::array<bool, SendOrder::kMaxItems> is_unsent_;
  bool has_unsent_ = false;

  SendOrder order_;
  std::size_t position_ = 0;     // the first that is in no window yet
  std::size_t singles_end_ = 0;  // positions before it get no trains: one was refused
  SendWindow window_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_BATCH_H_
