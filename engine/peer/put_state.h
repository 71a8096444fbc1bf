#ifndef RINGPEER_ENGINE_PEER_PUT_STATE_H_
#define RINGPEER_ENGINE_PEER_PUT_STATE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::internal {

// Where the puts of a peer go: set by its consumer while any thread reads it. A reader gets
// what was set at one time, and waits for nobody: two are kept, of which a reader has to look
// again only when both were replaced meanwhile.
//
// Threads: set: one at a time. read, version: any.
class PutDestination {
 public:
  struct Value {
    net::Endpoint endpoint;
    bool connected = false;    // the socket is connected to it
    net::LocalAddress source;  // to leave from, if known
    friend bool operator==(const Value&, const Value&) = default;
  };

  // The number of times that it was set: 0 as long as there is no destination.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

  void set(const Value& value) {
    const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    begun_.store(next, std::memory_order_relaxed);
    Slot& slot = slots_[next % slots_.size()];
    // Whoever reads a part of these knows that they are being replaced.
    store(slot.endpoint, value.endpoint);
    store(slot.source, value.source);
    slot.flags.store((value.connected ? kConnected : 0) | (value.source.is_known() ? kSource : 0),
                     std::memory_order_release);
    version_.store(next, std::memory_order_release);
  }

  // Gives the version of what was read.
  std::uint64_t read(Value* value) const {
    for (;;) {
      const std::uint64_t version = version_.load(std::memory_order_acquire);
      const Slot& slot = slots_[version % slots_.size()];
      load(slot.endpoint, &value->endpoint);
      const std::uint32_t flags = slot.flags.load(std::memory_order_acquire);
      if ((flags & kSource) != 0) [[unlikely]]
        load(slot.source, &value->source);
      value->connected = (flags & kConnected) != 0;
      if (begun_.load(std::memory_order_relaxed) - version < slots_.size()) [[likely]]
        return version;
    }
  }

 private:
  static constexpr std::uint32_t kConnected = 1;
  static constexpr std::uint32_t kSource = 2;

  template <typename Value, typename Word = std::uint32_t>
  using Words = std::array<std::atomic<Word>, sizeof(Value) / sizeof(Word)>;
  struct Slot {
    Words<net::Endpoint, std::uint64_t> endpoint{};
    std::atomic<std::uint32_t> flags{0};
    Words<net::LocalAddress> source{};
  };
  template <typename Word, std::size_t kCount, typename T>
  static void store(std::array<std::atomic<Word>, kCount>& words, const T& value) {
    std::array<Word, kCount> copy;
    static_assert(sizeof(copy) == sizeof(value));
    std::memcpy(copy.data(), &value, sizeof(copy));
    for (std::size_t i = 0; i < kCount; ++i) words[i].store(copy[i], std::memory_order_release);
  }
  template <typename Word, std::size_t kCount, typename T>
  static void load(const std::array<std::atomic<Word>, kCount>& words, T* value) {
    std::array<Word, kCount> copy;
    for (std::size_t i = 0; i < kCount; ++i) copy[i] = words[i].load(std::memory_order_acquire);
    std::memcpy(static_cast<void*>(value), copy.data(), sizeof(copy));
  }

  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::uint64_t> begun_{0};
  std::array<Slot, 2> slots_{};
};

// What the puts of a peer know, whatever channel they go through.
//
// Threads: any, but for destination.set.
struct PutState {
  // worker::ErrorLatch::changes() at the last look for an error of this peer.
  std::atomic<std::uint32_t> seen_errors{0};
  PutDestination destination;
};

}  // namespace ringpeer::internal

#endif  // RINGPEER_ENGINE_PEER_PUT_STATE_H_
