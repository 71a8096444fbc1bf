#ifndef RINGPEER_CODEC_VALUE_VARIANT_EQUALITY_H_
#define RINGPEER_CODEC_VALUE_VARIANT_EQUALITY_H_

namespace ringpeer {

class Variant;

// Whether two values are one key of a Dictionary, as in Godot. The key itself: "a" and &"a" are
// one, and so are NaN and NaN. Inside an Array, or as the value of a Dictionary, neither is, so
// that a key which holds NaN there equals no key; dictionaries inside must have their entries in
// the same order (in Godot they hash differently otherwise, and are two keys), and their keys are
// compared as keys. Values nested deeper than kMaximumDepth are never equal.
//
// The cost is that of a look at both values; the stack is bounded, however deep they are.
//
// Threads: those that may read both.
bool same_key(const Variant& a, const Variant& b);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_VARIANT_EQUALITY_H_
