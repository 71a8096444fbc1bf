#ifndef RINGPEER_CODEC_VALUE_CONVERT_MATH_H_
#define RINGPEER_CODEC_VALUE_CONVERT_MATH_H_

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// The part of convert_strictly that turns math types into each other.
// Threads and failure: as convert_strictly.
bool convert_math(const Variant& from, VariantType to, Variant* converted);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CONVERT_MATH_H_
