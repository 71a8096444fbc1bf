#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "ringpeer/tests/docs/error_cases.h"
#include "ringpeer/tests/docs/no_descriptors.h"

namespace ringpeer::docs {
namespace {

using std::chrono::milliseconds;

const ErrorCases kCases = {
    {"UDPServer | ERR_ALREADY_IN_USE | listen",
     [](const EnginePointer& engine) {
       gives(Error::ERR_ALREADY_IN_USE, Accepted(engine).server.listen(0));
     }},
    {"UDPServer | ERR_ALREADY_IN_USE | listen_descriptor",
     [](const EnginePointer& engine) {
       Descriptor socket(SOCK_DGRAM, true);
       gives(Error::ERR_ALREADY_IN_USE, Accepted(engine).server.listen_descriptor(socket.number));
       PacketPeerUDP first(engine);
       const int kept = ::dup(socket.number);
       EXPECT_EQ(first.bind_descriptor(kept), Error::OK);
       gives(Error::ERR_ALREADY_IN_USE, UDPServer(engine).listen_descriptor(kept));
     }},
    {"UDPServer | ERR_INVALID_PARAMETER | listen",
     [](const EnginePointer& engine) {
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(0, "localhost"));
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(-1));
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(65536));
       ServerOptions of_client;
       of_client.socket.cookie = true;
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(0, kHost, of_client));
       ServerOptions together;
       together.receive = ServerReceive::kTogether;
       together.admission.cookie = true;
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen(0, kHost, together));
     }},
    {"UDPServer | ERR_INVALID_PARAMETER | put_packet_to(ip, port, packet)",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to("localhost", 1, kByte));
       gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to(kHost, 0, kByte));
       gives(Error::ERR_INVALID_PARAMETER, accepted.server.put_packet_to(kHost, 65536, kByte));
     }},
    {"UDPServer | ERR_INVALID_PARAMETER | listen_descriptor",
     [](const EnginePointer& engine) {
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen_descriptor(-1));
       Descriptor unbound(SOCK_DGRAM);
       gives(Error::ERR_INVALID_PARAMETER, UDPServer(engine).listen_descriptor(unbound.number));
       Descriptor bound(SOCK_DGRAM, true);
       ServerOptions of_client;
       of_client.socket.cookie = true;
       gives(Error::ERR_INVALID_PARAMETER,
             UDPServer(engine).listen_descriptor(bound.number, of_client));
     }},
    {"UDPServer | ERR_UNAVAILABLE | listen",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       UDPServer server(engine);
       gives(Error::ERR_UNAVAILABLE, server.listen(accepted.server.get_local_port(), kHost));
       gives(Error::ERR_UNAVAILABLE, server.listen(0, kForeign));
       gives(Error::ERR_UNAVAILABLE, server.listen(0, kHost, {.socket = without_interface()}));
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, server.listen(0, kHost));
     }},
    {"UDPServer | ERR_CANT_CREATE | listen",
     [](const EnginePointer& engine) {
       UDPServer server(engine);
       {
         const NoDescriptors none;
         gives(Error::ERR_CANT_CREATE, server.listen(0, kHost));
       }
       gives(Error::OK, server.listen(0, kHost));
     }},
    {"UDPServer | ERR_UNAVAILABLE | listen_descriptor",
     [](const EnginePointer& engine) {
       Descriptor socket(SOCK_DGRAM, true);
       UDPServer server(engine);
       gives(Error::ERR_UNAVAILABLE,
             server.listen_descriptor(socket.number, {.socket = without_interface()}));
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, server.listen_descriptor(socket.number));
     }},
    {"UDPServer | ERR_UNAVAILABLE | get_packet",
     [](const EnginePointer& engine) {
       ReceivedPacket packet;
       gives(Error::ERR_UNAVAILABLE, Accepted(engine).server.get_packet(&packet));
     }},
    {"UDPServer | ERR_UNCONFIGURED | poll",
     [](const EnginePointer& engine) { gives(Error::ERR_UNCONFIGURED, UDPServer(engine).poll()); }},
    {"UDPServer | ERR_UNCONFIGURED | get_packet",
     [](const EnginePointer& engine) {
       ReceivedPacket packet;
       gives(Error::ERR_UNCONFIGURED, UDPServer(engine).get_packet(&packet));
     }},
    {"UDPServer | ERR_UNCONFIGURED | wait",
     [](const EnginePointer& engine) {
       gives(Error::ERR_UNCONFIGURED, UDPServer(engine).wait(milliseconds(0)));
     }},
    {"UDPServer | ERR_UNCONFIGURED | puts",
     [](const EnginePointer& engine) {
       UDPServer server(engine);
       gives(Error::ERR_UNCONFIGURED, server.put_packet_to(kHost, 9, kByte));
       gives(Error::ERR_UNCONFIGURED, server.answer({}, kByte));
       gives(Error::ERR_UNCONFIGURED, server.put_packet_to_all(kByte));
       gives(Error::ERR_UNCONFIGURED, server.put_var_to_all(1));
     }},
    {"UDPServer | FAILED | poll",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       engine->stop();
       gives(Error::FAILED, accepted.server.poll());
     }},
    {"UDPServer | FAILED | get_packet",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       engine->stop();
       ReceivedPacket packet;
       gives(Error::FAILED, accepted.server.get_packet(&packet));
     }},
    {"UDPServer | FAILED | wait",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       engine->stop();
       gives(Error::FAILED, accepted.server.wait(milliseconds(0)));
     }},
    {"UDPServer | ERR_TIMEOUT | wait",
     [](const EnginePointer& engine) {
       gives(Error::ERR_TIMEOUT, Accepted(engine).server.wait(milliseconds(5)));
     }},
    {"UDPServer | ERR_SKIP | wait",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       accepted.server.wake();
       gives(Error::ERR_SKIP, accepted.server.wait(milliseconds(-1)));
     }},
    {"UDPServer | ERR_BUSY | puts",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       UDPServer& server = accepted.server;
       const net::Endpoint to = accepted.peer->get_packet_endpoint();
       floods([&](const Bytes& packet) { return server.put_packet_to(to, packet); });
       EXPECT_EQ(engine->flush(), Error::OK);
       floods([&](const Bytes& packet) { return server.put_packet_to_all(packet); });
       EXPECT_EQ(engine->flush(), Error::OK);
       const std::string text(50000, 'a');
       floods([&](const Bytes& packet) {
         return server.put_var_to_all(packet.size() > 1 ? Variant(text) : Variant(1));
       });
     }},
    {"UDPServer | FAILED | puts",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       gives(Error::FAILED, accepted.server.put_packet_to(kHost, 9, kTooLarge));
       gives(Error::FAILED, accepted.server.put_packet_to_all(kTooLarge));
       engine->stop();
       gives(Error::FAILED, accepted.server.put_packet_to(kHost, 9, kByte));
       gives(Error::FAILED, accepted.server.put_packet_to_all(kByte));
     }},
    {"UDPServer | ERR_OUT_OF_MEMORY | put_var_to_all",
     [](const EnginePointer& engine) {
       Accepted accepted(engine);
       gives(Error::ERR_OUT_OF_MEMORY, accepted.server.put_var_to_all(nested(1025)));
       const std::string large(PacketPeer::kEncodeBufferDefaultSize, 'a');
       gives(Error::ERR_OUT_OF_MEMORY, accepted.server.put_var_to_all(large));
     }},
};

}  // namespace

ErrorCases udp_server_errors() { return kCases; }

}  // namespace ringpeer::docs
