#ifndef RINGPEER_CODEC_VALUE_CONVERT_H_
#define RINGPEER_CODEC_VALUE_CONVERT_H_

#include <cstddef>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// Godot's strict conversion between Variant types: what it does to an element that is
// put into a typed container of another type. False when there is none, and for an Array with an
// element that a packed array cannot hold (conversion_table.h), of which Godot makes a zero, an
// empty vector or a text.
// Threads: none shared. Failure otherwise: std::bad_alloc.
bool convert_strictly(const Variant& from, VariantType to, Variant* converted);

// The most heap bytes that it takes: what a budget is charged. At a cost of one look at `from`.
std::size_t converted_bytes(const Variant& from, VariantType to);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_CONVERT_H_
