#include "ringpeer/tests/docs/peers.h"

#include <utility>

#include "ringpeer/codec/wire/encode.h"

namespace ringpeer::docs {

int free_port() {
  const net::Socket socket = test::open_receiver(0);
  return test::port_of(socket);
}

Bytes encoded(const Variant& value, bool full_objects) {
  EncodeOptions options;
  options.full_objects = full_objects;
  std::size_t size = 0;
  EXPECT_EQ(encode_variant(value, {}, &size, options), Error::OK);
  Bytes bytes(size);
  EXPECT_EQ(encode_variant(value, bytes, &size, options), Error::OK);
  EXPECT_EQ(size, bytes.size()) << "the size of the whole, whatever the destination's";
  return bytes;
}

Variant nested(int levels) {
  Variant value = Array();
  for (int i = 0; i < levels; ++i) {
    Array outer;
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

void EachEngineTest::SetUp() {
  std::string message;
  engine_ = Engine::create(GetParam().options(), nullptr, &message);
  if (engine_ == nullptr) GTEST_SKIP() << message;
}

Accepted::Accepted(const EnginePointer& engine) : server(engine), client(engine) {
  EXPECT_EQ(server.listen(0, kHost), Error::OK);
  EXPECT_EQ(client.connect_to_host(kHost, server.get_local_port()), Error::OK);
  EXPECT_EQ(client.put_packet(kByte), Error::OK);
  EXPECT_TRUE(test::eventually([&] { return server.is_connection_available(); }));
  peer = server.take_connection();
  EXPECT_EQ(peer->get_packet(), kByte);
}

}  // namespace ringpeer::docs
