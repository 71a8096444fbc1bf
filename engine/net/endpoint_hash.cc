#include "ringpeer/engine/net/endpoint_hash.h"

#include <span>

#include "ringpeer/engine/net/secret.h"

namespace ringpeer::net {

EndpointHash::EndpointHash() { draw_secret(std::as_writable_bytes(std::span(keys_))); }

}  // namespace ringpeer::net
