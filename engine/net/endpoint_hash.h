#ifndef RINGPEER_ENGINE_NET_ENDPOINT_HASH_H_
#define RINGPEER_ENGINE_NET_ENDPOINT_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/net/endpoint.h"

namespace ringpeer::net {

// Hashes an Endpoint with a secret key, so that nobody can choose addresses that
// collide. Multilinear hashing: the sum of each 32-bit word times its own random
// 64-bit key, upper half. Without the keys any two endpoints collide with
// probability 2^-32, whatever they are (Lemire and Kaser, "Strongly universal string
// hashing is fast", 2014); six multiplications that do not wait for each other. A last
// multiplication breaks the linearity: without it one key in a hundred lays neighbours
// (ports of one address, addresses of one net) into few of a table's buckets.
//
// Threads: any, once it is made. A table keeps its own, for as long as it lives.
class EndpointHash {
 public:
  EndpointHash();  // keys from the kernel's random source

  std::size_t operator()(const Endpoint& endpoint) const {
    std::array<std::uint32_t, kWords> words;
    std::memcpy(words.data(), &endpoint, sizeof(endpoint));
    std::uint64_t sum = keys_[kWords];
    for (std::size_t i = 0; i < kWords; ++i) sum += keys_[i] * words[i];
    sum ^= sum >> 32;
    return static_cast<std::size_t>((sum * kMixer) >> 32);
  }

 private:
  static constexpr std::uint64_t kMixer = 0x9e3779b97f4a7c15;  // odd, 2^64 / golden ratio
  static constexpr std::size_t kWords = sizeof(Endpoint) / sizeof(std::uint32_t);
  std::array<std::uint64_t, kWords + 1> keys_;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_ENDPOINT_HASH_H_
