#include "ringpeer/tests/simulation/kernel.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/messages.h"
#include "ringpeer/tests/simulation/ring.h"

namespace ringpeer::simulation {
namespace {

constexpr int kFirstDescriptor = 100;

// Of a call that does little, and of one that loses its processor.
constexpr Time kLeastCall = 300;
constexpr Time kMaxCall = 3 * kMicrosecond;
constexpr Time kSlowCall = 5 * kMillisecond;
constexpr Time kVerySlowCall = 700 * kMillisecond;  // longer than an end waits
constexpr std::uint32_t kVerySlowOf1000 = 20;
// How often others go on at a call.
constexpr std::uint32_t kYieldsOf1000 = 120;

// How long a full send buffer stays so, and how many packets a full device queue refuses.
constexpr Time kShortStall = 2 * kMillisecond;
constexpr Time kLongStall = 800 * kMillisecond;  // longer than the end of a socket waits
constexpr std::int64_t kMaxDeviceRefusals = 40;

// UDP_MAX_SEGMENTS (include/linux/udp.h) of the oldest kernels that cut trains.
constexpr std::size_t kMaxSegments = 64;
// Of the largest datagram, in trains too: the length of UDP has 16 bits and counts its header, that
// of IPv4 its own as well (net/ipv4/ip_output.c, net/ipv6/ip6_output.c).
constexpr std::size_t kMaxIpv4Payload = 65'507;
constexpr std::size_t kMaxIpv6Payload = 65'527;

Kernel* the_kernel = nullptr;

}  // namespace

Kernel::Kernel(Scheduler& scheduler, Faults& faults, Network& network, Random random,
               const KernelFeatures& features)
    : scheduler_(scheduler),
      faults_(faults),
      network_(network),
      random_(random),
      features_(features) {
  check(the_kernel == nullptr, "there are two kernels");
  the_kernel = this;
}

Kernel::~Kernel() { the_kernel = nullptr; }

Kernel& Kernel::current() {
  check(is_there(), "a system call, and no kernel");
  return *the_kernel;
}

bool Kernel::is_there() { return the_kernel != nullptr; }

void Kernel::enter() {
  scheduler_.spend(random_.between(kLeastCall, kMaxCall));
  if (faults_.happens(Fault::kSlowThread)) {
    const Time most = random_.chance(kVerySlowOf1000) ? kVerySlowCall : kSlowCall;
    scheduler_.sleep(random_.between(0, most));
  } else if (random_.chance(kYieldsOf1000)) {
    scheduler_.yield();
  }
}

// ---- Descriptors.

int Kernel::add(File file) {
  if (faults_.happens(Fault::kNoDescriptors)) return -EMFILE;
  int descriptor = kFirstDescriptor;
  while (files_.contains(descriptor)) ++descriptor;
  if (file.socket != nullptr) {
    file.socket->inode = next_inode_++;
    file.socket->holders = 1;
  }
  files_[descriptor] = std::move(file);
  return descriptor;
}

void Kernel::close(int descriptor) {
  const auto found = files_.find(descriptor);
  check(found != files_.end(), "close() of what is not open");
  for (auto& [other, file] : files_) {
    if (file.epoll != nullptr) file.epoll->watches.erase(descriptor);
  }
  const std::shared_ptr<UdpSocket> socket = std::exchange(found->second.socket, nullptr);
  files_.erase(found);
  if (socket != nullptr) release(socket);
}

void Kernel::release(const std::shared_ptr<UdpSocket>& socket) {
  if (--socket->holders == 0) network_.close(socket);
}

Kernel::File* Kernel::find(int descriptor) {
  const auto found = files_.find(descriptor);
  return found == files_.end() ? nullptr : &found->second;
}

UdpSocket* Kernel::find_socket(int descriptor) {
  const File* file = find(descriptor);
  return file == nullptr ? nullptr : file->socket.get();
}

bool Kernel::is_readable(const File& file) const {
  if (file.event != nullptr) return file.event->count > 0;
  return file.socket != nullptr && file.socket->is_readable();
}

// ---- Waiting.

// Fills *event when there is something to tell.
bool Kernel::report(int descriptor, Watch& watch, epoll_event* event) const {
  const File& file = files_.at(descriptor);
  std::uint32_t events = is_readable(file) ? EPOLLIN : 0u;
  const bool has_error = file.socket != nullptr && file.socket->has_error();
  const bool by_edge = (watch.events & EPOLLET) != 0;
  if (has_error && (!by_edge || watch.errors_told != file.socket->errors)) events |= EPOLLERR;
  events &= watch.events | EPOLLERR;
  if (events == 0) return false;
  if (file.socket != nullptr) watch.errors_told = file.socket->errors;
  event->events = events;
  event->data.u32 = watch.token;
  return true;
}

int Kernel::wait_epoll(Epoll& epoll, std::span<epoll_event> events, Time timeout) {
  if (waits_refused != 0) return -waits_refused;
  if (faults_.happens(Fault::kInterrupted)) return -EINTR;
  const auto has_any = [&] {
    epoll_event unused;
    return std::any_of(epoll.watches.begin(), epoll.watches.end(), [&](const auto& entry) {
      Watch copy = entry.second;
      return report(entry.first, copy, &unused);
    });
  };
  if (timeout > 0) bill.wait_until(scheduler_, has_any, scheduler_.now() + timeout);
  // Whose turn is first changes, as it does in a list that sockets are moved to the end of.
  std::size_t count = 0;
  const std::size_t size = epoll.watches.size();
  const std::size_t first = size == 0 ? 0 : random_.below(size);
  for (std::size_t i = 0; i < size && count < events.size(); ++i) {
    auto entry = std::next(epoll.watches.begin(), static_cast<std::ptrdiff_t>((first + i) % size));
    if (report(entry->first, entry->second, &events[count])) ++count;
  }
  return static_cast<int>(count);
}

int Kernel::poll(int descriptor, short events, Time deadline) {
  if (faults_.happens(Fault::kInterrupted)) return -EINTR;
  const auto is_ready = [&] {
    const File* file = find(descriptor);
    return file != nullptr && is_readable(*file);
  };
  if (deadline > scheduler_.now()) bill.wait_until(scheduler_, is_ready, deadline);
  if (find(descriptor) == nullptr) return POLLNVAL;
  return is_ready() ? events & POLLIN : 0;
}

// ---- Receiving.

std::ptrdiff_t Kernel::receive(UdpSocket& socket, msghdr* message, int flags) {
  if (const int error = socket.take_error(); error != 0) return -error;
  if (socket.received.empty() || faults_.happens(Fault::kTryAgain)) return -EAGAIN;
  const SimulatedDatagram datagram = socket.take();
  bill.spent += bill.prices.datagram;
  const std::size_t written = scatter(datagram.payload, *message);
  message->msg_flags = written < datagram.payload.size() ? MSG_TRUNC : 0;
  if (message->msg_name != nullptr) {
    message->msg_namelen = static_cast<socklen_t>(
        write_address(datagram.source, socket.family, message->msg_name, message->msg_namelen));
  }
  bool is_cut = false;
  message->msg_controllen =
      write_control(socket, datagram, message->msg_control, message->msg_controllen, &is_cut);
  if (is_cut) message->msg_flags |= MSG_CTRUNC;
  if (watcher_.taken) watcher_.taken(socket, datagram);
  return static_cast<std::ptrdiff_t>((flags & MSG_TRUNC) != 0 ? datagram.payload.size() : written);
}

std::ptrdiff_t Kernel::receive_error(UdpSocket& socket, msghdr* message) {
  if (socket.error_queue.empty()) return -EAGAIN;
  const UdpSocket::ReturnedError returned = socket.error_queue.front();
  socket.error_queue.pop_front();
  // net/core/skbuff.c, sock_dequeue_err_skb: the next one is told, or none.
  socket.error = socket.error_queue.empty() ? 0 : socket.error_queue.front().error;
  message->msg_flags = MSG_ERRQUEUE;
  message->msg_namelen = static_cast<socklen_t>(
      write_address(returned.destination, socket.family, message->msg_name, message->msg_namelen));
  struct {
    sock_extended_err error;
    sockaddr_in6 offender;
  } value{};
  value.error.ee_errno = static_cast<std::uint32_t>(returned.error);
  value.error.ee_origin = SO_EE_ORIGIN_ICMP;
  cmsghdr header{};
  header.cmsg_level = socket.family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  header.cmsg_type = socket.family == AF_INET ? IP_RECVERR : IPV6_RECVERR;
  header.cmsg_len = CMSG_LEN(sizeof(value));
  check(message->msg_controllen >= CMSG_SPACE(sizeof(value)), "no room for an error");
  auto* const control = static_cast<std::uint8_t*>(message->msg_control);
  std::memcpy(control, &header, sizeof(header));
  std::memcpy(control + CMSG_LEN(0), &value, sizeof(value));
  message->msg_controllen = CMSG_SPACE(sizeof(value));
  const iovec& part = message->msg_iov[0];
  const std::size_t size = std::min(part.iov_len, returned.quote.size());
  std::memcpy(part.iov_base, returned.quote.data(), size);
  return static_cast<std::ptrdiff_t>(size);
}

// ---- Sending.

// Why the kernel does not take a datagram; 0: it does.
int Kernel::refuse_send(UdpSocket& socket, bool is_train, std::size_t charge) {
  if (faults_.happens(Fault::kInterrupted)) return EINTR;
  if (faults_.happens(Fault::kFullSendBuffer)) {
    socket.takes_nothing_until =
        scheduler_.now() + (random_.chance(100) ? kLongStall : random_.between(0, kShortStall));
  }
  const bool is_stalled =
      faults_.is_on(Fault::kFullSendBuffer) && scheduler_.now() < socket.takes_nothing_until;
  const bool takes_nothing = is_stalled || network_.takes_nothing();
  if (takes_nothing || socket.send_memory + charge > socket.send_buffer) {
    return EAGAIN;
  }
  if (faults_.happens(Fault::kDeviceQueueFull)) {
    socket.device_refusals = static_cast<int>(random_.between(1, kMaxDeviceRefusals));
  }
  if (socket.device_refusals > 0 && faults_.is_on(Fault::kDeviceQueueFull)) {
    --socket.device_refusals;
    return ENOBUFS;
  }
  if (is_train && faults_.happens(Fault::kTrainRefused)) return EIO;
  return faults_.happens(Fault::kSendRefused) ? EPERM : 0;
}

int Kernel::send(const std::shared_ptr<UdpSocket>& socket, const msghdr& message) {
  // net/ipv4/af_inet.c, inet_autobind: a kernel chooses the port now, in two steps, between which
  // another thread sends from port 0.
  check(socket->local.has_value(), "a socket sends before it has a port");
  if (const int error = socket->take_error(); error != 0) return error;
  SendRequest request = read_request(message);
  const auto destination = request.destination.has_value() ? request.destination : socket->peer;
  if (!destination.has_value()) return EDESTADDRREQ;
  const bool is_ipv4 = destination->address.is_ipv4();
  if (request.payload.size() > (is_ipv4 ? kMaxIpv4Payload : kMaxIpv6Payload)) return EMSGSIZE;
  const bool is_train = request.segment_size > 0;
  check(!is_train || request.payload.size() <= kMaxSegments * request.segment_size,
        "a train has more packets than kernels cut");
  const std::size_t charge = 768 + request.payload.size();
  if (const int error = refuse_send(*socket, is_train, charge); error != 0) return error;
  net::Endpoint source = *socket->local;
  source.address = request.source.value_or(Network::address_for(destination->address));
  socket->send_memory += charge;
  scheduler_.at(scheduler_.now() + random_.between(kMicrosecond, 50 * kMicrosecond),
                [socket, charge] { socket->send_memory -= charge; });
  const std::size_t segment = is_train ? request.segment_size : request.payload.size();
  std::size_t at = 0;
  do {
    const std::size_t size = std::min(segment, request.payload.size() - at);
    const auto first = request.payload.begin() + static_cast<std::ptrdiff_t>(at);
    transmit(socket, source, *destination, {first, first + static_cast<std::ptrdiff_t>(size)});
    at += size;
  } while (at < request.payload.size());
  return 0;
}

void Kernel::transmit(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& source,
                      const net::Endpoint& destination, std::vector<std::uint8_t> payload) {
  if (watcher_.accepted) watcher_.accepted(*socket, destination, payload);
  network_.send({source, destination, std::move(payload)}, socket);
}

}  // namespace ringpeer::simulation
