#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ringpeer/bench/rivals/cases.h"
#include "ringpeer/bench/rivals/registry.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// Of every peer that this machine can open with these options; ENet is in another program.
std::set<int> granted_to_all(const ReceiverOptions& options) {
  std::set<int> granted;
  for (const std::string& peer : all_peers()) {
    if (peer == "enet") continue;
    const std::unique_ptr<Receiver> receiver = make_receiver(peer);
    if (receiver == nullptr) {
      ADD_FAILURE() << peer;
      continue;
    }
    const std::string error = receiver->open(options);
    // A kernel may lack what the floor needs.
    if (peer == "floor" && !error.empty()) continue;
    EXPECT_EQ(error, "") << peer;
    granted.insert(granted_receive_buffer(receiver->port()));
  }
  return granted;
}

TEST(Receivers, GetTheSameLargeSocketBuffer) {
  ReceiverOptions options;
  options.receive_buffer = largest_receive_buffer();
  EXPECT_EQ(granted_to_all(options), std::set<int>{2 * largest_receive_buffer()});
}

TEST(Receivers, GetTheSameDefaultSocketBuffer) {
  EXPECT_EQ(granted_to_all(ReceiverOptions()), std::set<int>{2 * default_receive_buffer()});
}

TEST(GrantedReceiveBuffer, IsNothingWithoutASocket) {
  UdpSocket socket;
  ASSERT_EQ(socket.open(), "");
  const int port = socket.port();
  EXPECT_GT(granted_receive_buffer(port), 0);
  socket = UdpSocket();
  EXPECT_EQ(granted_receive_buffer(port), 0);
}

}  // namespace
}  // namespace ringpeer::bench
