#ifndef RINGPEER_CODEC_CONVERT_H_
#define RINGPEER_CODEC_CONVERT_H_

#include "ringpeer/codec/variant.h"

namespace ringpeer {

// Godot's strict conversion between Variant types: what it does to an element that is
// put into a typed container of another type. False when there is none.
bool convert_strictly(const Variant& from, VariantType to, Variant* converted);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_CONVERT_H_
