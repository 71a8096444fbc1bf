#ifndef RINGPEER_ENGINE_STREAM_PACKET_PEER_STREAM_H_
#define RINGPEER_ENGINE_STREAM_PACKET_PEER_STREAM_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/engine/peer/loop_bound.h"
#include "ringpeer/engine/stream/byte_ring.h"
#include "ringpeer/packet_peer.h"
#include "ringpeer/stream_peer.h"

namespace ringpeer {

// Godot's PacketPeerStream: packets over a stream of bytes, each behind its length (32
// bits, little-endian). Talks to Godot's own, and to StreamPeer.put_var.
//
// Nothing blocks: what the stream does not take at once waits in the output buffer and
// goes with the next call of any kind; a packet that has no room behind it is ERR_BUSY. A
// packet costs the same however much waits. A stream that makes a new connection
// (connection_number) starts clean, both ways: what is buffered is discarded.
//
// Threads: one at a time, put_packet and put_var included.
// Lifetime: shares its stream. While a function of the stream runs, this peer's calls are
// ERR_LOCKED, its setters change nothing, and it must not be destroyed.
class PacketPeerStream final : public PacketPeer {
 public:
  static constexpr int kDefaultBufferSize = 1 << 16;  // Godot's max_buffer_po2 of 16
  static constexpr int kLengthSize = 4;               // in front of each packet
  // As the largest encode buffer: a length that is beyond it is nobody's packet.
  static constexpr int kLargestBufferSize = 256 << 20;

  explicit PacketPeerStream(std::shared_ptr<StreamPeer> stream = nullptr);

  // What is buffered in both directions is discarded.
  void set_stream_peer(std::shared_ptr<StreamPeer> stream);
  const std::shared_ptr<StreamPeer>& get_stream_peer() const { return stream_; }

  // The largest packet to receive and to send. Setting rounds size + 4 up to a power of
  // two. A negative size, one beyond 256 MiB and, for the input, any size while packets
  // wait are rejected: the value stays.
  int get_input_buffer_max_size() const;
  void set_input_buffer_max_size(int size);
  int get_output_buffer_max_size() const;
  void set_output_buffer_max_size(int size);

  // Reads what has come and sends what waits, as every get, put and count does; a get that
  // finds a packet only sends. ERR_UNCONFIGURED without a stream; the stream's error.
  //
  // How the stream ended (ERR_FILE_EOF, or another error of it) is told once all packets
  // that came before have been taken, and then by each poll and get; a put is refused with
  // it at once. What waited in the output buffer is dropped when it can never go: the next
  // call that gives an error tells it, once.
  Error poll();

  // Bytes that the stream has not taken yet.
  std::size_t get_pending_output() const { return output_.size(); }

  // Complete packets; 0 without a stream. 0 once, too, when the input buffer's size, or more if
  // more had come by then, was given since the last "nothing" or poll(): a loop ends however fast
  // the other side sends. get_packet and get_var answer ERR_UNAVAILABLE in the same way. -1 when
  // the next packet is larger than the input buffer: nothing behind it can ever be received.
  //
  // All: ERR_OUT_OF_MEMORY when there is none for a buffer; nothing is lost.
  // get_packet: ERR_UNCONFIGURED without a stream, ERR_UNAVAILABLE when none is complete.
  // put_packet: ERR_UNCONFIGURED, the stream's error, ERR_INVALID_PARAMETER when larger
  // than get_output_buffer_max_size(), ERR_BUSY. After an error, or an exception of the
  // stream, the packet is not sent, so that it may be put again.
  int get_available_packet_count() const override;
  int get_max_packet_size() const override { return get_output_buffer_max_size(); }

 private:
  Error take_packet(std::span<const std::uint8_t>* packet) override;
  Error send_packet(std::span<const std::uint8_t> packet) override;
  std::size_t largest_packet() const override;
  Error oversized_packet_error() const override;

  void start_over();
  Error prepare();
  Error exchange();
  Error take_error();
  void begin_look();
  bool ends_loop();
  Error say_nothing();
  void flush();
  Error send_appended(std::size_t size);
  void fill();
  void count_packets();
  std::uint32_t length_at(std::size_t offset) const;

  std::shared_ptr<StreamPeer> stream_;
  std::uint64_t connection_ = 0;  // of the stream, which the rest belongs to
  bool in_stream_ = false;        // a function of the stream is being called
  ByteRing input_;
  std::size_t input_capacity_ = kDefaultBufferSize;
  // Of input_'s bytes those that are whole packets, and how many packets that is.
  std::size_t whole_ = 0;
  int complete_ = 0;
  bool stuck_ = false;
  internal::LoopBound bound_;
  std::uint64_t ticks_ = 0;           // that poll() has begun
  bool is_loop_begun_ = false;        // most_of_loop_ is known
  std::size_t most_of_loop_ = 0;      // bytes
  std::uint64_t read_at_us_ = 0;      // when something came last
  Error input_error_ = Error::OK;     // what the stream said last
  std::vector<std::uint8_t> packet_;  // what the last get gave
  ByteRing output_;
  std::size_t output_capacity_ = kDefaultBufferSize;
  Error output_error_ = Error::OK;  // why what waited was dropped; until it is told
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STREAM_PACKET_PEER_STREAM_H_
