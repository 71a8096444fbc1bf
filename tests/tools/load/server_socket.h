#ifndef RINGPEER_TESTS_TOOLS_LOAD_SERVER_SOCKET_H_
#define RINGPEER_TESTS_TOOLS_LOAD_SERVER_SOCKET_H_

namespace ringpeer::tools {

// A plain UDP socket on 127.0.0.1, for servers that tests play themselves: a call that receives
// waits for some milliseconds, so that whoever serves looks whether it is to end.
//
// Threads: any; one receives. Failure: of the test.
class ServerSocket {
 public:
  // 0: any port.
  explicit ServerSocket(int port = 0);
  ~ServerSocket();
  ServerSocket(const ServerSocket&) = delete;
  ServerSocket& operator=(const ServerSocket&) = delete;

  int descriptor() const { return descriptor_; }
  int port() const { return port_; }

 private:
  const int descriptor_;
  int port_ = 0;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_LOAD_SERVER_SOCKET_H_
