#include "ringpeer/packet_peer.h"

#include <bit>
#include <new>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/pooled_encoding.h"

namespace ringpeer {

std::vector<std::uint8_t> PacketPeer::get_packet() {
  std::span<const std::uint8_t> packet;
  last_get_error_ = take_packet_briefly(&packet);
  if (last_get_error_ != Error::OK) return {};
  RINGPEER_TRY { return {packet.begin(), packet.end()}; }
  RINGPEER_CATCH(const std::bad_alloc&) {
    last_get_error_ = Error::ERR_OUT_OF_MEMORY;
    return {};
  }
}

Error PacketPeer::get_packet(std::span<const std::uint8_t>* packet) {
  const Error error = take_packet(packet);
  if (error != Error::OK) *packet = {};
  return error;
}

Variant PacketPeer::get_var(bool allow_objects) {
  Variant value;
  if (get_var(&value, allow_objects) != Error::OK) return {};
  return value;
}

Error PacketPeer::get_var(Variant* value, bool allow_objects) {
  *value = Variant();
  std::span<const std::uint8_t> packet;
  if (const Error error = take_packet_briefly(&packet); error != Error::OK) return error;
  DecodeOptions options;
  options.allow_objects = allow_objects;
  options.limits = DecodeLimits::for_size(packet.size());
  return decode_variant(packet, value, nullptr, options);
}

Error PacketPeer::put_packet(std::span<const std::uint8_t> packet) {
  // Before any other check, as in Godot: not even the destination is looked at.
  if (packet.empty()) return Error::OK;
  return send_packet(packet);
}

Error PacketPeer::put_var(const Variant& value, bool full_objects) {
  PooledEncoding encoding;
  EncodeOptions options;
  options.full_objects = full_objects;
  Error error = Error::ERR_OUT_OF_MEMORY;
  RINGPEER_TRY {
    error = encoding.encode(&encode_pool(), value,
                            static_cast<std::size_t>(get_encode_buffer_max_size()), options,
                            largest_packet());
  }
  RINGPEER_CATCH(const std::bad_alloc&) {}
  if (error == Error::FAILED) return oversized_packet_error();
  if (error != Error::OK) return error;
  return send_packet(encoding.bytes());
}

EncodePool& PacketPeer::encode_pool() {
  // Never destroyed: peers may outlive every static.
  static auto* const pool = new EncodePool;
  return *pool;
}

void PacketPeer::set_encode_buffer_max_size(std::int64_t bytes) {
  if (bytes < kEncodeBufferSmallestMaximum || bytes > kEncodeBufferLargestMaximum) return;
  encode_buffer_max_size_.store(
      static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(bytes))),
      std::memory_order_relaxed);
}

}  // namespace ringpeer
