// Built against an installed ringpeer, by the Makefile and by CMakeLists.txt beside it: says which
// port it got, and ends.

#include <cstdio>

#include "ringpeer/engine.h"
#include "ringpeer/udp_server.h"

int main() {
  ringpeer::UDPServer server;
  if (server.listen(0, "127.0.0.1") != ringpeer::Error::OK) return 1;
  const auto engine = ringpeer::Engine::shared();
  if (engine == nullptr) return 2;
  std::printf("port %d, by %.*s\n", server.get_local_port(),
              static_cast<int>(engine->backend_name().size()), engine->backend_name().data());
  return 0;
}
