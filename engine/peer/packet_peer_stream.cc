#include "ringpeer/packet_peer_stream.h"

#include <bit>
#include <cstring>
#include <optional>
#include <utility>

namespace ringpeer {
namespace {

std::size_t buffer_size_for(int size) {
  return std::bit_ceil(static_cast<std::size_t>(size) + PacketPeerStream::kLengthSize);
}

bool is_acceptable(int size) {
  return size >= 0 && size <= PacketPeerStream::kLargestBufferSize - PacketPeerStream::kLengthSize;
}

void append_length(std::vector<std::uint8_t>* bytes, std::size_t length) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes->push_back(static_cast<std::uint8_t>(length >> shift));
  }
}

}  // namespace

PacketPeerStream::PacketPeerStream(std::shared_ptr<StreamPeer> stream)
    : stream_(std::move(stream)), input_(kDefaultBufferSize) {}

void PacketPeerStream::set_stream_peer(std::shared_ptr<StreamPeer> stream) {
  stream_ = std::move(stream);
  input_begin_ = input_end_ = counted_ = 0;
  complete_ = 0;
  stuck_ = false;
  output_.clear();
  output_sent_ = 0;
}

int PacketPeerStream::get_input_buffer_max_size() const {
  return static_cast<int>(input_.size()) - kLengthSize;
}

void PacketPeerStream::set_input_buffer_max_size(int size) {
  if (!is_acceptable(size) || input_begin_ != input_end_) return;
  input_.assign(buffer_size_for(size), 0);
  input_.shrink_to_fit();
  input_begin_ = input_end_ = counted_ = 0;
}

int PacketPeerStream::get_output_buffer_max_size() const {
  return static_cast<int>(output_capacity_) - kLengthSize;
}

void PacketPeerStream::set_output_buffer_max_size(int size) {
  if (is_acceptable(size)) output_capacity_ = buffer_size_for(size);
}

Error PacketPeerStream::poll() {
  if (stream_ == nullptr) return Error::ERR_UNCONFIGURED;
  const Error sent = flush();
  const Error received = fill();
  return sent != Error::OK ? sent : received;
}

Error PacketPeerStream::flush() {
  while (output_sent_ < output_.size()) {
    std::size_t written = 0;
    const Error error =
        stream_->put_partial_data(std::span(output_).subspan(output_sent_), &written);
    if (error != Error::OK) return error;
    if (written == 0) return Error::OK;
    output_sent_ += written;
  }
  output_.clear();
  output_sent_ = 0;
  return Error::OK;
}

// Reads until the stream or the room is at its end.
Error PacketPeerStream::fill() {
  if (input_begin_ > 0) {
    std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
    input_end_ -= input_begin_;
    counted_ -= input_begin_;
    input_begin_ = 0;
  }
  Error error = Error::OK;
  while (input_end_ < input_.size()) {
    std::size_t received = 0;
    error = stream_->get_partial_data(std::span(input_).subspan(input_end_), &received);
    if (error != Error::OK || received == 0) break;
    input_end_ += received;
  }
  count_packets();
  // What came before the end of the stream is still to be had.
  return complete_ > 0 ? Error::OK : error;
}

void PacketPeerStream::count_packets() {
  while (input_end_ - counted_ >= kLengthSize) {
    const std::size_t length = length_at(counted_);
    if (length > input_.size() - kLengthSize) {
      stuck_ = true;
      return;
    }
    if (input_end_ - counted_ < kLengthSize + length) return;
    counted_ += kLengthSize + length;
    ++complete_;
  }
}

std::uint32_t PacketPeerStream::length_at(std::size_t offset) const {
  std::uint32_t length = 0;
  for (unsigned i = 0; i < kLengthSize; ++i) {
    length |= static_cast<std::uint32_t>(input_[offset + i]) << 8 * i;
  }
  return length;
}

int PacketPeerStream::get_available_packet_count() const {
  // Godot's signature is const; reading the stream is not.
  auto* self = const_cast<PacketPeerStream*>(this);
  self->poll();
  return complete_ == 0 && stuck_ ? -1 : complete_;
}

Error PacketPeerStream::take_packet(std::span<const std::uint8_t>* packet) {
  if (stream_ == nullptr) return Error::ERR_UNCONFIGURED;
  if (complete_ == 0) {
    if (const Error error = poll(); error != Error::OK) return error;
  }
  if (complete_ == 0) return Error::ERR_UNAVAILABLE;
  const std::size_t length = length_at(input_begin_);
  const auto begin = input_.begin() + static_cast<std::ptrdiff_t>(input_begin_) + kLengthSize;
  packet_.assign(begin, begin + static_cast<std::ptrdiff_t>(length));
  input_begin_ += kLengthSize + length;
  --complete_;
  *packet = packet_;
  return Error::OK;
}

Error PacketPeerStream::send_packet(std::span<const std::uint8_t> packet) {
  if (const Error error = poll(); error != Error::OK) return error;
  if (packet.size() > largest_packet()) return Error::ERR_INVALID_PARAMETER;
  const std::size_t size = kLengthSize + packet.size();
  if (get_pending_output() + size > output_capacity_) return Error::ERR_BUSY;
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(output_sent_));
  output_sent_ = 0;
  append_length(&output_, packet.size());
  output_.insert(output_.end(), packet.begin(), packet.end());
  return flush();
}

std::size_t PacketPeerStream::largest_packet() const { return output_capacity_ - kLengthSize; }

Error PacketPeerStream::oversized_packet_error() const {
  return stream_ == nullptr ? Error::ERR_UNCONFIGURED : Error::ERR_INVALID_PARAMETER;
}

}  // namespace ringpeer
