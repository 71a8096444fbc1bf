#ifndef RINGPEER_ENGINE_STREAM_STREAM_PEER_BUFFER_H_
#define RINGPEER_ENGINE_STREAM_STREAM_PEER_BUFFER_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ringpeer/stream_peer.h"

namespace ringpeer {

// Godot's StreamPeerBuffer: a stream in memory with one position for reading and
// writing. For tests, and for packets in files.
//
// Threads: one at a time. Errors: ERR_INVALID_PARAMETER of a bad seek, ERR_OUT_OF_MEMORY
// of a put, which then has written nothing.
class StreamPeerBuffer final : public StreamPeer {
 public:
  StreamPeerBuffer() = default;
  explicit StreamPeerBuffer(std::vector<std::uint8_t> data) : data_(std::move(data)) {}

  // Overwrites from the position on and grows the data as needed. `data` may be a part of
  // get_data_array().
  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override;
  // 0 bytes at the end: more may be written later.
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override;

  std::size_t get_position() const { return position_; }
  Error seek(std::size_t position);
  std::size_t get_size() const { return data_.size(); }
  std::size_t get_available_bytes() const override { return data_.size() - position_; }
  const std::vector<std::uint8_t>& get_data_array() const { return data_; }
  // Starts at its beginning.
  void set_data_array(std::vector<std::uint8_t> data);
  void clear() { set_data_array({}); }

 private:
  std::optional<std::size_t> offset_in_data(std::span<const std::uint8_t> data) const;

  std::vector<std::uint8_t> data_;
  std::size_t position_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STREAM_STREAM_PEER_BUFFER_H_
