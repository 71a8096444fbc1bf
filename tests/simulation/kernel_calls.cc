// ringpeer/engine/net/kernel_calls.h, answered by the simulated kernel: a program that links this
// file runs the engine on it.

#include "ringpeer/engine/net/kernel_calls.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "ringpeer/tests/simulation/kernel.h"

namespace ringpeer::net::kernel {
namespace {

using simulation::Fault;
using simulation::Kernel;
using simulation::KernelCall;
using simulation::UdpSocket;

// What a socket is asked for that is kept and changes nothing else.
bool is_kept_option(int level, int name) {
  switch (level) {
    case SOL_SOCKET:
      return name == SO_REUSEPORT || name == SO_BROADCAST || name == SO_TIMESTAMPNS ||
             name == SO_BINDTOIFINDEX;
    case IPPROTO_IP:
      return name == IP_TOS || name == IP_MTU_DISCOVER || name == IP_PKTINFO || name == IP_RECVERR;
    case IPPROTO_IPV6:
      return name == IPV6_V6ONLY || name == IPV6_TCLASS || name == IPV6_MTU_DISCOVER ||
             name == IPV6_RECVPKTINFO || name == IPV6_RECVERR;
    case IPPROTO_UDP:
      return name == UDP_GRO || name == UDP_CORK || name == UDP_SEGMENT || name == UDP_ENCAP;
    default:
      return false;
  }
}

// The kernel keeps twice what was asked for, and no less than this.
constexpr std::size_t kLeastBuffer = 4608;

void set_buffer(std::size_t* buffer, const void* value) {
  int bytes = 0;
  std::memcpy(&bytes, value, sizeof(bytes));
  *buffer = std::max(kLeastBuffer, 2 * static_cast<std::size_t>(bytes));
}

std::vector<sock_filter> read_program(const void* value) {
  sock_fprog program;
  std::memcpy(&program, value, sizeof(program));
  return {program.filter, program.filter + program.len};
}

int set_socket_option(UdpSocket& socket, int name, const void* value) {
  switch (name) {
    case SO_RCVBUF:
    case SO_RCVBUFFORCE:
      set_buffer(&socket.receive_buffer, value);
      return 0;
    case SO_SNDBUF:
    case SO_SNDBUFFORCE:
      set_buffer(&socket.send_buffer, value);
      return 0;
    case SO_ATTACH_FILTER:
      socket.filter = read_program(value);
      return 0;
    case SO_DETACH_FILTER:
      socket.filter.clear();
      return 0;
    case SO_ATTACH_REUSEPORT_CBPF:
      socket.choice = read_program(value);
      return 0;
    default:
      return ENOPROTOOPT;
  }
}

int get_socket_option(const UdpSocket& socket, int name) {
  switch (name) {
    case SO_RCVBUF:
      return static_cast<int>(socket.receive_buffer);
    case SO_SNDBUF:
      return static_cast<int>(socket.send_buffer);
    case SO_DOMAIN:
      return socket.family;
    case SO_PROTOCOL:
      return IPPROTO_UDP;
    default:
      return socket.option(SOL_SOCKET, name);
  }
}

}  // namespace

// ---- Opening and naming.

int own_descriptor(int descriptor) { return descriptor; }

int open_udp(int family) {
  const KernelCall call;
  auto socket = std::make_shared<UdpSocket>();
  socket->family = family;
  return call->add({.socket = std::move(socket)});
}

void close(int descriptor) { KernelCall()->close(descriptor); }

int set_close_on_exec(int descriptor) {
  return KernelCall()->find(descriptor) == nullptr ? EBADF : 0;
}

int bind(int descriptor, const SocketAddress& address) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const Kernel::File* file = kernel.find(descriptor);
  if (file == nullptr) return EBADF;
  return kernel.network().bind(file->socket, endpoint_from_socket_address(&address.generic));
}

int connect(int descriptor, const SocketAddress& address) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const Kernel::File* file = kernel.find(descriptor);
  if (file == nullptr) return EBADF;
  return kernel.network().connect(file->socket, endpoint_from_socket_address(&address.generic));
}

int local_address(int descriptor, SocketAddress* address) {
  const KernelCall call;
  const UdpSocket* socket = call->find_socket(descriptor);
  if (socket == nullptr) return EBADF;
  *address = to_socket_address(socket->local.value_or(Endpoint()), AF_INET6);
  if (socket->family == AF_INET) {
    address->ipv4 = {};
    address->ipv4.sin_family = AF_INET;
    if (socket->local.has_value()) *address = to_socket_address(*socket->local, AF_INET);
  }
  return 0;
}

int set_option(int descriptor, int level, int name, const void* value, std::size_t size) {
  const KernelCall call;
  UdpSocket* socket = call->find_socket(descriptor);
  if (socket == nullptr) return EBADF;
  if (!is_kept_option(level, name)) {
    return level == SOL_SOCKET ? set_socket_option(*socket, name, value) : ENOPROTOOPT;
  }
  if (size != sizeof(int)) return EINVAL;
  int number = 0;
  std::memcpy(&number, value, sizeof(number));
  socket->options[{level, name}] = number;
  const bool is_of_errors = (level == IPPROTO_IP && name == IP_RECVERR) ||
                            (level == IPPROTO_IPV6 && name == IPV6_RECVERR);
  if (is_of_errors && number == 0) socket->error_queue.clear();
  return 0;
}

