#ifndef RINGPEER_TESTS_ENGINE_SEND_FAKE_KERNEL_H_
#define RINGPEER_TESTS_ENGINE_SEND_FAKE_KERNEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/send/send_batch.h"

namespace ringpeer::test {

// A packet as the kernel was given it.
struct SentPacket {
  int descriptor;
  net::Endpoint destination;  // zeros: none was named
  bool has_source;
  bool in_train;
  std::vector<std::uint8_t> payload;
};

// Stands in for the kernel's sendmmsg: takes packets, or refuses them as it is told. One at
// a time.
class FakeKernel {
 public:
  FakeKernel();
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  static const worker::SendCalls kCalls;

  // ---- How it behaves.
  std::set<int> full;                     // descriptors: EAGAIN
  std::set<int> without_port;             // descriptors: EAGAIN, and no port
  std::set<int> closed;                   // descriptors: no call may name them
  std::map<int, std::vector<int>> once;   // descriptor: an errno for each of the next calls
  std::set<std::uint16_t> narrow;         // ports: EINVAL for trains
  std::set<std::uint16_t> forbidden;      // ports: EACCES
  std::function<unsigned()> most_a_call;  // messages; none: no limit

  // ---- What it saw.
  std::vector<SentPacket> sent;
  int calls = 0;
  int trains_refused = 0;
  int calls_on_closed = 0;

 private:
  static int send_batch(int descriptor, std::span<mmsghdr> messages);
  static bool has_port(int descriptor);
  int send(int descriptor, std::span<const mmsghdr> messages);
  int take(int descriptor, const msghdr& message);
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_SEND_FAKE_KERNEL_H_
