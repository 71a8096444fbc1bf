#include "ringpeer/tests/docs/error_cases.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ringpeer/tests/docs/full_network.h"

namespace ringpeer::docs {
namespace {

// Far more than any queue holds.
constexpr int kFlood = 100'000;
constexpr std::size_t kFloodPacket = 60'000;

}  // namespace

void gives(Error expected, Error actual) { EXPECT_EQ(error_name(actual), error_name(expected)); }

Variant full_object() {
  Object object(String("Node"));
  return object;
}

SocketOptions without_interface() {
  SocketOptions options;
  options.interface = "no-such-one";
  return options;
}
SocketOptions for_servers() {
  SocketOptions options;
  options.detect_unreachable = true;
  return options;
}

Sending::Sending(const EnginePointer& engine) : peer(engine), port(free_port()) {
  EXPECT_EQ(peer.bind(0, kHost), Error::OK);
  EXPECT_EQ(peer.set_dest_address(kHost, port), Error::OK);
}

void floods(const std::function<Error(const Bytes&)>& put) {
  EXPECT_EQ(put(kByte), Error::OK);  // the first to a destination is a system call
  const FullNetwork full;
  const Bytes packet(kFloodPacket, 1);
  for (int i = 0; i < kFlood; ++i) {
    const Error error = put(packet);
    if (error == Error::OK) continue;
    gives(Error::ERR_BUSY, error);
    return;
  }
  ADD_FAILURE() << "there was always room";
}

Descriptor::Descriptor(int type, bool bound) : number(::socket(AF_INET, type, 0)) {
  const net::SocketAddress any = net::to_socket_address(test::loopback_ipv4(), AF_INET);
  if (bound) {
    EXPECT_EQ(::bind(number, &any.generic, any.size), 0);
  }
}

Descriptor::~Descriptor() { ::close(number); }

}  // namespace ringpeer::docs
