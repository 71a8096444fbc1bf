#include "ringpeer/engine/net/port_holder.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/net/precise_sleep.h"

namespace ringpeer::net {
namespace {

// The kernel's deferred work is done 26 to 50 ms after the end of the process on an idle machine.
// A start that has to wait longer had better say that it cannot have the port.
constexpr std::chrono::milliseconds kMaxRelease{500};
// Between two tries: a tenth of the shortest time that it takes, at a system call each.
constexpr std::chrono::milliseconds kBindAgain{2};

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

Directory open_directory(const std::string& path) { return {::opendir(path.c_str()), ::closedir}; }

bool is_unspecified(const IpAddress& address) {
  return address == IpAddress() || (address.is_ipv4() && address.ipv4_network_order() == 0);
}

// An address as /proc/net prints it: words of 32 bits in hexadecimal digits.
IpAddress parse_words(const char* digits, bool ipv4) {
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = ipv4 ? 1 : words.size();
  for (std::size_t i = 0; i < count; ++i) std::sscanf(digits + 8 * i, "%8x", &words[i]);
  return ipv4 ? IpAddress::from_ipv4(words[0]) : IpAddress(std::bit_cast<IpAddress::Bytes>(words));
}

// The sockets of a table that are in the way.
void find_sockets(const char* table, bool ipv4, const Endpoint& endpoint,
                  std::vector<std::uint64_t>* inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the headings
  while (std::getline(file, line)) {
    std::array<char, 33> address{};
    unsigned port = 0;
    unsigned long inode = 0;
    constexpr const char* kFormat = " %*d: %32[0-9A-F]:%4x %*s %*x %*s %*s %*s %*u %*u %lu";
    if (std::sscanf(line.c_str(), kFormat, address.data(), &port, &inode) != 3) continue;
    if (port != endpoint.port) continue;
    const IpAddress local = parse_words(address.data(), ipv4);
    if (local == endpoint.address || is_unspecified(local) || is_unspecified(endpoint.address)) {
      inodes->push_back(inode);
    }
  }
}

bool has_one_of(const std::string& process, const std::vector<std::string>& links) {
  const std::string path = process + "/fd";
  const Directory directory = open_directory(path);
  if (directory == nullptr) return false;
  while (const dirent* entry = ::readdir(directory.get())) {
    std::array<char, 64> target{};
    const ssize_t size =
        ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
    if (size <= 0) continue;
    const std::string_view link(target.data(), static_cast<std::size_t>(size));
    for (const std::string& wanted : links) {
      if (link == wanted) return true;
    }
  }
  return false;
}

// Killed, but not at its end yet.
bool is_dying(const std::string& process) {
  std::ifstream status(process + "/status");
  std::string line;
  while (std::getline(status, line)) {
    unsigned long long pending = 0;
    char state = 0;
    if (std::sscanf(line.c_str(), "State: %c", &state) == 1 && (state == 'Z' || state == 'X')) {
      return true;
    }
    if (std::sscanf(line.c_str(), "SigPnd: %llx", &pending) == 1 ||
        std::sscanf(line.c_str(), "ShdPnd: %llx", &pending) == 1) {
      if ((pending >> (SIGKILL - 1) & 1) != 0) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<std::uint64_t> sockets_on(const Endpoint& endpoint) {
  std::vector<std::uint64_t> inodes;
  find_sockets("/proc/net/udp", true, endpoint, &inodes);
  find_sockets("/proc/net/udp6", false, endpoint, &inodes);
  return inodes;
}

std::uint64_t inode_of(const Socket& socket) {
  struct stat status {};
  return ::fstat(socket.descriptor(), &status) == 0 ? status.st_ino : 0;
}

bool has_live_holder(const Endpoint& endpoint) {
  std::vector<std::string> links;
  for (const std::uint64_t inode : sockets_on(endpoint)) {
    links.push_back("socket:[" + std::to_string(inode) + "]");
  }
  if (links.empty()) return false;
  const Directory processes = open_directory("/proc");
  if (processes == nullptr) return false;
  while (const dirent* entry = ::readdir(processes.get())) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const std::string process = std::string("/proc/") + entry->d_name;
    if (has_one_of(process, links) && !is_dying(process)) return true;
  }
  return false;
}

int bind_when_released(Socket& socket, const Endpoint& endpoint) {
  int error = socket.bind(endpoint);
  // Port 0 is in use when none is free.
  if (error != EADDRINUSE || endpoint.port == 0 || has_live_holder(endpoint)) return error;
  const auto end = base::Clock::now() + kMaxRelease;
  while (error == EADDRINUSE && base::Clock::now() < end) {
    sleep_precisely(kBindAgain);
    error = socket.bind(endpoint);
  }
  return error;
}

}  // namespace ringpeer::net
