#ifndef RINGPEER_CODEC_BASE_SECRET_H_
#define RINGPEER_CODEC_BASE_SECRET_H_

#include <cstddef>
#include <span>

namespace ringpeer::base {

// Fills it with what nobody outside of this process can know, for the keys of hashes: the one thing
// that the codec asks the machine for.
//
// On Linux from getrandom; elsewhere, and where that is refused, from std::random_device; where it
// has nothing either, from the clock and from where this process lies in memory.
//
// Threads: any. Nothing here fails.
void draw_secret(std::span<std::byte> secret);

}  // namespace ringpeer::base

#endif  // RINGPEER_CODEC_BASE_SECRET_H_
