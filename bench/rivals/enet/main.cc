// The ENet peer of bench/rivals, started by its runner.

#include <fmt/core.h>

#include <cstdio>

#include "ringpeer/bench/rivals/enet/enet_receiver.h"
#include "ringpeer/bench/rivals/enet/enet_sender.h"
#include "ringpeer/bench/rivals/roles.h"

int main(int argc, char** argv) {
  using namespace ringpeer::bench;
  Roles roles;
  roles.receiver = [](std::string_view peer) {
    return peer == "enet" ? make_enet_receiver() : nullptr;
  };
  roles.transmitter = [](std::string_view) { return nullptr; };
  roles.send = send_enet_messages;
  if (const std::optional<int> status = run_role(argc, argv, roles)) return *status;
  fmt::print(stderr, "enet_peer is a part of bench/rivals: run ./dev bench rivals --peer enet\n");
  return 2;
}
