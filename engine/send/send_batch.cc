#include "ringpeer/engine/send/send_batch.h"

#include <netinet/in.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>

#include "ringpeer/codec/base/branch.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/kernel_calls.h"
#include "ringpeer/engine/net/pending_errors.h"
#include "ringpeer/engine/send/failure_counter.h"

namespace ringpeer::worker {
namespace {

// Batches that one drain sends before the worker looks at its sockets again.
constexpr int kMaxBatchesPerDrain = 4;

bool has_local_port(int descriptor) {
  net::SocketAddress address;
  if (net::kernel::local_address(descriptor, &address) != 0) return true;
  return net::endpoint_from_socket_address(&address.generic).port != 0;
}

bool is_full_buffer(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Whether the packets of a refused train may pass one by one, and go on doing so: an old
// kernel or a device that cannot cut trains, or a path that they do not fit unfragmented.
bool may_be_of_trains(int error) { return error == EINVAL || error == EIO || error == EMSGSIZE; }

// Whether an ICMP message can have brought the error, to an earlier packet.
bool may_be_of_earlier_packet(int error) {
  return error != EINVAL && error != EIO && error != ENOBUFS;
}

}  // namespace

const SendCalls SendCalls::kKernel{net::kernel::send_batch, has_local_port};

bool SendBatch::drain() {
  const bool has_more = retry_waiting();
  for (int i = 0; i < kMaxBatchesPerDrain; ++i) {
    if (!load_from_queue()) return has_more;
    send_all();
    finish_batch();
  }
  return true;
}

// ---- The batch.

bool SendBatch::pop_from_queue() {
  count_ = marks_.pop(items_);
  if (count_ == 0) count_ = queue_.pop(items_);
  counters_.add(Counter::kSendRequestedPackets, count_);
  return count_ > 0;
}

bool SendBatch::load_from_queue() {
  if (!pop_from_queue()) return false;
  waited_with_ = nullptr;
  if (waiting_ != nullptr) [[unlikely]]
    leave_to_waiting();
  return true;
}

void SendBatch::load_from(SendSocket& socket, std::size_t most) {
  assert(most <= items_.size());
  waited_with_ = &socket;
  WaitingItems& waiting = socket.waiting();
  for (count_ = 0; count_ < most && !waiting.is_empty();) items_[count_++] = waiting.pop_front();
}

// What comes for a socket with packets that wait is behind them.
void SendBatch::leave_to_waiting() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!items_[i]->socket->waiting().is_empty()) {
      RINGPEER_BRANCH("send batch: behind packets that wait");
      wait_last(items_[i]);
    } else {
      items_[kept++] = items_[i];
    }
  }
  count_ = kept;
}

void SendBatch::send_all() {
  position_ = singles_end_ = 0;
  has_unsent_ = false;
  window_.clear();
  if (refused_trains_.has_any()) [[unlikely]] {
    now_ = Clock::now();
    refused_trains_.forget_old(now_);
  }
  if (use_trains_ && count_ > 1) {
    order_.group({items_.data(), count_});
  } else {
    order_.keep(count_);
  }
  for (build_window(); !window_.is_empty(); build_window()) {
    send_window(*item_at(window_.front().first).socket);
  }
}

void SendBatch::finish_batch() {
  if (has_unsent_) [[unlikely]]
    put_unsent_back();
  queue_.release({items_.data(), count_}, waited_with_ == nullptr);
  count_ = 0;
}

void SendBatch::put_unsent_back() {
  if (waited_with_ != nullptr) {
    RINGPEER_BRANCH("send batch: back to those that wait");
    for (std::size_t i = count_; i-- > 0;) {
      if (is_unsent_[i]) waited_with_->waiting().push_front(items_[i]);
    }
  }
  std::size_t sent = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_unsent_[i]) {
      items_[sent++] = items_[i];
    } else if (waited_with_ == nullptr) {
      RINGPEER_BRANCH("send batch: the first that wait");
      wait_last(items_[i]);
    }
  }
  count_ = sent;
  set_full();
}

// ---- Sockets with packets that wait.

// A few of each, then a batch of those that the kernel has taken these of. True when it may
// have room for more.
bool SendBatch::retry_waiting() {
  if (waiting_ == nullptr) [[likely]]
    return false;
  bool has_more = false;
  SendSocket* socket = std::exchange(waiting_, nullptr);
  while (socket != nullptr) {
    SendSocket* const next = socket->next_waiting;
    socket->progress().try_again();
    for (const std::size_t most : {SendWindow::kMaxMessages, items_.size()}) {
      if (socket->progress().is_held_up()) break;
      load_from(*socket, most);
      send_all();
      finish_batch();
    }
    if (!socket->waiting().is_empty()) {
      RINGPEER_BRANCH("send batch: some go on waiting");
      list_as_waiting(*socket);
      has_more = has_more || !socket->progress().is_held_up();
    } else {
      RINGPEER_BRANCH("send batch: none waits any more");
      socket->set_full(false);
    }
    socket = next;
  }
  set_full();
  return has_more;
}

