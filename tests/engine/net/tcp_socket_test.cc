#include "ringpeer/engine/net/tcp_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ringpeer/tests/engine/support/loopback.h"

namespace {

// The next look at a socket's error comes before the error does.
bool g_error_comes_later = false;

}  // namespace

// In the place of the C library's, for the whole program.
extern "C" int getsockopt(int descriptor, int level, int name, void* value,
                          socklen_t* size) noexcept {
  if (g_error_comes_later && level == SOL_SOCKET && name == SO_ERROR) {
    g_error_comes_later = false;
    *static_cast<int*>(value) = 0;
    return 0;
  }
  return static_cast<int>(::syscall(SYS_getsockopt, descriptor, level, name, value, size));
}

namespace ringpeer::net {
namespace {

// A port that nobody listens at, as long as the socket lives.
class ClosedPort {
 public:
  ClosedPort() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const SocketAddress address = to_socket_address(test::loopback_ipv4(), AF_INET);
    EXPECT_EQ(0, ::bind(descriptor_, &address.generic, address.size));
  }
  ~ClosedPort() { ::close(descriptor_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;

  Endpoint endpoint() const {
    SocketAddress address;
    socklen_t size = kSocketAddressSize;
    EXPECT_EQ(0, ::getsockname(descriptor_, &address.generic, &size));
    return endpoint_from_socket_address(&address.generic);
  }

 private:
  int descriptor_;
};

TEST(TcpSocketTest, ARefusalBetweenTwoSystemCallsIsNoConnection) {
  const ClosedPort port;
  for (int i = 0; i < 20; ++i) {
    TcpSocket socket;
    const int begun = socket.connect(port.endpoint());
    if (begun != EINPROGRESS) continue;  // refused at once
    int error = EINPROGRESS;
    ASSERT_TRUE(test::eventually([&] {
      g_error_comes_later = true;
      error = socket.connection_error();
      return error != EINPROGRESS;
    }));
    g_error_comes_later = false;
    EXPECT_EQ(ECONNREFUSED, error);
  }
}

}  // namespace
}  // namespace ringpeer::net
