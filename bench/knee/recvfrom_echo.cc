// The echo server that people write first: one socket, one thread, recvfrom, sendto. `ringpeer
// load --find-max` is pointed at it and at `ringpeer serve --mode echo`, with the same work.
//
//   recvfrom_echo PORT [WORK_US] [RECEIVE_BUFFER]      a port of 0 is any that is free
//
// Serves on 127.0.0.1 until a signal. Exit status 2 for a wrong command line, 1 when the port is
// not to be had.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string_view>

#include "ringpeer/engine/net/datagram_size.h"
#include "ringpeer/tools/measure/busy_work.h"

namespace ringpeer::bench {
namespace {

// What the engine asks for, so that both hold as much.
constexpr int kReceiveBuffer = 8 << 20;

struct Options {
  std::uint16_t port = 0;
  int work_us = 0;
  int receive_buffer = kReceiveBuffer;
};

template <typename T>
bool read_number(std::string_view text, T most, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && *value >= 0 && *value <= most;
}

bool read_options(int argc, char** argv, Options* options) {
  constexpr int kMaxWork = 1'000'000;
  constexpr int kMaxBuffer = std::numeric_limits<int>::max() / 2;
  if (argc < 2 || argc > 4) return false;
  if (!read_number<std::uint16_t>(argv[1], 65535, &options->port)) return false;
  if (argc > 2 && !read_number(argv[2], kMaxWork, &options->work_us)) return false;
  return argc <= 3 || read_number(argv[3], kMaxBuffer, &options->receive_buffer);
}

// A socket on the port, or -1 with errno.
int open_socket(const Options& options) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int bytes = options.receive_buffer;
  // With the privilege beyond the system's limit, as the engine does; else as far as that goes.
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(options.port);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return -1;
  return descriptor;
}

// The one that the kernel chose, where it was to choose.
unsigned port_of(int descriptor) {
  sockaddr_in address = {};
  socklen_t length = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

// Until the socket fails. Errors of one datagram (a client that is gone) end nothing.
int serve(int descriptor, std::chrono::microseconds work) {
  static std::array<char, net::kLargestIpv4Datagram> datagram;
  while (true) {
    sockaddr_in sender = {};
    socklen_t length = sizeof(sender);
    auto* const name = reinterpret_cast<sockaddr*>(&sender);
    const ssize_t size = recvfrom(descriptor, datagram.data(), datagram.size(), 0, name, &length);
    if (size < 0 && (errno == EINTR || errno == ECONNREFUSED)) continue;
    if (size < 0) return errno;
    tools::keep_processor_busy(work);
    sendto(descriptor, datagram.data(), static_cast<std::size_t>(size), 0, name, length);
  }
}

int run(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, &options)) {
    std::fputs("usage: recvfrom_echo PORT [WORK_US] [RECEIVE_BUFFER]\n", stderr);
    return 2;
  }
  const int descriptor = open_socket(options);
  int error = descriptor < 0 ? errno : 0;
  if (descriptor >= 0) {
    std::fprintf(stderr, "recvfrom_echo: on port %u\n", port_of(descriptor));
    error = serve(descriptor, std::chrono::microseconds(options.work_us));
  }
  std::fprintf(stderr, "recvfrom_echo: %s\n", std::strerror(error));
  return 1;
}

}  // namespace
}  // namespace ringpeer::bench

int main(int argc, char** argv) { return ringpeer::bench::run(argc, argv); }
