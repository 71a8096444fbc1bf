#include <set>
#include <span>
#include <string>

#include "ringpeer/tests/docs/error_cases.h"

namespace ringpeer::docs {
namespace {

using test::eventually;

// A peer that has got a packet, which is not taken.
struct Receiving {
  Receiving(const EnginePointer& engine, const Bytes& packet) : peer(engine) {
    EXPECT_EQ(peer.bind(0, kHost), Error::OK);
    test::Sender sender(static_cast<std::uint16_t>(peer.get_local_port()));
    EXPECT_TRUE(sender.send(packet));
    EXPECT_TRUE(eventually([&] { return peer.get_available_packet_count() == 1; }));
  }
  Error get_var() {
    Variant value = 1;
    const Error error = peer.get_var(&value);
    EXPECT_TRUE(value.is_nil());
    EXPECT_EQ(peer.get_available_packet_count(), 0);
    return error;
  }
  PacketPeerUDP peer;
};

const ErrorCases kCases = {
    {"PacketPeer | ERR_UNAVAILABLE | get",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       EXPECT_EQ(peer.bind(0, kHost), Error::OK);
       std::span<const std::uint8_t> packet;
       Variant value;
       gives(Error::ERR_UNAVAILABLE, peer.get_packet(&packet));
       gives(Error::ERR_UNAVAILABLE, peer.get_var(&value));
       EXPECT_TRUE(peer.get_packet().empty());
       gives(Error::ERR_UNAVAILABLE, peer.get_packet_error());
     }},
    {"PacketPeer | FAILED | get",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       Variant value;
       gives(Error::FAILED, peer.get_var(&value));  // not open
       EXPECT_EQ(peer.connect_to_host(kHost, free_port()), Error::OK);
       EXPECT_EQ(peer.put_packet(kByte), Error::OK);  // refused: told once
       std::set<Error> told;
       EXPECT_TRUE(eventually([&] {
         told.insert(peer.get_var(&value));
         return told.contains(Error::FAILED);
       }));
       EXPECT_TRUE(told == (std::set<Error>{Error::FAILED}) ||
                   told == (std::set<Error>{Error::FAILED, Error::ERR_UNAVAILABLE}));
       gives(Error::ERR_UNAVAILABLE, peer.get_var(&value));
       peer.close();
       gives(Error::FAILED, peer.get_var(&value));
       EXPECT_EQ(peer.bind(0, kHost), Error::OK);
       engine->stop();
       gives(Error::FAILED, peer.get_var(&value));
     }},
    {"PacketPeer | ERR_INVALID_DATA | get_var",
     [](const EnginePointer& engine) {
       gives(Error::ERR_INVALID_DATA, Receiving(engine, kNoVariant).get_var());
     }},
    {"PacketPeer | ERR_FILE_EOF | get_var",
     [](const EnginePointer& engine) {
       gives(Error::ERR_FILE_EOF, Receiving(engine, kCutString).get_var());
     }},
    {"PacketPeer | ERR_UNAUTHORIZED | get_var",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNAUTHORIZED, Receiving(engine, encoded(full_object(), true)).get_var());
     }},
    {"PacketPeer | ERR_OUT_OF_MEMORY | put",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       sending.peer.set_encode_buffer_max_size(1024);
       gives(Error::ERR_OUT_OF_MEMORY, sending.peer.put_var(std::string(2000, 'a')));
       gives(Error::ERR_OUT_OF_MEMORY, sending.peer.put_var(nested(1025)));
     }},
    {"PacketPeer | ERR_UNCONFIGURED | put",
     [](const EnginePointer& engine) {
       PacketPeerUDP peer(engine);
       gives(Error::ERR_UNCONFIGURED, peer.put_packet(kByte));
       gives(Error::ERR_UNCONFIGURED, peer.put_var(1));
     }},
    {"PacketPeer | ERR_BUSY | put",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       floods([&](const Bytes& packet) { return sending.peer.put_packet(packet); });
     }},
    {"PacketPeer | FAILED | put",
     [](const EnginePointer& engine) {
       Sending sending(engine);
       gives(Error::FAILED, sending.peer.put_packet(kTooLarge));
       gives(Error::FAILED, sending.peer.put_var(std::string(70000, 'a')));
       EXPECT_EQ(sending.peer.set_dest_address("255.255.255.255", 9), Error::OK);  // not permitted
       gives(Error::FAILED, sending.peer.put_packet(kByte));
     }},
};

}  // namespace

ErrorCases packet_peer_errors() { return kCases; }

}  // namespace ringpeer::docs
