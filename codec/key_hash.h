#ifndef RINGPEER_CODEC_KEY_HASH_H_
#define RINGPEER_CODEC_KEY_HASH_H_

#include <cstdint>
#include <string_view>

namespace ringpeer {

class Variant;

// The hash of a Dictionary's key: SipHash-1-3 with a key drawn once for the process,
// so that a peer cannot choose keys that collide. Equal keys have equal hashes
// (variant_equality.h); a StringName hashes as its text. Never 0.
std::uint32_t hash_key(const Variant& key);
std::uint32_t hash_key(std::string_view text);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_KEY_HASH_H_
