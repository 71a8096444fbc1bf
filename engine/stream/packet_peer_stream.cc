#include "ringpeer/packet_peer_stream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <chrono>
#include <new>
#include <utility>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer {
namespace {

std::size_t buffer_size_for(int size) {
  return std::bit_ceil(static_cast<std::size_t>(size) + PacketPeerStream::kLengthSize);
}

bool is_acceptable(int size) {
  return size >= 0 && size <= PacketPeerStream::kLargestBufferSize - PacketPeerStream::kLengthSize;
}

using Length = std::array<std::uint8_t, PacketPeerStream::kLengthSize>;

Length encode_length(std::size_t length) {
  Length bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(length >> 8 * i);
  }
  return bytes;
}

std::uint32_t decode_length(const Length& bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) length |= std::uint32_t{bytes[i]} << 8 * i;
  return length;
}

std::uint64_t now_us() {
  const auto now = base::Clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// Sets a flag for as long as it lives, exceptions included.
class Raised {
 public:
  explicit Raised(bool* flag) : flag_(flag) { *flag_ = true; }
  ~Raised() { *flag_ = false; }
  Raised(const Raised&) = delete;
  Raised& operator=(const Raised&) = delete;

 private:
  bool* flag_;
};

}  // namespace

PacketPeerStream::PacketPeerStream(std::shared_ptr<StreamPeer> stream)
    : stream_(std::move(stream)) {
  start_over();
}

void PacketPeerStream::set_stream_peer(std::shared_ptr<StreamPeer> stream) {
  if (in_stream_) return;
  stream_ = std::move(stream);
  start_over();
}

// Nothing that was buffered, nor how it ended, belongs to the stream's new connection.
void PacketPeerStream::start_over() {
  connection_ = stream_ != nullptr ? stream_->connection_number() : 0;
  input_.clear();
  output_.clear();
  whole_ = 0;
  complete_ = 0;
  stuck_ = false;
  is_loop_begun_ = false;
  bound_.begin_again();
  input_error_ = Error::OK;
  output_error_ = Error::OK;
}

int PacketPeerStream::get_input_buffer_max_size() const {
  return static_cast<int>(input_capacity_) - kLengthSize;
}

void PacketPeerStream::set_input_buffer_max_size(int size) {
  if (!is_acceptable(size) || !input_.empty() || in_stream_) return;
  input_capacity_ = buffer_size_for(size);
}

int PacketPeerStream::get_output_buffer_max_size() const {
  return static_cast<int>(output_capacity_) - kLengthSize;
}

void PacketPeerStream::set_output_buffer_max_size(int size) {
  if (is_acceptable(size) && !in_stream_) output_capacity_ = buffer_size_for(size);
}

Error PacketPeerStream::poll() {
  if (const Error error = exchange(); error != Error::OK) return error;
  ++ticks_;
  is_loop_begun_ = false;
  return take_error();
}

// What every call looks at first. The stream's own functions get nothing done here: the
// buffers that they are given must stay as they are.
Error PacketPeerStream::prepare() {
  if (stream_ == nullptr) return Error::ERR_UNCONFIGURED;
  if (in_stream_) return Error::ERR_LOCKED;
  if (stream_->connection_number() != connection_) start_over();
  return Error::OK;
}

// Reads what has come and writes what waits; how that went is for take_error(). Reading goes
// first: a stream that fails to write may be closed by that.
Error PacketPeerStream::exchange() {
  if (const Error error = prepare(); error != Error::OK) return error;
  if (!input_.reserve(input_capacity_)) return Error::ERR_OUT_OF_MEMORY;
  fill();
  flush();
  return Error::OK;
}

// A loss is told once; the end of the stream by every call, once all packets are taken.
Error PacketPeerStream::take_error() {
  const Error lost = std::exchange(output_error_, Error::OK);
  if (lost != Error::OK) return lost;
  return complete_ > 0 ? Error::OK : input_error_;
}

// Writes until the stream takes no more. Behind an error nothing will ever go: what is left
// is dropped.
void PacketPeerStream::flush() {
  const Raised in_stream(&in_stream_);
  while (!output_.empty()) {
    const std::span<const std::uint8_t> run = output_.front_run();
    std::size_t written = 0;
    const Error error = stream_->put_partial_data(run, &written);
    output_.drop_front(std::min(written, run.size()));
    if (error == Error::OK && written > 0) continue;
    if (error != Error::OK && !output_.empty()) {
      output_.clear();
      output_error_ = error;
    }
    return;
  }
}

// Reads until the stream or the room is at its end.
void PacketPeerStream::fill() {
  const Raised in_stream(&in_stream_);
  while (input_.room() > 0) {
    const std::span<std::uint8_t> run = input_.free_run();
    std::size_t received = 0;
    const Error error = stream_->get_partial_data(run, &received);
    input_.push(std::min(received, run.size()));
    if (received > 0) read_at_us_ = now_us();
    // The first error is how the stream ended; what it says later is that it has.
    if (error == Error::OK || input_error_ == Error::OK) input_error_ = error;
    if (error != Error::OK || received == 0) break;
  }
  count_packets();
  // The rest of a packet that was begun does not come any more.
  if (input_error_ != Error::OK) {
    input_.drop_back(input_.size() - whole_);
    stuck_ = false;
  }
}

