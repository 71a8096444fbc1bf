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

// Packets that share a look at the clock.
constexpr std::size_t kDrainsPerClock = 64;

// Packets waiting, below which an engine without threads reads its sockets again.
constexpr std::size_t kPumpBelow = 64;

std::size_t slots_for(std::uint64_t receive_bytes) {
  const std::uint64_t packets = receive_bytes / packet::kRecordOverhead + 1;
  return std::clamp(static_cast<std::size_t>(packets), kFewestSlots, kMostSlots);
}

}  // namespace

SocketEndpoint::SocketEndpoint(std::shared_ptr<Engine> engine, net::Socket socket,
                               std::uint64_t receive_bytes, const SocketOptions& options)
    : engine_(std::move(engine)),
      workers_(engine_->workers_of_engine()),
      worker_(workers_.next()),
      counters_(workers_.lend_counters()),
      socket_(std::move(socket)),
      notes_local_addresses_(options.reply_from_received_address),
      queue_(slots_for(receive_bytes), receive_bytes,
             {options.receive_timestamps, options.reply_from_received_address}) {
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
  if (receiving_) worker_.detach(slot_);
  receiving_ = false;
}

void SocketEndpoint::drop_waiting() {
  counters_->add(Counter::kDropClosed, held_.waiting());
  std::uint64_t packets = held_.waiting();
  held_.release();
  packet::PacketRelease release;
  std::uint64_t bytes = 0;
  while (const packet::PacketDescriptor* descriptor = queue_.ring().front()) {
    counters_->add(Counter::kDropClosed, descriptor->packet_count());
    packets += descriptor->packet_count();
    bytes += descriptor->charge();
    release.add(descriptor->buffer);
    queue_.ring().pop();
  }
  queue_.ring().note_taken(packets, bytes);
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
  stop_receiving();
  drop_waiting();
  if (const int error = socket_.connect(remote); error != 0) return error;
  connected_ = true;
  proven_.reset();
  drop_from_kernel();
  queue_.socket_error().take();
  return start_receiving();
}

// Without a worker thread this is what reads the socket: while little waits, so that
// a backlog stays with the kernel instead of overflowing here.
void SocketEndpoint::pump() {
  if (!workers_.is_inline() || queue_.ring().depth() >= kPumpBelow) return;
  workers_.pump_if_due();
}

int SocketEndpoint::available() {
  if (queue_.ring().depth() == 0) workers_.pump();
  pump();
  if (!is_alive() || queue_.socket_error().take() != 0) return -1;
  front();
  return static_cast<int>(queue_.ring().depth());
}

// The oldest descriptor or null, which an event loop that watches has to know.
const packet::PacketDescriptor* SocketEndpoint::front() {
  const packet::PacketDescriptor* descriptor = queue_.ring().front();
  worker::ConsumerSignal& signal = queue_.signal();
  if (descriptor != nullptr || held_.waiting() > 0 || !signal.is_watched()) return descriptor;
  signal.note_empty();
  descriptor = queue_.ring().front();
  if (descriptor != nullptr) signal.note_missed();
  return descriptor;
}

Error SocketEndpoint::take(std::span<const std::uint8_t>* packet, net::Endpoint* sender) {
  pump();
  if (!is_alive() || queue_.socket_error().take() != 0) return Error::FAILED;
  std::uint64_t charge = packet::kRecordOverhead;
  if (held_.waiting() > 0) {
    *packet = held_.next();
  } else {
    const packet::PacketDescriptor* descriptor = front();
    if (descriptor == nullptr) {
      held_.release();
      return Error::ERR_UNAVAILABLE;
    }
    *packet = held_.hold(*descriptor);
    queue_.ring().pop();
  }
  charge += packet->size();
  queue_.ring().note_taken(1, charge);
  note_local_address();
  *sender = net::endpoint_from_socket_address(held_.source());
  counters_->add(Counter::kDeliveredPackets, 1);
  counters_->add(Counter::kDeliveredBytes, packet->size());
  return Error::OK;
}

Error SocketEndpoint::wait(std::chrono::milliseconds timeout) {
  return wait_for_packets(
      workers_, queue_.signal(), timeout,
      [this] {
        pump();
        return queue_.ring().depth() > 0;
      },
      [this] { return !is_alive() || queue_.socket_error().take() != 0; });
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
  if (reply_address_.is_known() && !connected_) return send_to(destination, reply_address_, packet);
  const worker::SendTarget target{destination, socket_.descriptor(), socket_.family(), connected_,
                                  &latch};
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

int SocketEndpoint::send_to(const net::Endpoint& destination, const net::LocalAddress& source,
                            std::span<const std::uint8_t> packet) {
  if (!is_alive()) return ESHUTDOWN;
  if (!may_overtake_.load(std::memory_order_relaxed)) {
    may_overtake_.store(true, std::memory_order_relaxed);
  }
  worker::SendTarget target{destination, socket_.descriptor(), socket_.family()};
  worker::AddressedLatch latch;
  // The queue has no room for an address: such packets go by a system call of this thread.
  const bool now = source.is_known();
  if (now) {
    latch.source = &source;
    target.latch = &latch;
    target.has_source = true;
  }
  return send_packet(workers_, worker_, socket_, packet, target, now);
}

// ---- Draining.

Error SocketEndpoint::poll() {
  workers_.pump();
  return is_alive() ? Error::OK : Error::FAILED;
}

bool SocketEndpoint::take_next(ReceivedPacket* packet, packet::PacketBuffer** buffer) {
  pump();
  if (!is_alive()) return false;
  if (held_.waiting() > 0) {
    packet->payload = held_.next();
  } else {
    const packet::PacketDescriptor* descriptor = front();
    if (descriptor == nullptr) return false;
    packet->payload = held_.hold(*descriptor);
    queue_.ring().pop();
  }
  queue_.ring().note_taken(1, packet::kRecordOverhead + packet->payload.size());
  packet->sender = net::endpoint_from_socket_address(held_.source());
  note_local_address();
  packet->local = last_local_;
  // A clock costs as much as the packet: this one need not be fresh.
  if (drained_++ % kDrainsPerClock == 0) clock_ = std::chrono::steady_clock::now();
  packet->arrived = arrival_time(clock_);
  packet->peer = nullptr;
  *buffer = held_.hand_over();
  return true;
}

void SocketEndpoint::note_delivered(std::uint64_t packets, std::uint64_t bytes) {
  counters_->add(Counter::kDeliveredPackets, packets);
  counters_->add(Counter::kDeliveredBytes, bytes);
}

void SocketEndpoint::note_local_address() {
  if (notes_local_addresses_) last_local_ = worker::noted_local_address(held_.source());
}

std::chrono::steady_clock::time_point SocketEndpoint::arrival_time(
    std::chrono::steady_clock::time_point now) const {
  const auto now_us =
      std::chrono::duration_cast<std::chrono::microseconds>(now - workers_.epoch()).count();
  const auto age =
      static_cast<std::int32_t>(static_cast<std::uint32_t>(now_us) - held_.received_at_us());
  return workers_.epoch() + std::chrono::microseconds(now_us - age);
}

int SocketEndpoint::local_port() const {
  const auto local = socket_.local_endpoint();
  return local.has_value() ? local->port : 0;
}

}  // namespace ringpeer::internal
