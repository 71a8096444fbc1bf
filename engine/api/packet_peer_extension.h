#ifndef RINGPEER_ENGINE_API_PACKET_PEER_EXTENSION_H_
#define RINGPEER_ENGINE_API_PACKET_PEER_EXTENSION_H_

#include "ringpeer/codec/base/language.h"

#include <cstdint>
#include <span>

#include "ringpeer/packet_peer.h"

namespace ringpeer {

// Godot's PacketPeerExtension: a packet peer over a transport of your own. Derive, say
// how one packet is taken and sent, and get_packet, get_var, put_packet, put_var,
// get_packet_error and encode_buffer_max_size come from PacketPeer. Godot's virtuals
// _get_packet, _put_packet and so on are the do_ ones here, and none may be missing.
//
// Threads: get_* and the count from one consumer thread at a time; put_* from as many as
// do_put_packet allows.
// Errors: what the do_ functions answer is passed on as it is.
class PacketPeerExtension : public PacketPeer {
 public:
  int get_available_packet_count() const final { return do_get_available_packet_count(); }
  int get_max_packet_size() const final { return do_get_max_packet_size(); }

 protected:
  // Takes the oldest packet: *packet must stay valid until the next call. When there is
  // none: ERR_UNAVAILABLE, as everywhere.
  virtual Error do_get_packet(std::span<const std::uint8_t>* packet) = 0;

  // Sends a packet, which is never empty.
  virtual Error do_put_packet(std::span<const std::uint8_t> packet) = 0;

  // -1 when the peer cannot receive.
  virtual int do_get_available_packet_count() const = 0;

  // What put_packet takes, in bytes. Put_var compares nothing with it, as in Godot:
  // do_put_packet is asked.
  virtual int do_get_max_packet_size() const = 0;

 private:
  Error take_packet(std::span<const std::uint8_t>* packet) final { return do_get_packet(packet); }
  Error send_packet(std::span<const std::uint8_t> packet) final { return do_put_packet(packet); }
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_API_PACKET_PEER_EXTENSION_H_
