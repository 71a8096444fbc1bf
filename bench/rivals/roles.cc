#include "ringpeer/bench/rivals/roles.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "ringpeer/bench/rivals/control.h"
#include "ringpeer/bench/rivals/receiver_process.h"
#include "ringpeer/bench/rivals/transmitter_process.h"

namespace ringpeer::bench {
namespace {

int send_role(const SendTask& task, const Roles& roles) {
  const SendResult result = roles.send(task);
  print_line(result);
  return result.error.empty() ? 0 : 1;
}

}  // namespace

std::optional<int> run_role(int argc, char** argv, const Roles& roles) {
  if (argc < 3) return std::nullopt;
  const std::string_view role = argv[1];
  if (role == "sink" && argc == 4) return run_sink_process(std::atoi(argv[2]), std::atoi(argv[3]));
  if (role != "receive" && role != "send" && role != "transmit") return std::nullopt;
  try {
    const nlohmann::json task = nlohmann::json::parse(argv[2]);
    if (role == "receive") return run_receiver_process(task.get<ReceiveTask>(), roles.receiver);
    if (role == "send") return send_role(task.get<SendTask>(), roles);
    return run_transmitter_process(task.get<TransmitTask>(), roles.transmitter);
  } catch (const nlohmann::json::exception& error) {
    fmt::print(stderr, "{} is started by the runner with a task in JSON: {}\n", role, error.what());
    return 2;
  }
}

}  // namespace ringpeer::bench
