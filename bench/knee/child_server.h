#ifndef RINGPEER_BENCH_KNEE_CHILD_SERVER_H_
#define RINGPEER_BENCH_KNEE_CHILD_SERVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace ringpeer::bench {

// A server in a process of its own, which says " on port N" on standard error once it listens.
//
// Threads: one. Lifetime: the process ends with this. Failure: start() gives words.
class ChildServer {
 public:
  ChildServer() = default;
  ~ChildServer();
  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;

  // The first word is the program's path. Returns when the server listens.
  bool start(const std::vector<std::string>& words, std::string* error);
  int port() const { return port_; }

 private:
  // Reads what the server says until it has named its port.
  bool read_port();

  pid_t process_ = -1;
  int pipe_ = -1;
  int port_ = 0;
  std::string said_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_KNEE_CHILD_SERVER_H_
