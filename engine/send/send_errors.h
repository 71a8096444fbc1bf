#ifndef RINGPEER_ENGINE_SEND_SEND_ERRORS_H_
#define RINGPEER_ENGINE_SEND_SEND_ERRORS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"

namespace ringpeer::worker {

// What could not be sent to the destinations of one server, for the next put to each of
// them: one errno a destination, the latest. Nothing in it belongs to a destination, so
// that one may be forgotten while packets to it are under way.
//
// It keeps fingerprints of 48 bits under a secret key. An error comes to another destination
// than its own with a probability of one in 2^45, and nobody can choose addresses that make it
// so. When more fail at a time than it holds, errors of some are forgotten; all are counted.
//
// Threads: any, without locks.
class SendErrors {
 public:
  // 32 KiB: a thousand players with room to spare, so that hardly a set of eight is full.
  static constexpr std::size_t kEntries = 4096;

  SendErrors() = default;
  ~SendErrors() { delete table_.load(std::memory_order_acquire); }
  SendErrors(const SendErrors&) = delete;
  SendErrors& operator=(const SendErrors&) = delete;

  void set(const net::Endpoint& destination, int error);
  // The errno since the last call, or 0.
  int take(const net::Endpoint& destination);

 private:
  static constexpr std::size_t kWays = 8;  // a cache line
  static constexpr std::size_t kSets = kEntries / kWays;
  static constexpr std::uint64_t kErrorMask = UINT16_MAX;
  // An errno below a fingerprint; 0: none.
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kWays> entries{};
  };
  using Table = std::array<Set, kSets>;

  Table* table_for_errors();
  std::uint64_t fingerprint(const net::Endpoint& destination) const {
    return (std::uint64_t{upper_(destination)} << 32 | lower_(destination)) & ~kErrorMask;
  }
  static Set& set_of(Table& table, std::uint64_t fingerprint) {
    return table[(fingerprint >> 16) % kSets];
  }

  // Each gives 32 bits.
  const net::EndpointHash upper_;
  const net::EndpointHash lower_;
  std::atomic<Table*> table_{nullptr};  // made for the first error
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_SEND_ERRORS_H_
