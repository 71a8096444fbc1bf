#include "ringpeer/engine/net/secret.h"

#include "ringpeer/codec/base/secret.h"

namespace ringpeer::net {

void draw_secret(std::span<std::byte> secret) { base::draw_secret(secret); }

}  // namespace ringpeer::net
