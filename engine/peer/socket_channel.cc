#include "ringpeer/engine/peer/socket_channel.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "ringpeer/engine/peer/send_or_queue.h"

namespace ringpeer::internal {
namespace {

// Descriptors of a ring: enough that the bytes are always the tighter bound, even
// for empty packets, within these limits. The upper one is 32 MiB of address space,
// touched only as far as it is used.
constexpr std::size_t kMinSlots = 64;
constexpr std::size_t kMaxSlots = std::size_t{1} << 20;

// A connect drops at most what a socket buffer of any sane size holds.
constexpr int kMaxDroppedOnConnect = 1 << 20;
// A socket reports one error at a time. One that reports more than can have come meanwhile is
// broken.
constexpr int kMaxErrorsOnConnect = 64;

// Packets of a batch that are taken before the worker learns of their room.
constexpr std::size_t kWindowPackets = 64;

std::size_t slots_for(std::uint64_t receive_bytes) {
  const std::uint64_t packets = receive_bytes / packet::kRecordOverhead + 1;
  return std::clamp(static_cast<std::size_t>(packets), kMinSlots, kMaxSlots);
}

}  // namespace

SocketChannel::SocketChannel(std::shared_ptr<Engine> engine, net::Socket socket,
                             std::uint64_t receive_bytes, const SocketOptions& options)
    : DrainSource(!options.reply_from_received_address),
      engine_(std::move(engine)),
      workers_(engine_->workers_of_engine()),
      counters_(workers_.counters()),
      socket_(std::move(socket)),
      records_local_addresses_(options.reply_from_received_address),
      queue_(slots_for(receive_bytes), receive_bytes,
             {options.receive_timestamps, options.reply_from_received_address},
             options.cookie ? &socket_ : nullptr),
      receive_bytes_(receive_bytes),
      most_packets_(slots_for(receive_bytes)) {
  sends_.open(socket_.descriptor(), socket_.family());
  workers_.counters().watch(&socket_);
}

std::unique_ptr<SocketChannel> SocketChannel::create(std::shared_ptr<Engine> engine,
                                                     net::Socket socket,
                                                     std::uint64_t receive_bytes,
                                                     const SocketOptions& options, bool for_put,
                                                     int* error) {
  std::unique_ptr<SocketChannel> channel(
      new SocketChannel(std::move(engine), std::move(socket), receive_bytes, options));
  *error = for_put && channel->workers_.is_inline() ? channel->start_receiving_later()
                                                    : channel->start_receiving();
  if (*error != 0) return nullptr;
  return channel;
}

SocketChannel::~SocketChannel() {
  end_batch();
  sends_.close();
  if (worker_ != nullptr) stop_receiving(&sends_);
  drop_waiting();
  workers_.counters().forget(&socket_);
}

int SocketChannel::start_receiving() {
  // Once chosen, the worker stays: it has what was put, in order, and other threads look at it.
  const int error = worker_ == nullptr
                        ? workers_.attach(socket_.descriptor(), &queue_, &worker_, &slot_)
                        : worker_->attach(socket_.descriptor(), &queue_, &slot_);
  receiving_ = error == 0;
  return error;
}

// The consumer's next look does it: a worker without a thread is the consumer's.
int SocketChannel::start_receiving_later() {
  worker_ = &workers_.at(0);
  const int error = worker_->attach_later(&attach_later_, socket_.descriptor(), &queue_);
  slot_ = attach_later_.slot;
  receiving_ = error == 0;
  return error;
}

// What is queued names `sends`, also after a connect() that has ended receiving and then failed.
void SocketChannel::stop_receiving(worker::SendSocket* sends) {
  worker_->detach(std::exchange(receiving_, false) ? slot_ : worker::Worker::kNoSlot, sends);
}

void SocketChannel::drop_waiting() {
  packet::PacketRelease release;
  std::uint64_t packets = 0;
  while (const packet::PacketDescriptor* descriptor = queue_.consumer().front()) {
    packets += descriptor->packet_count();
    release.add(descriptor->buffer, descriptor->packet_count());
    queue_.consumer().take(1, descriptor->packet_count(), descriptor->charge());
  }
  counters_->add(Counter::kDropClosed, packets);
}

// What the kernel had queued before the socket was connected may come from anybody.
void SocketChannel::drop_from_kernel() {
  int errors = 0;
  for (int i = 0; i < kMaxDroppedOnConnect && errors < kMaxErrorsOnConnect; ++i) {
    const net::WaitingDatagram datagram = socket_.discard();
    if (datagram.error == EAGAIN) return;
    if (datagram.error != 0) {
      ++errors;  // of a packet that was sent before: the next call may find more packets
      continue;
    }
    counters_->add(Counter::kReceivedPackets, datagram.packets());
    counters_->add(Counter::kReceivedBytes, datagram.size);
    counters_->add(Counter::kDropClosed, datagram.packets());
  }
}

int SocketChannel::connect(const net::Endpoint& remote) {
  end_batch();
  // What other threads put goes on meanwhile: each packet says where it goes.
  stop_receiving(nullptr);
  drop_waiting();
  if (const int error = socket_.connect(remote); error != 0) return error;
  connected_.store(true, std::memory_order_relaxed);
  // Other threads may have put to the same address in between.
  verified_.mark_others_queued();
  ++ticks_;
  drop_from_kernel();
  queue_.socket_error().take();
  if (queue_.has_handshakes()) queue_.begin_handshake();
  return start_receiving();
}

int SocketChannel::available() {
  settle();
  const bool asks_for_more = bound_.begin_look(ticks());
  pump_if_empty(asks_for_more);
  if (has_failed()) return -1;
  const packet::PacketDescriptor* const next = front();  // an event loop that watches has to know
  if (next != nullptr && ends_loop(*next)) return 0;
  const std::size_t waiting = queue_.depth();
  bound_.promise(waiting);
  return static_cast<int>(waiting);
}

packet::PacketDescriptor* SocketChannel::look_for_more() {
  packet::PacketDescriptor* const descriptor = queue_.consumer().front();
  consumer_looks_.record(descriptor != nullptr);
  return descriptor != nullptr ? descriptor : front_of_empty();
}

int SocketChannel::watch() {
  if (workers_.is_inline()) return -1;
  begin_to_wait(queue_.pace().begin_watch());
  return queue_.signal().watch();
}

packet::PacketDescriptor* SocketChannel::front_of_empty() {
  if (workers_.is_inline()) {
    // So that a backlog stays with the kernel instead of overflowing here, the socket is
    // read only now.
    workers_.inline_pump().step_if_due();
    return queue_.consumer().front();
  }
  worker::ConsumerSignal& signal = queue_.signal();
  if (!signal.is_watched()) return nullptr;
  // Which the event loop that watches has to know.
  signal.mark_empty();
  packet::PacketDescriptor* const descriptor = queue_.consumer().front();
  if (descriptor != nullptr) signal.mark_missed();
  return descriptor;
}

// The next packet of the descriptor, which leaves the ring with its last one; the caller gets
// its reference to the buffer.
inline packet::PacketBuffer* SocketChannel::take_from(packet::PacketDescriptor& descriptor,
                                                      std::span<const std::uint8_t>* packet) {
  last_source_ = descriptor.source;
  last_arrival_us_ = queue_.consumer().arrival_us(descriptor.received_at_us);
  if (records_local_addresses_) last_local_ = worker::recorded_local_address(descriptor);
  packet::PacketBuffer* const buffer = descriptor.buffer;
  if (descriptor.segment_size == 0) [[likely]] {
    const std::size_t size = descriptor.size;
    *packet = {descriptor.payload, size};
    queue_.consumer().take(1, 1, size + packet::kRecordOverhead);
    return buffer;
  }
  *packet = descriptor.take_packet();
  queue_.consumer().take(descriptor.size == 0 ? 1 : 0, 1, packet->size() + packet::kRecordOverhead);
  return buffer;
}

Error SocketChannel::take(std::span<const std::uint8_t>* packet, net::Endpoint* sender,
                          HeldView* view) {
  settle();
  if (has_failed()) return take_from_dead(workers_, view);
  bound_.begin_look(ticks());
  packet::PacketDescriptor* const descriptor = front();
  if (descriptor == nullptr || (!bound_.is_promised() && ends_loop(*descriptor))) {
    if (descriptor == nullptr) bound_.begin_again();
    view->let_go();
    return Error::ERR_UNAVAILABLE;
  }
  view->hold(take_from(*descriptor, packet));
  bound_.count_given(packet->size() + packet::kRecordOverhead, last_arrival_us_);
  net::read_socket_address(last_source_, sender);
  count_delivered(1, packet->size());
  return Error::OK;
}

Error SocketChannel::wait(std::chrono::milliseconds timeout) {
  ++ticks_;
  return wait_for_packets(
      workers_, queue_.signal(), timeout, [this] { begin_to_wait(queue_.pace().begin_wait()); },
      [this] {
        settle();
        return front() != nullptr;
      },
      [this] { return has_failed(); });
}

// ---- Sending.

int SocketChannel::send(std::span<const std::uint8_t> packet, PutState& state) {
  if (!is_alive()) return ESHUTDOWN;
  PutDestination::Value to;
  const std::uint64_t version = state.destination.read(&to);
  if (version == 0) return EDESTADDRREQ;
  // What could not be sent before is reported once, by whoever looks next; this packet
  // is not sent then, as with a refusal in Godot.
  worker::ErrorLatch& latch = to.connected ? queue_.socket_error() : send_error_;
  if (const int error = latch.take(); error != 0) {
    if (!is_overload(error)) verified_.forget();  // which destination failed is not known
    workers_.counters().count_send(error, packet.size());
    return error;
  }
  worker::SendTarget target{&sends_, to.endpoint, to.connected};
  target.tells = true;
  if (to.source.is_known()) target.source = &to.source;
  if (verified_.contains(to.endpoint, version)) [[likely]] {
    return send_or_queue(workers_, *worker_, socket_, packet, target, false);
  }
  return send_unverified(packet, target, version);
}

int SocketChannel::send_unverified(std::span<const std::uint8_t> packet,
                                   const worker::SendTarget& target, std::uint64_t version) {
  // A system call of this thread must not overtake what the thread has queued for the
  // same destination: then this one is queued as well, and verifies nothing.
  const bool waits = verified_.may_have_queued_others() && worker_->has_thread() &&
                     worker_->sends().has_unsent_of_this_thread();
  const int error = send_or_queue(workers_, *worker_, socket_, packet, target, !waits);
  if (error == 0 && !waits) verified_.add(target.destination, version);
  return error;
}

void SocketChannel::remember_destination(const PutState& state) {
  if (worker_->has_thread()) verified_.remember_more(state.destination);
}

int SocketChannel::send_to(const net::Endpoint& destination, std::span<const std::uint8_t> packet) {
  if (!is_alive()) return ESHUTDOWN;
  verified_.mark_others_queued();
  return send_or_queue(workers_, *worker_, socket_, packet, {&sends_, destination}, false);
}

// ---- Draining.

Error SocketChannel::poll() {
  settle();
  ++ticks_;
  workers_.inline_pump().step();
  tell_watcher();
  return is_alive() ? Error::OK : Error::FAILED;
}

DrainWindow SocketChannel::next_window(std::size_t most) {
  if (!is_alive()) return {};
  // front(), of which a batch feels each call.
  if (consumer_looks_.are_wanted()) {
    if (front() == nullptr) return {};
  } else if (queue_.consumer().front() == nullptr && front_of_empty() == nullptr) {
    return {};
  }
  DrainWindow window;
  window.descriptors = queue_.consumer().front_run(std::min(most, kWindowPackets));
  window.seen = workers_.time_of(queue_.consumer().seen_at_us());
  window.seen_us = static_cast<std::uint32_t>(queue_.consumer().seen_at_us());
  return window;
}

// With notes of local addresses, which lie where a window does not look.
bool SocketChannel::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  if (!is_alive()) return false;
  packet::PacketDescriptor* descriptor = front();
  if (descriptor == nullptr) return false;
  *buffer = take_from(*descriptor, &packet->payload);
  net::read_socket_address(last_source_, &packet->sender);
  packet->local = last_local_;
  packet->arrived = last_arrival();
  packet->peer = nullptr;
  return true;
}

void SocketChannel::record_taken(const DrainProgress& progress) {
  if (has_windows()) {  // else take_from() has told the ring
    queue_.consumer().take(progress.descriptors, progress.packets,
                           progress.bytes + progress.packets * packet::kRecordOverhead);
  }
  count_delivered(progress.packets, progress.bytes);
}

std::chrono::steady_clock::time_point SocketChannel::last_arrival() const {
  if (last_arrival_us_ == 0) return {};
  return workers_.time_of(last_arrival_us_);
}

int SocketChannel::local_port() const {
  const auto local = socket_.local_endpoint();
  return local.has_value() ? local->port : 0;
}

}  // namespace ringpeer::internal
