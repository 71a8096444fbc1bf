#include "ringpeer/stream_peer_buffer.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer {

Error StreamPeerBuffer::put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) {
  *written = 0;
  // The bytes may be this stream's own, which growing moves to another place.
  const std::optional<std::size_t> own = offset_in_data(data);
  RINGPEER_TRY {
    if (data_.size() < position_ + data.size()) data_.resize(position_ + data.size());
  }
  RINGPEER_CATCH(const std::bad_alloc&) { return Error::ERR_OUT_OF_MEMORY; }
  const std::uint8_t* source = own.has_value() ? data_.data() + *own : data.data();
  if (!data.empty()) std::memmove(data_.data() + position_, source, data.size());
  position_ += data.size();
  *written = data.size();
  return Error::OK;
}

// Where `data` begins within this stream's bytes, if it does.
std::optional<std::size_t> StreamPeerBuffer::offset_in_data(
    std::span<const std::uint8_t> data) const {
  const std::less<> before;  // unlike <, defined for pointers into different arrays
  const std::uint8_t* begin = data_.data();
  if (before(data.data(), begin) || !before(data.data(), begin + data_.size())) return std::nullopt;
  return static_cast<std::size_t>(data.data() - begin);
}

Error StreamPeerBuffer::get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) {
  *received = std::min(buffer.size(), get_available_bytes());
  if (*received > 0) std::memmove(buffer.data(), data_.data() + position_, *received);
  position_ += *received;
  return Error::OK;
}

Error StreamPeerBuffer::seek(std::size_t position) {
  if (position > data_.size()) return Error::ERR_INVALID_PARAMETER;
  position_ = position;
  return Error::OK;
}

void StreamPeerBuffer::set_data_array(std::vector<std::uint8_t> data) {
  data_ = std::move(data);
  position_ = 0;
}

}  // namespace ringpeer
