#ifndef RINGPEER_CODEC_BASE_SIP_HASH_H_
#define RINGPEER_CODEC_BASE_SIP_HASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringpeer {

// SipHash (Aumasson and Bernstein, 2012) over a sequence of words: kRounds a word, kLastRounds at
// the end. Strings are absorbed with their length, so that no two sequences run into each other.
// Threads: one. Failure: none.
template <int kRounds, int kLastRounds>
class BasicSipHash {
 public:
  BasicSipHash(std::uint64_t key0, std::uint64_t key1)
      : v0_(key0 ^ 0x736f6d6570736575u),
        v1_(key1 ^ 0x646f72616e646f6du),
        v2_(key0 ^ 0x6c7967656e657261u),
        v3_(key1 ^ 0x7465646279746573u) {}

  void absorb(std::uint64_t word) {
    v3_ ^= word;
    for (int i = 0; i < kRounds; ++i) round();
    v0_ ^= word;
  }

  void absorb(std::string_view bytes) {
    absorb(static_cast<std::uint64_t>(bytes.size()));
    while (bytes.size() >= sizeof(std::uint64_t)) {
      absorb(load(bytes.data(), sizeof(std::uint64_t)));
      bytes.remove_prefix(sizeof(std::uint64_t));
    }
    if (!bytes.empty()) absorb(load(bytes.data(), bytes.size()));
  }

  std::uint64_t finish() {
    v2_ ^= 0xff;
    for (int i = 0; i < kLastRounds; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  static std::uint64_t load(const char* data, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, size);
    return word;
  }

  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_;
  std::uint64_t v1_;
  std::uint64_t v2_;
  std::uint64_t v3_;
};

// For tables, where nobody sees a hash: what collides is all that can be learnt.
using SipHash = BasicSipHash<1, 3>;
// For codes that are sent to whoever asks, and must not be made by them: the strength that the
// paper proposes.
using SipHash24 = BasicSipHash<2, 4>;

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_SIP_HASH_H_
