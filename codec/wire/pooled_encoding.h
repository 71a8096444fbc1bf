#ifndef RINGPEER_CODEC_WIRE_POOLED_ENCODING_H_
#define RINGPEER_CODEC_WIRE_POOLED_ENCODING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/wire_format.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// An encoded Variant in a buffer of a pool, which takes the buffer back when this
// ends. Movable. Lifetime: must not outlive the pool.
class PooledEncoding {
 public:
  PooledEncoding() = default;
  // Nothing is left in what was moved from.
  PooledEncoding(PooledEncoding&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        lease_(std::move(other.lease_)),
        large_(std::move(other.large_)),
        size_(std::exchange(other.size_, 0)) {}
  PooledEncoding& operator=(PooledEncoding&& other) noexcept {
    PooledEncoding moved(std::move(other));
    std::swap(pool_, moved.pool_);
    std::swap(lease_, moved.lease_);
    std::swap(large_, moved.large_);
    std::swap(size_, moved.size_);
    return *this;
  }

  // Encodes in one walk over the value, as put_var does before it sends: into a buffer
  // large enough for whatever may be sent, so that nothing is walked twice and nothing
  // is copied. What was held before is given back.
  //
  // `encode_buffer_max_size` is PacketPeer's property: a power of two from 1024 on.
  // `largest_packet` is what can be sent at all; beyond a datagram's size the value is
  // walked a second time, into memory of the heap.
  // Threads: any, each with its own PooledEncoding; the pool is shared. Errors:
  //   ERR_OUT_OF_MEMORY  larger than encode_buffer_max_size, or nested too deeply
  //   FAILED             not larger than that, but larger than largest_packet: what
  //                      Godot's socket says to it
  //   others             as encode_variant
  // An error leaves no bytes.
  Error encode(EncodePool* pool, const Variant& value, std::size_t encode_buffer_max_size,
               const EncodeOptions& options = {},
               std::size_t largest_packet = kMaximumDatagramSize);

  // Moves the bytes into the smallest buffer that holds them, for who keeps them longer
  // than a call: a queue of small packets must not pin the large buffers.
  void shrink();

  std::span<const std::uint8_t> bytes() const {
    return {large_ != nullptr ? large_.get() : lease_.data(), size_};
  }
  std::size_t capacity() const { return lease_.size(); }

  void reset() {
    lease_.reset();
    large_.reset();
    size_ = 0;
  }

 private:
  EncodePool* pool_ = nullptr;
  EncodePool::Lease lease_;
  std::unique_ptr<std::uint8_t[]> large_;  // what no buffer of the pool holds
  std::size_t size_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_WIRE_POOLED_ENCODING_H_
