#ifndef RINGPEER_ENGINE_NET_KERNEL_CALLS_H_
#define RINGPEER_ENGINE_NET_KERNEL_CALLS_H_

#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/net/endpoint.h"

// The system calls on UDP sockets, and on what tells that there is something to read. Each stands
// here and nowhere else in the engine (tests/house sees to it), so another network, a simulated
// one, is put in the kernel's place here: by descriptors, messages, lengths and errno values.
// What is a TCP socket's alone is in tcp_socket.cc, what is io_uring's in engine/backend.
//
// Results: a descriptor, a count or a size, or a negative errno value; 0 or an errno value where
// nothing else is returned. A seccomp filter refuses any call with EPERM or ENOSYS.
// Threads: any, on a descriptor that stays open meanwhile; which thread calls is said for each
// group. No call waits but poll(), wait_epoll() and wait_for_event(). Nothing is retried here:
// EINTR is the caller's. Lifetime: who opens a descriptor closes it. Memory that is passed in is
// used during the call alone.
namespace ringpeer::net::kernel {

// ---- Opening and naming. The thread that opens the socket, as every call on options is.

// What a system call has just opened for the engine, or another number for it: not one of 0 to 2,
// where those are closed, for whoever writes to "stderr" would write into it. A negative one, an
// error, is returned as it is, and so is what no other number is to be had for.
int own_descriptor(int descriptor);

// AF_INET or AF_INET6; close-on-exec, no call on it blocks. EAFNOSUPPORT where the machine has no
// IPv6, EMFILE when the process is out of descriptors.
int open_udp(int family);
// Of anything that is opened here. Always gone afterwards.
void close(int descriptor);
int set_close_on_exec(int descriptor);
// EADDRINUSE when another socket has the port.
int bind(int descriptor, const SocketAddress& address);
// A TCP socket's goes on in the background: EINPROGRESS.
int connect(int descriptor, const SocketAddress& address);
// What it is bound to; its port is 0 when to none. Also the worker, after a packet was refused.
int local_address(int descriptor, SocketAddress* address);
// As setsockopt and getsockopt, for values of this size exactly. ENOPROTOOPT where the kernel is
// too old.
int set_option(int descriptor, int level, int name, const void* value, std::size_t size);
int get_option(int descriptor, int level, int name, void* value, std::size_t size);

// Returns once the kernel is done with all datagrams whose delivery it had begun: those for
// which it chose a socket before the call. Takes some milliseconds. Where it is not to be had
// (seccomp, nohz_full), nothing is waited for.
void wait_for_begun_deliveries();

// ---- Receiving. The socket's worker.

// The datagrams that wait, at most as many as there are messages: how many there were, each with
// its size in msg_len, flags, address and control messages as far as there is room. EAGAIN when
// none waits. Any other errno but EINTR is of an earlier packet (ICMP), told once.
int receive_batch(int descriptor, std::span<mmsghdr> messages);
// The oldest datagram: its whole size, whatever there is room for.
std::ptrdiff_t receive_one(int descriptor, msghdr* message);
// The oldest message of the error queue: the size of the payload that came back. EAGAIN when none
// waits.
std::ptrdiff_t receive_error(int descriptor, msghdr* message);

// ---- Sending. One packet: any thread. Batches: the socket's worker.
//
// EAGAIN: the socket's buffer is full, or the kernel finds no port for it. ENOBUFS: the device's
// queue is. EMSGSIZE: too large for the path. ECONNREFUSED and the like may be of an earlier
// packet (ICMP), and then nothing of this one is sent.

// How many of the messages the kernel has taken, from the first on: an error is of the first.
int send_batch(int descriptor, std::span<mmsghdr> messages);
// One datagram, to where the socket is connected when there is no destination. 0 or errno.
int send_one(int descriptor, std::span<const std::uint8_t> payload,
             const SocketAddress* destination);
// One datagram with control messages. 0 or errno.
int send_message(int descriptor, const msghdr& message);

// ---- Waiting. poll(): the consumer. epoll: the worker, whose it is.

// Of the events (POLLIN, ...) and errors (POLLERR, ...) those that are there; 0 when the time was
// over, which a negative one never is.
int poll(int descriptor, short events, int timeout_ms);

int open_epoll();
// operation: EPOLL_CTL_ADD, ...; the token comes back with each event (data.u32). ENOSPC and
// ENOMEM for EPOLL_CTL_ADD alone.
int change_epoll(int epoll, int operation, int descriptor, std::uint32_t events,
                 std::uint32_t token);
// How many of the events were filled; 0 when the time was over, which is kept as precisely as the
// thread's timer slack says.
int wait_epoll(int epoll, std::span<epoll_event> events, std::chrono::microseconds timeout);

// ---- An eventfd: readable from signal_event() until clear_event(). Signalling: any thread, and
// signal handlers. Clearing: who waits for it.

int open_event();
// Until it is signalled or the time is over, which is kept as precisely as the thread's timer slack
// says: 1 if it is signalled, 0 if not.
int wait_for_event(int descriptor, std::chrono::nanoseconds timeout) noexcept;
// EAGAIN when it can count no further: it is readable then.
int signal_event(int descriptor) noexcept;
// EAGAIN when it is not signalled.
int clear_event(int descriptor) noexcept;

}  // namespace ringpeer::net::kernel

#endif  // RINGPEER_ENGINE_NET_KERNEL_CALLS_H_
