#include "ringpeer/peer/socket_endpoint.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "ringpeer/peer/send_packet.h"

namespace ringpeer::internal {
namespace {

// Descriptors of a ring: enough that the bytes are always the tighter bound, even
// for empty packets, within these limits. The upper one is 32 MiB of address space,
// touched only as far as it is used.
constexpr std::size_t kFewestSlots = 64;
constexpr std::size_t kMostSlots = std::size_t{1} << 20;

// A connect drops at most what a socket buffer of any sane size holds.
constexpr int kMostDroppedOnConnect = 1 << 20;

// Packets of a batch that are taken before the worker learns of their room.
constexpr std::size_t kWindowPackets = 64;

// Without threads, looks at the number of packets waiting that share a look at the clock,
// which costs as much as a packet.
constexpr std::uint32_t kLooksPerClock = 16;

std::size_t slots_for(std::uint64_t receive_bytes) {
  const std::uint64_t packets = receive_bytes / packet::kRecordOverhead + 1;
  return std::clamp(static_cast<std::size_t>(packets), kFewestSlots, kMostSlots);
}

}  // namespace

SocketEndpoint::SocketEndpoint(std::shared_ptr<Engine> engine, net::Socket socket,
                               std::uint64_t receive_bytes, const SocketOptions& options)
    : DrainSource(!options.reply_from_received_address),
      engine_(std::move(engine)),
      workers_(engine_->workers_of_engine()),
      worker_(workers_.next()),
      counters_(workers_.lend_counters()),
      socket_(std::move(socket)),
      notes_local_addresses_(options.reply_from_received_address),
      queue_(slots_for(receive_bytes), receive_bytes,
             {options.receive_timestamps, options.reply_from_received_address}) {
  sends_.open(socket_.descriptor(), socket_.family());
  workers_.watch(&socket_);
}

std::unique_ptr<SocketEndpoint> SocketEndpoint::create(std::shared_ptr<Engine> engine,
                                                       net::Socket socket,
                                                       std::uint64_t receive_bytes,
                                                       const SocketOptions& options, int* error) {
  std::unique_ptr<SocketEndpoint> endpoint(
      new SocketEndpoint(std::move(engine), std::move(socket), receive_bytes, options));
  *error = endpoint->start_receiving();
  if (*error != 0) return nullptr;
  return endpoint;
}

SocketEndpoint::~SocketEndpoint() {
  end_batch();
  sends_.close();
  stop_receiving();
  drop_waiting();
  workers_.forget(&socket_);
  workers_.release_counters(counters_);
}

int SocketEndpoint::start_receiving() {
  const int error = worker_.attach(socket_.descriptor(), &queue_, &slot_);
  receiving_ = error == 0;
  return error;
}

void SocketEndpoint::stop_receiving() {
  if (receiving_) worker_.detach(slot_, &sends_);
  receiving_ = false;
}

void SocketEndpoint::drop_waiting() {
  held_.flush();
  packet::PacketRelease release;
  std::uint64_t packets = 0;
  while (const packet::PacketDescriptor* descriptor = queue_.ring().front()) {
    packets += descriptor->packet_count();
    release.add(descriptor->buffer, descriptor->packet_count());
    queue_.ring().take(1, descriptor->packet_count(), descriptor->charge());
  }
  counters_->add(Counter::kDropClosed, packets);
}

// What the kernel had queued before the socket was connected may come from anybody.
void SocketEndpoint::drop_from_kernel() {
  std::uint8_t byte = 0;
  for (int i = 0; i < kMostDroppedOnConnect; ++i) {
    if (::recv(socket_.descriptor(), &byte, sizeof(byte), MSG_DONTWAIT) < 0 && errno == EAGAIN) {
      return;
    }
    counters_->add(Counter::kReceivedPackets, 1);
    counters_->add(Counter::kDropClosed, 1);
  }
}

int SocketEndpoint::connect(const net::Endpoint& remote) {
  end_batch();
  stop_receiving();
  drop_waiting();
  if (const int error = socket_.connect(remote); error != 0) return error;
  connected_ = true;
  proven_.reset();
  drop_from_kernel();
  queue_.socket_error().take();
  return start_receiving();
}

int SocketEndpoint::available() {
  settle();
  if (workers_.is_inline() && ++looks_ % kLooksPerClock == 0) workers_.pump_if_due();
  pump_if_empty();
  if (has_failed()) return -1;
  static_cast<void>(front());  // an event loop that watches has to know
  return static_cast<int>(queue_.ring().depth());
}

packet::PacketDescriptor* SocketEndpoint::front_of_empty() {
  if (workers_.is_inline()) {
    // So that a backlog stays with the kernel instead of overflowing here, the socket is
    // read only now.
    workers_.pump_if_due();
    return queue_.ring().front();
  }
  worker::ConsumerSignal& signal = queue_.signal();
  if (!signal.is_watched()) return nullptr;
  // Which the event loop that watches has to know.
  signal.note_empty();
  packet::PacketDescriptor* const descriptor = queue_.ring().front();
  if (descriptor != nullptr) signal.note_missed();
  return descriptor;
}

// The next packet of the descriptor, which leaves the ring with its last one; the caller gets
// its reference to the buffer.
inline packet::PacketBuffer* SocketEndpoint::take_from(packet::PacketDescriptor& descriptor,
                                                       std::span<const std::uint8_t>* packet) {
  last_source_ = descriptor.source;
  last_arrival_us_ = queue_.ring().arrival_us(descriptor.received_at_us);
  if (notes_local_addresses_) last_local_ = worker::noted_local_address(descriptor.source);
  packet::PacketBuffer* const buffer = descriptor.buffer;
  if (descriptor.segment_size == 0) [[likely]] {
    const std::size_t size = descriptor.size;
    *packet = {descriptor.payload, size};
    queue_.ring().take(1, 1, size + packet::kRecordOverhead);
    return buffer;
  }
  *packet = descriptor.take_packet();
  queue_.ring().take(descriptor.size == 0 ? 1 : 0, 1, packet->size() + packet::kRecordOverhead);
  return buffer;
}

Error SocketEndpoint::take(std::span<const std::uint8_t>* packet, net::Endpoint* sender) {
  settle();
  if (has_failed()) return error_of_dead(workers_);
  packet::PacketDescriptor* descriptor = front();
  if (descriptor == nullptr) {
    held_.flush();
    return Error::ERR_UNAVAILABLE;
  }
  held_.add(take_from(*descriptor, packet));
  net::read_socket_address(last_source_, sender);
  count_delivered(1, packet->size());
  return Error::OK;
}

Error SocketEndpoint::wait(std::chrono::milliseconds timeout) {
  return wait_for_packets(
      workers_, queue_.signal(), timeout,
      [this] {
        settle();
        return front() != nullptr;
      },
      [this] { return has_failed(); });
}

int SocketEndpoint::send(std::span<const std::uint8_t> packet, const net::Endpoint& destination,
                         SendState& state) {
  if (!is_alive()) return ESHUTDOWN;
  // What could not be sent before is reported once, by whoever looks next; this packet
  // is not sent then, as with a refusal in Godot.
  worker::ErrorLatch& latch = connected_ ? queue_.socket_error() : send_error_;
  if (const int error = latch.take(); error != 0) {
    if (!is_overload(error)) forget_proofs(state);
    workers_.count_send(error, packet.size());
    return error;
  }
  worker::SendTarget target{&sends_, destination, connected_};
  target.tells = true;
  if (reply_address_.is_known() && !connected_) target.source = &reply_address_;
  if (state.proven.load(std::memory_order_relaxed)) {
    return send_packet(workers_, worker_, socket_, packet, target, false);
  }
  // A system call of this thread must not overtake what the thread has queued for the
  // same destination: then this one is queued as well, and proves nothing.
  const bool waits = may_overtake_.load(std::memory_order_relaxed) && worker_.has_thread() &&
                     worker_.has_unsent_of_this_thread();
  const int error = send_packet(workers_, worker_, socket_, packet, target, !waits);
  if (error == 0 && !waits) {
    state.proven.store(true, std::memory_order_relaxed);
    if (proven_ != nullptr && !proven_->insert(destination)) {
      may_overtake_.store(true, std::memory_order_relaxed);
    }
  }
  return error;
}

bool SocketEndpoint::is_proven(const net::Endpoint& before, bool before_proven,
                               const net::Endpoint& now) {
  if (before == now) return before_proven;
  if (proven_ == nullptr) {
    proven_ = std::make_unique<ProvenDestinations>();
    if (before_proven) proven_->insert(before);
  }
  return proven_->contains(now);
}

// Which destination the error was of is not known; each is asked about again.
void SocketEndpoint::forget_proofs(SendState& state) {
  may_overtake_.store(true, std::memory_order_relaxed);
  state.proven.store(false, std::memory_order_relaxed);
  if (proven_ != nullptr) proven_->clear();
}

int SocketEndpoint::send_to(const net::Endpoint& destination,
                            std::span<const std::uint8_t> packet) {
  if (!is_alive()) return ESHUTDOWN;
  if (!may_overtake_.load(std::memory_order_relaxed)) {
    may_overtake_.store(true, std::memory_order_relaxed);
  }
  return send_packet(workers_, worker_, socket_, packet, {&sends_, destination}, false);
}

// ---- Draining.

Error SocketEndpoint::poll() {
  settle();
  workers_.pump();
  static_cast<void>(front());  // an event loop that watches has to know
  return is_alive() ? Error::OK : Error::FAILED;
}

DrainWindow SocketEndpoint::next_window(std::size_t most) {
  if (!is_alive() || front() == nullptr) return {};
  DrainWindow window;
  window.descriptors = queue_.ring().front_run(std::min(most, kWindowPackets));
  window.seen = workers_.time_of(queue_.ring().seen_at_us());
  window.seen_us = static_cast<std::uint32_t>(queue_.ring().seen_at_us());
  return window;
}

// With notes of local addresses, which lie where a window does not look.
bool SocketEndpoint::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
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

void SocketEndpoint::note_taken(const DrainProgress& progress) {
  if (has_windows()) {  // else take_from() has told the ring
    queue_.ring().take(progress.descriptors, progress.packets,
                       progress.bytes + progress.packets * packet::kRecordOverhead);
  }
  count_delivered(progress.packets, progress.bytes);
}

std::chrono::steady_clock::time_point SocketEndpoint::last_arrival() const {
  if (last_arrival_us_ == 0) return {};
  return workers_.time_of(last_arrival_us_);
}

int SocketEndpoint::local_port() const {
  const auto local = socket_.local_endpoint();
  return local.has_value() ? local->port : 0;
}

}  // namespace ringpeer::internal
