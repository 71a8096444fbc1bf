#ifndef RINGPEER_ENGINE_STREAM_STREAM_PEER_H_
#define RINGPEER_ENGINE_STREAM_STREAM_PEER_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/codec/base/error.h"

namespace ringpeer {

// Godot's StreamPeer, as far as PacketPeerStream needs it: bytes in order, without
// boundaries. Nothing here blocks.
//
// Threads: one at a time.
class StreamPeer {
 public:
  virtual ~StreamPeer() = default;
  StreamPeer(const StreamPeer&) = delete;
  StreamPeer& operator=(const StreamPeer&) = delete;

  // Writes as much as goes without waiting; *written says how much, also 0 with OK when
  // the stream is full. An error means that no byte will ever go again; an exception, that
  // this call has taken none.
  virtual Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) = 0;

  // Reads what is there, at most the buffer's size; 0 with OK when there is nothing. An
  // error means that no byte will ever come again: ERR_FILE_EOF at the end of the stream.
  virtual Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) = 0;

  // Bytes that have come and can be got. What says 0 here although there are some may have a loop
  // of PacketPeerStream end once a full input buffer was taken.
  virtual std::size_t get_available_bytes() const { return 0; }

  // Another number for each connection that the stream makes, one after another: its bytes
  // have nothing to do with those before. Never changes within the functions above. A stream
  // that is always the same need not say.
  virtual std::uint64_t connection_number() const { return 0; }

 protected:
  StreamPeer() = default;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STREAM_STREAM_PEER_H_
