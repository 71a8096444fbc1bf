#ifndef RINGPEER_BENCH_CODEC_CODEC_VALUES_H_
#define RINGPEER_BENCH_CODEC_CODEC_VALUES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

// The values that every codec of the comparison encodes and decodes: what a game sends.
// Threads: any.

namespace ringpeer::bench {

enum class Case {
  INT,       // one int
  MESSAGE,   // {"t": 1, "id": 7, "pos": Vector3(1, 2, 3), "vel": Vector3(0, 0, 1)}
  MESSAGES,  // an Array of 100 such
  BYTES,     // a PackedByteArray of 1200
  FLOATS,    // a PackedFloat32Array of 1024
};

inline constexpr std::array<Case, 5> kCases = {Case::INT, Case::MESSAGE, Case::MESSAGES,
                                               Case::BYTES, Case::FLOATS};

std::string_view case_name(Case which);

inline constexpr std::int64_t kInt = 42;
inline constexpr std::size_t kMessages = 100;

struct Message {
  std::int64_t t = 1;
  std::int64_t id = 7;
  std::array<float, 3> pos = {1, 2, 3};
  std::array<float, 3> vel = {0, 0, 1};
};

std::vector<std::uint8_t> byte_values();
std::vector<float> float_values();

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_CODEC_CODEC_VALUES_H_
