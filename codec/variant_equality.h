#ifndef RINGPEER_CODEC_VARIANT_EQUALITY_H_
#define RINGPEER_CODEC_VARIANT_EQUALITY_H_

namespace ringpeer {

class Variant;

// Whether two values are one key of a Dictionary: as operator==, except that
// dictionaries inside them must have their entries in the same order (in Godot they
// hash differently otherwise, and are two keys).
bool same_key(const Variant& a, const Variant& b);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VARIANT_EQUALITY_H_
