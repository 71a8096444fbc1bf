#ifndef RINGPEER_TOOLS_DEMO_SERVER_PROCESS_H_
#define RINGPEER_TOOLS_DEMO_SERVER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/serve/serve_options.h"

namespace ringpeer::tools {

// A server in a process of its own, so that its processor time is told apart from that of
// the clients, and a crash of it is seen as one.
//
// Threads: start() forks, so it must be called before the program has other threads.
class ServerProcess {
 public:
  ServerProcess() = default;
  // Ends the process if finish() has not.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Returns when the server listens. False with words that say what to do when it cannot.
  bool start(const ServeOptions& options, std::string* error);
  int port() const { return port_; }

  // Asks the server to stop, and gives its report; nothing, with the reason, when it died.
  std::optional<nlohmann::ordered_json> finish(std::string* error);

 private:
  // The next line that the server wrote, parsed.
  std::optional<nlohmann::ordered_json> read_message();

  // Sends a signal and waits for the end. The status as waitpid() gives it.
  int end(int number);

  pid_t process_ = -1;
  int pipe_ = -1;
  int port_ = 0;
  std::string unread_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DEMO_SERVER_PROCESS_H_
