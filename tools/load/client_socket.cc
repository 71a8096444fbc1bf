#include "ringpeer/tools/load/client_socket.h"

#include <sys/epoll.h>

#include <cerrno>

namespace ringpeer::tools {

int open_client_socket(const net::Endpoint& target, const LoadOptions& options, int epoll,
                       void* tag, net::Socket* socket) {
  const bool ipv4 = target.address.is_ipv4();
  int failure = socket->open(ipv4 ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6);
  // Without it the kernel keeps one error of several.
  if (failure == 0) failure = socket->set_error_queue(true);
  if (failure == 0 && options.receive_buffer > 0) {
    failure = socket->request_receive_buffer(options.receive_buffer);
  }
  if (failure == 0 && !options.interface.empty()) {
    failure = socket->bind_to_interface(options.interface);
  }
  if (failure == 0 && options.source) failure = socket->bind(*options.source);
  if (failure == 0) failure = socket->connect(target);
  if (failure != 0) return failure;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.ptr = tag;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, socket->descriptor(), &event) == 0 ? 0 : errno;
}

const char* way_out_of_socket_error(int error) {
  switch (error) {
    case ENODEV:
      return "This machine has no such --interface: `ip link` shows them.";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "Is there a route to that address?";
    case EACCES:
    case EPERM:
      return "Is it a broadcast address, or does a firewall of this machine forbid it?";
    case EINVAL:
      return "A link-local address needs its interface: [fe80::1%eth0]:4000.";
    case EAFNOSUPPORT:
      return "This machine does not speak that family of addresses, or --source is of another.";
    case EADDRNOTAVAIL:
    case EAGAIN:
    case EADDRINUSE:
      return "No local port is free, or --source is no address of this machine: use fewer clients, "
             "or more ports (sysctl net.ipv4.ip_local_port_range).";
    case EMFILE:
    case ENFILE:
      return "Too many files are open: use fewer clients.";
    default:
      return "";
  }
}

}  // namespace ringpeer::tools