void SendBatch::wait_last(SendItem* item) {
  SendSocket& socket = *item->socket;
  if (socket.waiting().is_empty()) {
    socket.waiting().begin(marks_.last_passed());
    list_as_waiting(socket);
  }
  socket.waiting().push_back(item);
  item->memory->lane->count_popped(1);
}

void SendBatch::list_as_waiting(SendSocket& socket) {
  socket.next_waiting = waiting_;
  waiting_ = &socket;
}

void SendBatch::set_full() {
  std::size_t held = 0;
  for (SendSocket* s = waiting_; s != nullptr; s = s->next_waiting) {
    held += s->waiting().held_bytes();
  }
  for (SendSocket* s = waiting_; s != nullptr; s = s->next_waiting) {
    s->set_full(s->waiting().held_bytes() >= kMaxHeldBySocket || held >= kMaxHeld);
  }
}

// ---- Marks.

void SendBatch::update_marks() {
  if (marks_.is_idle() && waiting_ == nullptr) return;
  const bool has_passed = marks_.update();
  for (SendSocket* s = waiting_; s != nullptr; s = s->next_waiting) {
    if (has_passed) s->waiting().cover(marks_.last_passed());
    s->waiting().settle();
  }
}

bool SendBatch::is_sent(std::uint64_t mark) const {
  if (!marks_.has_passed(mark)) return false;
  for (const SendSocket* s = waiting_; s != nullptr; s = s->next_waiting) {
    if (!s->waiting().is_settled(mark)) return false;
  }
  return true;
}

bool SendBatch::is_stuck(std::uint64_t mark, Clock::time_point now,
                         Clock::duration patience) const {
  if (!marks_.has_passed(mark)) return false;
  for (const SendSocket* s = waiting_; s != nullptr; s = s->next_waiting) {
    if (!s->waiting().is_settled(mark) && !s->progress().is_stuck(now, patience)) return false;
  }
  return true;
}

void SendBatch::give_up(SendSocket& socket, std::uint64_t mark) {
  while (!marks_.has_passed(mark)) {
    RINGPEER_BRANCH("send batch: a socket is given up before its mark has passed");
    take_without_sending();
    update_marks();
  }
  if (socket.waiting().is_empty()) return;
  RINGPEER_BRANCH("send batch: a socket is given up");
  SendSocket** link = &waiting_;
  while (*link != &socket) {
    assert(*link != nullptr);  // what waits is listed
    link = &(*link)->next_waiting;
  }
  *link = socket.next_waiting;
  fail_waiting(socket);
  set_full();
}

void SendBatch::give_up_all() {
  while (take_without_sending()) continue;
  while (waiting_ != nullptr) {
    RINGPEER_BRANCH("send batch: all are given up");
    SendSocket& socket = *waiting_;
    waiting_ = socket.next_waiting;
    fail_waiting(socket);
  }
}

bool SendBatch::take_without_sending() {
  pop_from_queue();
  for (std::size_t i = 0; i < count_; ++i) wait_last(items_[i]);
  return count_ > 0;
}

void SendBatch::fail_waiting(SendSocket& socket) {
  while (SendItem* item = socket.waiting().pop_front()) {
    counters_.add(Counter::kSendFailedClosed, 1);
    queue_.release({&item, 1}, false);
  }
}

// ---- Windows.

// The next messages, as many as a system call is to have, all of one socket.
void SendBatch::build_window() {
  window_.clear();
  while (position_ < count_ && item_at(position_).socket->progress().is_held_up()) {
    RINGPEER_BRANCH("send batch: held up with its socket");
    is_unsent_[order_.index_at(position_++)] = true;
  }
  if (position_ == count_) return;
  const SendSocket* const socket = item_at(position_).socket;
  while (position_ < count_ && item_at(position_).socket == socket) {
    const SendMessage message = next_message();
    if (!window_.has_room_for(message)) {
      RINGPEER_BRANCH("send batch: a window is full");
      return;
    }
    window_.add(message, [&](std::size_t i) -> const SendItem& { return item_at(position_ + i); });
    position_ += message.count;
  }
}

bool SendBatch::may_use_train(const SendItem& first) const {
  if (!use_trains_ || first.size == 0 || first.size > kMaxSegmentSize) return false;
  if (position_ < singles_end_) {
    RINGPEER_BRANCH("send batch: one by one what was refused as a train");
    return false;
  }
  if (!refused_trains_.has_any() ||
      !refused_trains_.applies_to(*first.socket, first.destination, now_)) {
    return true;
  }
  RINGPEER_BRANCH("send batch: no trains for a while");
  return false;
}

