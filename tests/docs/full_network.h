#ifndef RINGPEER_TESTS_DOCS_FULL_NETWORK_H_
#define RINGPEER_TESTS_DOCS_FULL_NETWORK_H_

namespace ringpeer::docs {

// While one lives the kernel takes nothing of any socket, in the whole process: each call that
// sends a datagram is EAGAIN, as with a socket buffer that stays full. Loopback never does this.
// The program that links it has the C library's calls replaced.
class FullNetwork {
 public:
  FullNetwork();
  ~FullNetwork();
  FullNetwork(const FullNetwork&) = delete;
  FullNetwork& operator=(const FullNetwork&) = delete;
};

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_FULL_NETWORK_H_
