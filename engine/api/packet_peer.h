#ifndef RINGPEER_ENGINE_API_PACKET_PEER_H_
#define RINGPEER_ENGINE_API_PACKET_PEER_H_

#include "ringpeer/codec/base/language.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/encode_pool.h"

namespace ringpeer {

// Godot's PacketPeer: packets and Variants in and out. Source of the contract:
// Godot 4.6, core/io/packet_peer.cpp, and probes of a real 4.6.3.
//
// Threads: get_* and get_available_packet_count belong to one consumer thread at a
// time; put_packet and put_var may be called from any thread.
// Errors: Godot's Error values; nothing throws on the packet path. All calls that can give an error
// give ERR_OUT_OF_MEMORY where there is no memory, and may be called again.
class PacketPeer {
 public:
  static constexpr std::int64_t kEncodeBufferDefaultSize = std::int64_t{8} << 20;
  static constexpr std::int64_t kEncodeBufferSmallestMaximum = 1024;
  static constexpr std::int64_t kEncodeBufferLargestMaximum = std::int64_t{256} << 20;

  virtual ~PacketPeer() = default;
  PacketPeer(const PacketPeer&) = delete;
  PacketPeer& operator=(const PacketPeer&) = delete;

  // Packets that get_packet would give now; -1 when the peer cannot receive.
  virtual int get_available_packet_count() const = 0;

  // Takes the oldest packet. An empty array with get_packet_error() != OK when
  // there is none; an empty array with OK is an empty packet. Without memory for it the packet is
  // lost, as with get_var.
  std::vector<std::uint8_t> get_packet();

  // Takes the oldest packet without a copy: *packet stays valid until the next get of this
  // peer, or its end, whatever happens meanwhile: other peers' gets, close, the stop of a server
  // or engine. Empty on any error, which ends the view before, too.
  Error get_packet(std::span<const std::uint8_t>* packet);

  // The error of the last get_packet() (the owning form only, as in Godot).
  Error get_packet_error() const { return last_get_error_; }

  // Takes the oldest packet and decodes it; trailing bytes are ignored. Both forms
  // give Nil on any error, as in Godot; the second says which.
  Variant get_var(bool allow_objects = false);
  Error get_var(Variant* value, bool allow_objects = false);

  // Sends one packet. An empty one is OK and sends nothing, as in Godot.
  Error put_packet(std::span<const std::uint8_t> packet);

  // Encodes and sends. ERR_OUT_OF_MEMORY when the encoding is larger than
  // encode_buffer_max_size or nested too deeply.
  Error put_var(const Variant& value, bool full_objects = false);

  // Bytes; 1024 to 256 MiB, rounded up to a power of two. A size outside is
  // rejected: the value stays.
  std::int64_t get_encode_buffer_max_size() const {
    return encode_buffer_max_size_.load(std::memory_order_relaxed);
  }
  void set_encode_buffer_max_size(std::int64_t bytes);

  // Native only, not enforced: what fits a datagram without fragmentation.
  virtual int get_max_packet_size() const = 0;

 protected:
  PacketPeer() = default;

  // Where put_var encodes; shared by all threads.
  virtual EncodePool& encode_pool();

 private:
  virtual Error take_packet(std::span<const std::uint8_t>* packet) = 0;
  // The same for a caller who is done with the packet before any other call.
  virtual Error take_packet_briefly(std::span<const std::uint8_t>* packet) {
    return take_packet(packet);
  }
  virtual Error send_packet(std::span<const std::uint8_t> packet) = 0;
  // The largest packet that send_packet may take, and what it would answer to a larger
  // one: put_var then spares itself the encoding.
  virtual std::size_t largest_packet() const { return kEncodeBufferLargestMaximum; }
  virtual Error oversized_packet_error() const { return Error::FAILED; }
  Error last_get_error_ = Error::OK;
  std::atomic<std::int64_t> encode_buffer_max_size_{kEncodeBufferDefaultSize};
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_API_PACKET_PEER_H_