// The packet or train that begins at position_.
SendMessage SendBatch::next_message() const {
  const SendItem& first = item_at(position_);
  SendMessage message{position_, 1, first.size, 0};
  const std::size_t end = std::min(order_.group_end(position_), position_ + kMaxSegments);
  if (position_ + 1 == end || !may_use_train(first)) return message;
  for (std::size_t next = position_ + 1; next < end; ++next) {
    const SendItem& item = item_at(next);
    const std::uint16_t size = item.size;
    if (size > first.size || size == 0 || !item.leaves_from_same(first)) break;
    if (message.bytes + size > UINT16_MAX - kMaxSegmentSize) {
      RINGPEER_BRANCH("send batch: a train has as many bytes as it may");
      break;
    }
    message.bytes += size;
    ++message.count;
    if (size < first.size) {  // only the last may be shorter
      RINGPEER_BRANCH("send batch: a train with a shorter end");
      break;
    }
  }
  return message;
}

// Until the window is dealt with, the kernel's buffer is full, or a train was refused.
void SendBatch::send_window(SendSocket& socket) {
  while (!window_.is_empty()) {
    const int sent = calls_.send_batch(socket.descriptor(), window_.headers());
    assert(sent <= static_cast<int>(window_.headers().size()));
    if (sent > 0) {
      if (static_cast<std::size_t>(sent) < window_.headers().size())
        RINGPEER_BRANCH("send batch: the kernel takes a part of a window");
      pop_sent(socket, sent);
    } else if (const int error = explain(socket, sent < 0 ? -sent : EAGAIN); error != EINTR) {
      refuse(socket, error);
    }
  }
}

// Before they leave the window.
void SendBatch::remember_sent(admission::SentBeginnings& sent, const SendMessage& message,
                              std::uint64_t now_us) const {
  for (std::size_t i = 0; i < message.count; ++i) {
    const SendItem& item = item_at(message.first + i);
    sent.record(item.destination, {item.payload(), item.size}, now_us);
  }
}

void SendBatch::pop_sent(SendSocket& socket, int count) {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  const std::uint64_t now_us =
      socket.sent() != nullptr ? admission::SentBeginnings::now_us() : std::uint64_t{0};
  for (int i = 0; i < count; ++i) {
    const SendMessage& message = window_.front();
    if (socket.sent() != nullptr) [[unlikely]]
      remember_sent(*socket.sent(), message, now_us);
    packets += message.count;
    bytes += message.bytes;
    if (message.count > 1) {
      RINGPEER_BRANCH("send batch: a train");
      socket.progress().mark_sent_train();
    }
    window_.pop();
  }
  counters_.add(Counter::kSentPackets, packets);
  counters_.add(Counter::kSentBytes, bytes);
  socket.progress().mark_taken();
}

// ---- What the kernel refuses.

// A kernel that finds no port for a socket that has none says the same as for a full buffer.
int SendBatch::explain(SendSocket& socket, int error) const {
  if (!is_full_buffer(error)) return error;
  socket.is_known_to_have_port =
      socket.is_known_to_have_port || calls_.has_port(socket.descriptor());
  return socket.is_known_to_have_port ? EAGAIN : EADDRNOTAVAIL;
}

void SendBatch::refuse(SendSocket& socket, int error) {
  SendMessage& message = window_.front();
  if (error == EAGAIN) {
    RINGPEER_BRANCH("send batch: the buffer of a socket is full");
    hold_up(socket);
  } else if (may_be_of_earlier_packet(error) && !item_at(message.first).connected &&
             ++message.tries < net::kMaxTriesPastErrors) {
    RINGPEER_BRANCH("send batch: once more, for the error may be an earlier packet's");
  } else if (message.count > 1) {
    refuse_train(socket, message, error);
  } else {
    RINGPEER_BRANCH("send batch: a packet is refused");
    fail(message, error);
    window_.pop();
  }
}

void SendBatch::hold_up(SendSocket& socket) {
  if (!std::exchange(has_unsent_, true)) std::fill_n(is_unsent_.begin(), count_, false);
  socket.progress().hold_up(Clock::now());
  go_on_from(window_.front().first);
}

void SendBatch::refuse_train(SendSocket& socket, const SendMessage& message, int error) {
  if (error == ENOBUFS) {  // as a whole: the device's queue was full
    RINGPEER_BRANCH("send batch: a train finds the device's queue full");
    fail(message, error);
    window_.pop();
    return;
  }
  if (error == ECONNREFUSED) {
    RINGPEER_BRANCH("send batch: an ICMP error takes the place of the first of a train");
    // Of an earlier packet: it takes the place of one, as it does without trains.
    const SendItem& first = item_at(message.first);
    const SendMessage one{message.first, 1, first.size, 0};
    fail(one, error);
    go_on_from(one.first + 1);
    return;
  }
  if (may_be_of_trains(error)) {
    RINGPEER_BRANCH("send batch: trains are refused");
    now_ = Clock::now();
    refused_trains_.record(socket, item_at(message.first).destination, now_);
  }
  singles_end_ = message.first + message.count;
  go_on_from(message.first);
}

// What is in the window from there on is built again.
void SendBatch::go_on_from(std::size_t position) {
  position_ = position;
  window_.clear();
}

void SendBatch::fail(const SendMessage& message, int error) {
  counters_.add(failure_counter(error), message.count);
  const SendItem& first = item_at(message.first);
  first.socket->tell(first, error);
}

}  // namespace ringpeer::worker
