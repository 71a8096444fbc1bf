#ifndef RINGPEER_ENGINE_STREAM_BYTE_RING_H_
#define RINGPEER_ENGINE_STREAM_BYTE_RING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ringpeer {

// A bounded queue of bytes. Each call costs what it moves, however many bytes wait.
//
// Threads: one.
class ByteRing {
 public:
  // Room for `capacity` bytes in all, a power of two; what waits is kept, and a ring that
  // holds something never shrinks. False when there is no memory: nothing has changed.
  // Costs nothing when the ring is as large already.
  bool reserve(std::size_t capacity);

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t room() const { return capacity_ - size(); }

  // The next free bytes, as far as they lie together; empty when there is no room.
  std::span<std::uint8_t> free_run();
  // The first `count` bytes of free_run() have been written.
  void push(std::size_t count);
  // All of `bytes`, for which there must be room.
  void append(std::span<const std::uint8_t> bytes);

  // The oldest bytes, as far as they lie together.
  std::span<const std::uint8_t> front_run() const;
  // Copies the bytes from `offset` behind the oldest on.
  void copy(std::size_t offset, std::span<std::uint8_t> to) const;

  void drop_front(std::size_t count);
  void drop_back(std::size_t count);
  void clear() { begin_ = end_ = 0; }

 private:
  std::size_t index(std::size_t position) const { return position & (capacity_ - 1); }
  // An empty ring starts at its beginning: so little of it is touched, and what comes
  // next lies together.
  void rewind_if_empty() {
    if (empty()) clear();
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // both only grow while bytes wait
  std::size_t end_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STREAM_BYTE_RING_H_
