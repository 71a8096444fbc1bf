#include "ringpeer/bench/rivals/udp_socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace ringpeer::bench {
namespace {

std::string failed(std::string_view call) {
  return fmt::format("{}: {}", call, std::strerror(errno));
}

// 0: it is no socket of the Internet's.
int port_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return 0;
  // Both families have it in the same place.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

int setting(const char* name) {
  std::ifstream file(std::filesystem::path("/proc/sys/net/core") / name);
  int value = 0;
  // Linux' own default, where it does not show it.
  return file >> value ? value : 212'992;
}

int int_option(int fd, int name) {
  int value = 0;
  socklen_t length = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : 0;
}

}  // namespace

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

sockaddr_in loopback_address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

std::string UdpSocket::open() {
  fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return failed("socket");
  const sockaddr_in address = loopback_address(0);
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return failed("bind");
  }
  return "";
}

std::string UdpSocket::open_for(const ReceiverOptions& options) {
  if (std::string error = open(); !error.empty()) return error;
  return apply_options(fd_, options);
}

std::string UdpSocket::connect_to(int port) {
  const sockaddr_in address = loopback_address(port);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return failed("connect");
  }
  return "";
}

std::string UdpSocket::bound_waits(std::chrono::milliseconds limit) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  timeval timeout{};
  timeout.tv_sec = seconds.count();
  timeout.tv_usec = std::chrono::microseconds(limit - seconds).count();
  if (setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
    return failed("SO_RCVTIMEO");
  }
  return "";
}

int UdpSocket::port() const { return port_of(fd_); }

std::string apply_options(int fd, const ReceiverOptions& options) {
  const int size = options.receive_buffer > 0 ? options.receive_buffer : default_receive_buffer();
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0) {
    return failed("SO_RCVBUF");
  }
  const int on = 1;
  if (options.gro && setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) != 0) {
    return failed("UDP_GRO");
  }
  return "";
}

int largest_receive_buffer() { return setting("rmem_max"); }
int default_receive_buffer() { return setting("rmem_default") / 2; }

int granted_receive_buffer(int port) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::atoi(entry.path().filename().c_str());
    if (port_of(fd) != port || int_option(fd, SO_TYPE) != SOCK_DGRAM) continue;
    return int_option(fd, SO_RCVBUF);
  }
  return 0;
}

}  // namespace ringpeer::bench
