#include "ringpeer/stream_peer_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ringpeer {

Error StreamPeerBuffer::put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) {
  if (data_.size() < position_ + data.size()) data_.resize(position_ + data.size());
  if (!data.empty()) std::memcpy(data_.data() + position_, data.data(), data.size());
  position_ += data.size();
  *written = data.size();
  return Error::OK;
}

Error StreamPeerBuffer::get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) {
  *received = std::min(buffer.size(), get_available_bytes());
  if (*received > 0) std::memcpy(buffer.data(), data_.data() + position_, *received);
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
