#ifndef RINGPEER_ENGINE_NET_SOCKET_H_
#define RINGPEER_ENGINE_NET_SOCKET_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/net/steering.h"

namespace ringpeer::net {

// Which addresses a socket speaks.
enum class SocketFamily {
  kIpv4,       // AF_INET
  kIpv6,       // AF_INET6, IPv6 only
  kDualStack,  // AF_INET6 for both; AF_INET where the machine has no IPv6
};

// What becomes of a datagram that is larger than a link on its way.
enum class PathMtuDiscovery {
  kSystemDefault,
  kFragment,      // cut up, here or on the way
  kDontFragment,  // not sent when larger than the known path MTU (EMSGSIZE); the kernel learns it
  kProbe,         // sent unfragmented whatever is known: for who measures the path MTU
};

// What became of a look at a socket's next datagram, or train of datagrams.
struct WaitingDatagram {
  int error = 0;  // errno; EAGAIN when none waits
  std::size_t size = 0;
  std::size_t segment_size = 0;  // of a train; 0: a single one

  std::size_t packets() const {
    return segment_size == 0 ? 1 : (size + segment_size - 1) / segment_size;
  }
};

// A close-on-exec UDP socket, no call of which blocks. Its system calls are in
// kernel_calls.h. Owns its descriptor. Calls return 0 or an errno value.
//
// Threads: send_to and the getters from any thread; the rest from one at a time.
class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int open(SocketFamily family);
  // Uses a UDP socket that is bound already, and stays the caller's until keep(): before, not
  // even close() closes it. EPROTOTYPE when it is none, EINVAL when it is not bound, EEXIST when
  // a Socket of this process has the descriptor.
  int adopt(int descriptor);
  // From here on what was adopted is this object's own, to close.
  void keep();
  void close();
  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  int family() const { return family_; }  // AF_INET or AF_INET6

  int bind(const Endpoint& endpoint);
  int connect(const Endpoint& endpoint);
  std::optional<Endpoint> local_endpoint() const;

  // Several sockets on one port, among which the kernel spreads remotes by a hash
  // of the address pair. Before bind; after it, lets in those that bind from then on.
  int set_reuse_port(bool enabled);
  // For all of them, once there are several: the program gives a socket's number, in the order
  // in which they were bound. Broadcasts go to all nevertheless, and ICMP errors by the hash.
  int set_reuse_port_choice(const FilterProgram& program);
  // The program gives how many bytes of a datagram to keep, headers included. What it drops
  // counts among kernel_drops(). Until set_drop_all(false).
  int set_filter(const FilterProgram& program);
  // As long as it is on, the kernel drops whatever arrives, as if nobody listened.
  int set_drop_all(bool enabled);
  int set_broadcast(bool enabled);

  // Asks for bytes of buffer and returns what was granted, in the kernel's own
  // counting (twice what was asked, at most twice net.core.rmem_max). Privileged
  // processes get past that limit.
  int request_receive_buffer(int bytes);
  int request_send_buffer(int bytes);
  int receive_buffer() const;
  int send_buffer() const;

  // Differentiated services code point, 0 to 63: how routers treat what is sent.
  int set_dscp(int code_point);
  int set_path_mtu_discovery(PathMtuDiscovery discovery);
  // Only through this interface, in and out. Before bind.
  int bind_to_interface(const std::string& name);
  // Whether it may send to an address with this scope: not when that is another interface,
  // which the kernel would prefer.
  bool may_send_to_scope(std::uint32_t scope_id) const {
    return interface_ == 0 || scope_id == 0 || scope_id == interface_;
  }
  // Control messages with each datagram: the address it was sent to, and when the
  // kernel got it.
  int report_local_addresses(bool enabled = true);
  int report_timestamps(bool enabled = true);
  // ICMP errors of an unconnected socket are queued (see error_queue.h), and each is
  // reported once by the next call that sends or receives, whatever that call is for. Without,
  // those that wait are freed.
  int set_error_queue(bool enabled) const;

  // Datagrams that the kernel dropped at this socket for want of buffer, modulo 2^32. Nothing
  // when it does not say.
  std::optional<std::uint32_t> kernel_drops() const;

  // Lets the kernel merge trains of equal datagrams of one sender (UDP_GRO).
  int set_receive_offload(bool enabled);
  // Takes off what would hold back, cut or swallow datagrams. As far as the kernel knows such
  // things.
  void forget_ways_of_udp();

  // Throws the oldest datagram away.
  WaitingDatagram discard() const;

  int join_group(const IpAddress& group, const std::string& interface_name);
  int leave_group(const IpAddress& group, const std::string& interface_name);

  // 0 or errno; never blocks. A connected socket takes no destination.
  int send(std::span<const std::uint8_t> payload) const;
  int send_to(std::span<const std::uint8_t> payload, const SocketAddress& destination) const;
  // From one of this machine's addresses instead of the one that the route would give.
  int send_from(std::span<const std::uint8_t> payload, const SocketAddress& destination,
                const LocalAddress& source) const;

 private:
  int set_for_families(int ipv4_name, int ipv4_value, int ipv6_name, int ipv6_value) const;
  int change_group(const IpAddress& group, const std::string& interface_name, bool join);

  int descriptor_ = -1;
  int family_ = 0;
  std::uint32_t interface_ = 0;  // that it is bound to; 0: none
  bool borrowed_ = false;        // adopted, and not kept yet
};

// The largest IP packet, headers included, that reaches the destination as far as
// the kernel knows; 0 when there is no route. A few system calls.
int path_mtu_to(const Endpoint& destination);

// What the kernel grants a socket for what waits in it, in bytes as it counts them; 0 when it does
// not say.
int receive_buffer_of(int descriptor);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_SOCKET_H_
