#include "ringpeer/engine/net/kernel_calls.h"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ringpeer::net::kernel {
namespace {

// What a system call returns, or its errno as a negative number.
template <typename Result>
Result value_or_error(Result result) {
  return result >= 0 ? result : static_cast<Result>(-errno);
}

template <typename Result>
int error_of(Result result) {
  return result >= 0 ? 0 : errno;
}

int control(int descriptor, int command, int argument) {
  return value_or_error(::fcntl(descriptor, command, argument));
}

std::ptrdiff_t receive_message(int descriptor, msghdr* message, int flags) {
  return value_or_error(::recvmsg(descriptor, message, flags | MSG_DONTWAIT));
}

}  // namespace

int own_descriptor(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) [[likely]]
    return descriptor;
  const int moved = control(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (moved < 0) return descriptor;
  close(descriptor);
  return moved;
}

int open_udp(int family) {
  constexpr int kType = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return own_descriptor(value_or_error(::socket(family, kType, IPPROTO_UDP)));
}

void close(int descriptor) { ::close(descriptor); }

int set_close_on_exec(int descriptor) {
  const int result = control(descriptor, F_SETFD, FD_CLOEXEC);
  return result < 0 ? -result : 0;
}

int bind(int descriptor, const SocketAddress& address) {
  return error_of(::bind(descriptor, &address.generic, address.size));
}

int connect(int descriptor, const SocketAddress& address) {
  return error_of(::connect(descriptor, &address.generic, address.size));
}

int local_address(int descriptor, SocketAddress* address) {
  address->size = kSocketAddressSize;
  return error_of(::getsockname(descriptor, &address->generic, &address->size));
}

int set_option(int descriptor, int level, int name, const void* value, std::size_t size) {
  return error_of(::setsockopt(descriptor, level, name, value, static_cast<socklen_t>(size)));
}

int get_option(int descriptor, int level, int name, void* value, std::size_t size) {
  auto length = static_cast<socklen_t>(size);
  return error_of(::getsockopt(descriptor, level, name, value, &length));
}

// A grace period of RCU, under whose read lock a datagram is delivered.
void wait_for_begun_deliveries() { ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

int receive_batch(int descriptor, std::span<mmsghdr> messages) {
  return value_or_error(::recvmmsg(descriptor, messages.data(),
                                   static_cast<unsigned>(messages.size()), MSG_DONTWAIT, nullptr));
}

std::ptrdiff_t receive_one(int descriptor, msghdr* message) {
  return receive_message(descriptor, message, MSG_TRUNC);
}

std::ptrdiff_t receive_error(int descriptor, msghdr* message) {
  return receive_message(descriptor, message, MSG_ERRQUEUE);
}

int send_batch(int descriptor, std::span<mmsghdr> messages) {
  return value_or_error(::sendmmsg(descriptor, messages.data(),
                                   static_cast<unsigned>(messages.size()),
                                   MSG_DONTWAIT | MSG_NOSIGNAL));
}

int send_one(int descriptor, std::span<const std::uint8_t> payload,
             const SocketAddress* destination) {
  const sockaddr* const address = destination == nullptr ? nullptr : &destination->generic;
  const socklen_t size = destination == nullptr ? 0 : destination->size;
  return error_of(::sendto(descriptor, payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           address, size));
}

int send_message(int descriptor, const msghdr& message) {
  return error_of(::sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int poll(int descriptor, short events, int timeout_ms) {
  pollfd request{descriptor, events, 0};
  const int result = value_or_error(::poll(&request, 1, timeout_ms));
  return result > 0 ? static_cast<unsigned short>(request.revents) : result;
}

int open_epoll() { return own_descriptor(value_or_error(::epoll_create1(EPOLL_CLOEXEC))); }

int change_epoll(int epoll, int operation, int descriptor, std::uint32_t events,
                 std::uint32_t token) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = token;
  return error_of(::epoll_ctl(epoll, operation, descriptor, &event));
}

namespace {

int wait_epoll_ms(int epoll, std::span<epoll_event> events, std::chrono::milliseconds timeout) {
  return value_or_error(::epoll_wait(epoll, events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(timeout.count())));
}

// epoll_wait() counts in milliseconds, and epoll_pwait2() is younger than the kernels that this is
// for: what is no whole number of them is waited for by ppoll().
[[gnu::noinline]] int wait_epoll_precisely(int epoll, std::span<epoll_event> events,
                                           std::chrono::microseconds timeout) {
  using std::chrono::milliseconds;
  const auto whole = std::chrono::ceil<milliseconds>(timeout);
  if (whole == timeout) return wait_epoll_ms(epoll, events, whole);
  const int result = wait_for_event(epoll, timeout);
  if (result == -EINTR) return result;
  // Refused: no longer than was asked for, but for what is shorter than it can count.
  const auto roughly = std::max(milliseconds(1), whole - milliseconds(1));
  return wait_epoll_ms(epoll, events, result < 0 ? roughly : milliseconds(0));
}

}  // namespace

int wait_epoll(int epoll, std::span<epoll_event> events, std::chrono::microseconds timeout) {
  if (timeout.count() != 0) return wait_epoll_precisely(epoll, events, timeout);
  return wait_epoll_ms(epoll, events, std::chrono::milliseconds(0));
}

int open_event() {
  return own_descriptor(value_or_error(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
}

int wait_for_event(int descriptor, std::chrono::nanoseconds timeout) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  const timespec limit{static_cast<time_t>(seconds.count()),
                       static_cast<long>((timeout - seconds).count())};
  pollfd request{descriptor, POLLIN, 0};
  return value_or_error(::ppoll(&request, 1, &limit, nullptr));
}

int signal_event(int descriptor) noexcept {
  const std::uint64_t one = 1;
  return error_of(::write(descriptor, &one, sizeof(one)));
}

int clear_event(int descriptor) noexcept {
  std::uint64_t count = 0;
  return error_of(::read(descriptor, &count, sizeof(count)));
}

}  // namespace ringpeer::net::kernel
