#ifndef RINGPEER_ENGINE_NET_SECRET_H_
#define RINGPEER_ENGINE_NET_SECRET_H_

#include <cstddef>
#include <span>

namespace ringpeer::net {

// base::draw_secret, for the keys of the engine's hashes: a simulation links another one.
void draw_secret(std::span<std::byte> secret);

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_SECRET_H_
