#ifndef RINGPEER_ENGINE_NET_SECRET_H_
#define RINGPEER_ENGINE_NET_SECRET_H_

#include <cstddef>
#include <span>

namespace ringpeer::net {

// Fills it with what nobody outside of this process can know, for the keys of hashes.
// Where getrandom is refused, std::random_device is asked, which throws when it has nothing.
//
// Threads: any.
void draw_secret(std::span<std::byte> secret);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_SECRET_H_