void PacketPeerStream::count_packets() {
  while (input_.size() - whole_ >= kLengthSize) {
    const std::size_t length = length_at(whole_);
    if (length > input_capacity_ - kLengthSize) {
      stuck_ = true;
      return;
    }
    if (input_.size() - whole_ < kLengthSize + length) return;
    whole_ += kLengthSize + length;
    ++complete_;
  }
}

std::uint32_t PacketPeerStream::length_at(std::size_t offset) const {
  Length bytes;
  input_.copy(offset, bytes);
  return decode_length(bytes);
}

int PacketPeerStream::get_available_packet_count() const {
  // Godot's signature is const; reading the stream is not.
  auto* self = const_cast<PacketPeerStream*>(this);
  const Error error = self->exchange();
  if (complete_ == 0 && stuck_) return -1;
  if (error != Error::OK) return complete_;
  self->begin_look();
  if (self->ends_loop()) return 0;
  self->bound_.promise(static_cast<std::uint64_t>(complete_));
  if (complete_ == 0) self->is_loop_begun_ = false;
  return complete_;
}

// A loop gets what had come when it began, and a full input buffer at least.
void PacketPeerStream::begin_look() {
  bound_.begin_look(ticks_);
  if (is_loop_begun_ || complete_ == 0) return;
  most_of_loop_ = input_capacity_;
  if (input_.room() == 0) {  // else all that had come was read
    const Raised in_stream(&in_stream_);
    most_of_loop_ += stream_->get_available_bytes();
  }
  is_loop_begun_ = true;
}

// What is left of a stream that has ended is no flood.
bool PacketPeerStream::ends_loop() {
  const bool ends = complete_ > 0 && input_error_ == Error::OK &&
                    bound_.ends_loop(kLengthSize + length_at(0), most_of_loop_);
  if (ends) is_loop_begun_ = false;
  return ends;
}

Error PacketPeerStream::say_nothing() {
  if (complete_ == 0) {
    bound_.begin_again();
    is_loop_begun_ = false;
  }
  const Error error = take_error();
  return error != Error::OK ? error : Error::ERR_UNAVAILABLE;
}

Error PacketPeerStream::take_packet(std::span<const std::uint8_t>* packet) {
  if (const Error error = prepare(); error != Error::OK) return error;
  if (complete_ == 0 || !output_.empty()) {
    if (const Error error = exchange(); error != Error::OK) return error;
  }
  begin_look();
  if (complete_ == 0 || (!bound_.is_promised() && ends_loop())) return say_nothing();
  const std::size_t length = length_at(0);
  assert(kLengthSize + length <= whole_ && whole_ <= input_.size());
  RINGPEER_TRY { packet_.resize(length); }
  RINGPEER_CATCH(const std::bad_alloc&) {
    return Error::ERR_OUT_OF_MEMORY;  // the packet still waits
  }
  input_.copy(kLengthSize, packet_);
  input_.drop_front(kLengthSize + length);
  whole_ -= kLengthSize + length;
  --complete_;
  bound_.count_given(kLengthSize + length, read_at_us_);
  *packet = packet_;
  return Error::OK;
}

Error PacketPeerStream::send_packet(std::span<const std::uint8_t> packet) {
  if (const Error error = exchange(); error != Error::OK) return error;
  if (const Error error = take_error(); error != Error::OK) return error;
  // Packets that still wait do not make an ended stream take more.
  if (input_error_ != Error::OK) return input_error_;
  if (packet.size() > largest_packet()) return Error::ERR_INVALID_PARAMETER;
  const std::size_t size = kLengthSize + packet.size();
  if (get_pending_output() + size > output_capacity_) return Error::ERR_BUSY;
  if (!output_.reserve(output_capacity_)) return Error::ERR_OUT_OF_MEMORY;
  output_.append(encode_length(packet.size()));
  output_.append(packet);
  return send_appended(size);
}

// Sends what waits, of which the last `size` bytes are a packet that was put just now: it is
// either accepted, or none of it ever goes.
Error PacketPeerStream::send_appended(std::size_t size) {
  RINGPEER_TRY { flush(); }
  RINGPEER_CATCH(...) {
    // The stream has the packet's beginning, so it must get the rest: with the next call.
    if (output_.size() < size) return Error::OK;
    output_.drop_back(size);
    RINGPEER_RETHROW;
  }
  return std::exchange(output_error_, Error::OK);
}

std::size_t PacketPeerStream::largest_packet() const { return output_capacity_ - kLengthSize; }

Error PacketPeerStream::oversized_packet_error() const {
  return stream_ == nullptr ? Error::ERR_UNCONFIGURED : Error::ERR_INVALID_PARAMETER;
}

}  // namespace ringpeer
