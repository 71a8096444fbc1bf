#include "ringpeer/codec/wire/pooled_encoding.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ringpeer/codec/wire/encode.h"

namespace ringpeer {

Error PooledEncoding::encode(EncodePool* pool, const Variant& value,
                             std::size_t encode_buffer_max_size, const EncodeOptions& options,
                             std::size_t largest_packet) {
  const std::size_t wanted = std::min(encode_buffer_max_size, EncodePool::kMaxBuffer);
  // A buffer of the right class is used again and again by who encodes in a loop.
  if (pool_ != pool || lease_.size() < wanted || lease_.size() / 2 >= wanted) {
    reset();
    pool_ = pool;
    lease_ = pool->lease(wanted);
  }
  size_ = 0;
  large_.reset();
  std::size_t size = 0;
  Error error = encode_variant(value, lease_.bytes(), &size, options);
  // The encoder's own errors come before the size, as in Godot.
  if (error == Error::OK && size > encode_buffer_max_size) error = Error::ERR_OUT_OF_MEMORY;
  if (error == Error::OK && size > largest_packet) error = Error::FAILED;
  if (error != Error::OK) {
    reset();
    return error;
  }
  size_ = size;
  if (size <= lease_.size()) return Error::OK;
  large_.reset(new std::uint8_t[size]);
  return encode_variant(value, {large_.get(), size}, &size, options);
}

void PooledEncoding::shrink() {
  if (!lease_ || large_ != nullptr || size_ > lease_.size() / 2 ||
      lease_.size() == EncodePool::kSmallestBuffer)
    return;
  EncodePool::Lease smaller = pool_->lease(size_);
  std::memcpy(smaller.data(), lease_.data(), size_);
  lease_ = std::move(smaller);
}

}  // namespace ringpeer
