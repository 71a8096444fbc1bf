#ifndef RINGPEER_CODEC_VALUE_KEY_HASH_H_
#define RINGPEER_CODEC_VALUE_KEY_HASH_H_

#include <cstdint>
#include <string_view>

namespace ringpeer {

class Variant;

// The hash of a key that equals none, not even itself: one with NaN inside, or nested deeper than
// is compared. Such keys are not looked for, or a packet full of them would cost the square.
inline constexpr std::uint32_t kNeverFound = 0;

// The hash of a Dictionary's key: SipHash-1-3 with a key drawn once for the process,
// so that a peer cannot choose keys that collide. Equal keys have equal hashes
// (variant_equality.h); a StringName hashes as its text.
//
// Keys inside that hold values themselves are not walked again: their Dictionary has their hash.
// So all the hashes that a value's making takes cost one look at it. The stack is bounded.
//
// Threads: any.
std::uint32_t hash_key(const Variant& key);
std::uint32_t hash_key(std::string_view text);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_KEY_HASH_H_