int get_option(int descriptor, int level, int name, void* value, std::size_t size) {
  const KernelCall call;
  UdpSocket* socket = call->find_socket(descriptor);
  if (socket == nullptr) return EBADF;
  if (level == SOL_SOCKET && name == SO_MEMINFO) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
    info[SK_MEMINFO_DROPS] = call->network().tell_drops(*socket);
    std::memcpy(value, info.data(), std::min(size, sizeof(info)));
    return 0;
  }
  const int number =
      level == SOL_SOCKET ? get_socket_option(*socket, name) : socket->option(level, name);
  std::memcpy(value, &number, std::min(size, sizeof(number)));
  return 0;
}

void wait_for_begun_deliveries() { const KernelCall call; }

// ---- Receiving.

int receive_batch(int descriptor, std::span<mmsghdr> messages) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  UdpSocket* socket = kernel.find_socket(descriptor);
  if (socket == nullptr) return -EBADF;
  if (kernel.faults().happens(Fault::kInterrupted)) return -EINTR;
  std::size_t count = 0;
  for (mmsghdr& message : messages) {
    if (count > 0 && kernel.faults().happens(Fault::kShortResult)) break;
    // An error is for the next call, when there is something to return.
    if (count > 0 && socket->error != 0) break;
    const std::ptrdiff_t size = kernel.receive(*socket, &message.msg_hdr, 0);
    if (size < 0) return count > 0 ? static_cast<int>(count) : static_cast<int>(size);
    message.msg_len = static_cast<unsigned>(size);
    ++count;
  }
  return static_cast<int>(count);
}

std::ptrdiff_t receive_one(int descriptor, msghdr* message) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  UdpSocket* socket = kernel.find_socket(descriptor);
  return socket == nullptr ? -EBADF : kernel.receive(*socket, message, MSG_TRUNC);
}

std::ptrdiff_t receive_error(int descriptor, msghdr* message) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  UdpSocket* socket = kernel.find_socket(descriptor);
  return socket == nullptr ? -EBADF : kernel.receive_error(*socket, message);
}

// ---- Sending.

int send_batch(int descriptor, std::span<mmsghdr> messages) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const Kernel::File* file = kernel.find(descriptor);
  if (file == nullptr || file->socket == nullptr) return -EBADF;
  int count = 0;
  for (mmsghdr& message : messages) {
    if (count > 0 && kernel.faults().happens(Fault::kShortResult)) break;
    if (const int error = kernel.send(file->socket, message.msg_hdr); error != 0) {
      return count > 0 ? count : -error;
    }
    ++count;
  }
  return count;
}

int send_message(int descriptor, const msghdr& message) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const Kernel::File* file = kernel.find(descriptor);
  return file == nullptr || file->socket == nullptr ? EBADF : kernel.send(file->socket, message);
}

int send_one(int descriptor, std::span<const std::uint8_t> payload,
             const SocketAddress* destination) {
  iovec part{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  SocketAddress address;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (destination != nullptr) {
    address = *destination;
    message.msg_name = &address.generic;
    message.msg_namelen = address.size;
  }
  return send_message(descriptor, message);
}

// ---- Waiting.

int poll(int descriptor, short events, int timeout_ms) {
  const KernelCall call;
  const simulation::Time now = call->scheduler().now();
  return call->poll(
      descriptor, events,
      timeout_ms < 0 ? simulation::kNever : now + timeout_ms * simulation::kMillisecond);
}

int open_epoll() { return KernelCall()->add({.epoll = std::make_shared<Kernel::Epoll>()}); }

int change_epoll(int epoll, int operation, int descriptor, std::uint32_t events,
                 std::uint32_t token) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  Kernel::File* file = kernel.find(epoll);
  if (file == nullptr || file->epoll == nullptr || kernel.find(descriptor) == nullptr) return EBADF;
  auto& watches = file->epoll->watches;
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (kernel.faults().happens(Fault::kNoMemory)) return ENOMEM;
      return watches.emplace(descriptor, Kernel::Watch{events, token}).second ? 0 : EEXIST;
    case EPOLL_CTL_MOD:
      if (!watches.contains(descriptor)) return ENOENT;
      watches[descriptor] = {events, token};
      return 0;
    default:
      return watches.erase(descriptor) == 1 ? 0 : ENOENT;
  }
}

int wait_epoll(int epoll, std::span<epoll_event> events, std::chrono::microseconds timeout) {
  const KernelCall call;
  Kernel& kernel = call.kernel();
  const Kernel::File* file = kernel.find(epoll);
  if (file == nullptr || file->epoll == nullptr) return -EBADF;
  const std::shared_ptr<Kernel::Epoll> held = file->epoll;
  return kernel.wait_epoll(*held, events, std::chrono::nanoseconds(timeout).count());
}

// ---- An eventfd.

int open_event() { return KernelCall()->add({.event = std::make_shared<Kernel::Event>()}); }

int wait_for_event(int descriptor, std::chrono::nanoseconds timeout) noexcept {
  const KernelCall call;
  if (call->precise_waits_refused != 0) return -call->precise_waits_refused;
  const simulation::Time deadline = call->scheduler().now() + timeout.count();
  const int result = call->poll(descriptor, POLLIN, deadline);
  return result > 0 ? 1 : result;
}

int signal_event(int descriptor) noexcept {
  const KernelCall call;
  const Kernel::File* file = call->find(descriptor);
  if (file == nullptr || file->event == nullptr) return EBADF;
  ++file->event->count;
  ++file->event->signals;
  return 0;
}

int clear_event(int descriptor) noexcept {
  const KernelCall call;
  const Kernel::File* file = call->find(descriptor);
  if (file == nullptr || file->event == nullptr) return EBADF;
  return std::exchange(file->event->count, 0) > 0 ? 0 : EAGAIN;
}

}  // namespace ringpeer::net::kernel
