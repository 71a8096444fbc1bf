#ifndef RINGPEER_WORKER_ENDPOINT_HASH_H_
#define RINGPEER_WORKER_ENDPOINT_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/net/endpoint.h"

namespace ringpeer::worker {

// Hashes an Endpoint with a secret key, so that nobody can choose addresses that
// collide. Multilinear hashing: the sum of each 32-bit word times its own random
// 64-bit key, upper half. Without the keys any two endpoints collide with
// probability 2^-32, whatever they are (Lemire and Kaser, "Strongly universal string
// hashing is fast", 2014); six multiplications that do not wait for each other.
class EndpointHash {
 public:
  EndpointHash();  // keys from the kernel's random source

  std::size_t operator()(const net::Endpoint& endpoint) const {
    std::array<std::uint32_t, kWords> words;
    std::memcpy(words.data(), &endpoint, sizeof(endpoint));
    std::uint64_t sum = keys_[kWords];
    for (std::size_t i = 0; i < kWords; ++i) sum += keys_[i] * words[i];
    return static_cast<std::size_t>(sum >> 32);
  }

 private:
  static constexpr std::size_t kWords = sizeof(net::Endpoint) / sizeof(std::uint32_t);
  std::array<std::uint64_t, kWords + 1> keys_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_WORKER_ENDPOINT_HASH_H_
