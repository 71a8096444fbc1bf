#ifndef RINGPEER_ENGINE_NET_STEERING_H_
#define RINGPEER_ENGINE_NET_STEERING_H_

#include <linux/filter.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringpeer::net {

// Classic BPF.
using FilterProgram = std::vector<sock_filter>;

// Which of the sockets on one port gets a sender's datagrams, whomever they are for: a hash of
// the sender's address and port under a secret key, so that nobody outside can fill one socket.
// The kernel's own choice counts the destination in, and it gives a broadcast to all of them.
//
// An IPv6 packet with more extension headers than four, or with one that is none of the usual
// (hop-by-hop, routing, fragment, destination options), is dropped.
//
// Threads: any. Whether the kernel takes a program, the calls of Socket say; then it keeps a copy.
class Steering {
 public:
  explicit Steering(std::size_t sockets);

  // For Socket::set_reuse_port_choice.
  FilterProgram choice() const;
  // For Socket::set_filter: keeps what choice() gives to that socket.
  FilterProgram filter_of(std::size_t socket) const;

 private:
  static constexpr std::size_t kWords = 5;  // a port, and an address of IPv6

  FilterProgram choice_with(const FilterProgram& ending) const;

  const std::uint32_t sockets_;
  std::uint32_t start_ = 0;
  std::array<std::uint32_t, kWords> factors_{};
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_STEERING_H_
