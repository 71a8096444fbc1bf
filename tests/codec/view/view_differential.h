#ifndef RINGPEER_TESTS_CODEC_VIEW_VIEW_DIFFERENTIAL_H_
#define RINGPEER_TESTS_CODEC_VIEW_VIEW_DIFFERENTIAL_H_

#include <cstdint>
#include <span>
#include <string>

#include "ringpeer/codec/wire/options.h"

namespace ringpeer {

// Reads the same bytes with decode_variant, VariantView, PacketView and ViewWalk, and compares
// errors, sizes, every value that can be read and the order of a walk. Empty when all agree,
// otherwise what does not. Shared by the tests and the fuzzer.
std::string view_differs_from_decode(std::span<const std::uint8_t> bytes,
                                     const DecodeOptions& options);

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_CODEC_VIEW_VIEW_DIFFERENTIAL_H_
