#ifndef RINGPEER_TOOLS_LOAD_CONTENT_DIGEST_H_
#define RINGPEER_TOOLS_LOAD_CONTENT_DIGEST_H_

#include <cstdint>
#include <span>

namespace ringpeer::tools {

// A number by which two contents are told apart that nobody has made to look alike (FNV-1a).
// Threads: a plain value.
class ContentDigest {
 public:
  void add(std::uint64_t number) {
    constexpr int kBits = 64;
    constexpr int kBitsPerByte = 8;
    for (int shift = 0; shift < kBits; shift += kBitsPerByte) {
      mix(static_cast<std::uint8_t>(number >> shift));
    }
  }
  // Where one piece ends and the next begins makes a difference.
  void add(std::span<const std::uint8_t> bytes) {
    add(std::uint64_t{bytes.size()});
    for (const std::uint8_t byte : bytes) mix(byte);
  }
  std::uint64_t value() const { return value_; }

 private:
  void mix(std::uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CONTENT_DIGEST_H_
