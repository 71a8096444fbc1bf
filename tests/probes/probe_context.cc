#include "ringpeer/tests/probes/probe_context.h"

#include <algorithm>
#include <cstring>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::probes {
namespace {

// Packets that any socket buffer holds: the default one keeps 92 of the largest that the
// probes send in rows.
constexpr int kPacketsAtOnce = 64;

constexpr std::size_t kNumberSize = sizeof(std::uint32_t);

}  // namespace

Bytes filled_bytes(std::size_t size, std::uint8_t fill) { return Bytes(size, fill); }

Bytes numbered(std::uint32_t number, std::size_t size) {
  Bytes packet(std::max(size, kNumberSize));
  std::memcpy(packet.data(), &number, kNumberSize);
  return packet;
}

std::uint32_t number_of(const Bytes& packet) {
  std::uint32_t number = 0;
  if (packet.size() >= kNumberSize) std::memcpy(&number, packet.data(), kNumberSize);
  return number;
}

int code(Error error) { return static_cast<int>(error); }

Json to_json(const Variant& value) {
  switch (value.type()) {
    case VariantType::NIL:
      return nullptr;
    case VariantType::BOOL:
      return value.as_bool();
    case VariantType::INT:
      return value.as_int();
    case VariantType::FLOAT:
      return value.as_float();
    case VariantType::DICTIONARY: {
      Json object = Json::object();
      for (const DictionaryEntry& entry : value.get<Dictionary>()) {
        object[std::string(entry.key.as_text())] = to_json(entry.value);
      }
      return object;
    }
    default:
      return std::string(value.is_text() ? value.as_text() : value.type_name());
  }
}

void ProbeContext::let_arrive() { (void)engine_->sync(); }

Peer ProbeContext::bound(int receive_buffer_size, std::string_view address) {
  Peer result = peer();
  (void)result->bind(0, address, receive_buffer_size);
  return result;
}

Peer ProbeContext::to(int port, std::string_view address) {
  Peer result = peer();
  (void)result->set_dest_address(address, port);
  return result;
}

Peer ProbeContext::connected_to(int port) {
  Peer result = peer();
  (void)result->connect_to_host(kLoopback, port);
  return result;
}

Server ProbeContext::server() {
  auto result = std::make_shared<UDPServer>(engine_);
  result->set_automatic_poll(false);
  return result;
}

int ProbeContext::available(const Peer& peer) {
  let_arrive();
  return peer->get_available_packet_count();
}

Bytes ProbeContext::get(const Peer& peer) {
  let_arrive();
  return peer->get_packet();
}

Variant ProbeContext::get_var(const Peer& peer, bool allow_objects) {
  let_arrive();
  return peer->get_var(allow_objects);
}

void ProbeContext::poll(const Server& server) {
  let_arrive();
  (void)server->poll();
}

void ProbeContext::empty(const Peer& peer) {
  while (available(peer) > 0) peer->get_packet();
}

Json ProbeContext::state(const Peer& peer) {
  return {{"is_bound", peer->is_bound()},
          {"is_socket_connected", peer->is_socket_connected()},
          {"local_port_set", peer->get_local_port() > 0},
          {"available", available(peer)},
          {"packet_ip", peer->get_packet_ip()},
          {"packet_port_set", peer->get_packet_port() > 0}};
}

void ProbeContext::send_empty(int port) {
  net::Socket socket;
  if (socket.open(net::SocketFamily::kIpv4) != 0) return;
  net::Endpoint target;
  target.address = *net::IpAddress::parse(kLoopback);
  target.port = static_cast<std::uint16_t>(port);
  socket.send_to({}, net::to_socket_address(target, socket.family()));
}

int ProbeContext::fill(const Peer& receiver, const Peer& sender, int packets, std::size_t size) {
  for (int i = 0; i < packets; ++i) {
    (void)sender->put_packet(numbered(static_cast<std::uint32_t>(i), size));
    if (i % kPacketsAtOnce == 0) let_arrive();
  }
  return available(receiver);
}

}  // namespace ringpeer::probes
