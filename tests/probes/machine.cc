#include "ringpeer/tests/probes/machine.h"

#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"

namespace ringpeer::probes {
namespace {

constexpr const char* kIpv6Loopback = "0:0:0:0:0:0:0:1";

void raise_loopback() {
  const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return;
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ::ioctl(control, SIOCSIFFLAGS, &request);
  ::close(control);
}

// Lets this process see an /etc/hosts in which localhost has both addresses, as on most
// machines. Nobody else sees it.
void name_both_loopbacks() {
  std::string path = "/tmp/ringpeer-hosts-XXXXXX";
  const int file = ::mkstemp(path.data());
  if (file < 0) return;
  constexpr std::string_view kHosts = "127.0.0.1 localhost\n::1 localhost\n";
  const bool written =
      ::write(file, kHosts.data(), kHosts.size()) == static_cast<ssize_t>(kHosts.size());
  if (written && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
    ::mount(path.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr);
  }
  ::close(file);
  ::unlink(path.c_str());
}

}  // namespace

void enter_namespaces() {
  // As root it is enough to ask; others need a user namespace in which they are.
  constexpr int kNamespaces = CLONE_NEWNET | CLONE_NEWNS;
  if (::unshare(kNamespaces) != 0 && ::unshare(kNamespaces | CLONE_NEWUSER) != 0) return;
  raise_loopback();
  name_both_loopbacks();
}

Machine examine_machine() {
  Machine machine;
  net::Socket socket;
  net::Endpoint loopback;
  loopback.address = *net::IpAddress::parse("::1");
  if (socket.open(net::SocketFamily::kIpv6) != 0 || socket.bind(loopback) != 0) {
    machine.no_ipv6 = "this machine has no IPv6 loopback address";
  }
  const std::string localhost = resolve("localhost", false);
  if (!machine.no_ipv6.empty()) {
    machine.localhost_is_not_ipv6 = machine.no_ipv6;
  } else if (localhost != kIpv6Loopback) {
    machine.localhost_is_not_ipv6 = "this machine's resolver says " +
                                    (localhost.empty() ? "nothing" : localhost) + " for localhost";
  }
  return machine;
}

std::string resolve(const std::string& name, bool ipv4_only) {
  addrinfo hints{};
  hints.ai_family = ipv4_only ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = ipv4_only ? 0 : AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return "";
  std::string text;
  if (list != nullptr) text = net::endpoint_from_socket_address(list->ai_addr).address.to_string();
  ::freeaddrinfo(list);
  return text;
}

int kernel_drops_at(int port) {
  std::array<char, 8> suffix{};
  std::snprintf(suffix.data(), suffix.size(), ":%04X", static_cast<unsigned>(port) & 0xffffu);
  for (const char* path : {"/proc/self/net/udp", "/proc/self/net/udp6"}) {
    std::ifstream table(path);
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      std::vector<std::string> parts;
      for (std::string word; words >> word;) parts.push_back(word);
      if (parts.size() > 12 && parts[1].ends_with(suffix.data())) return std::stoi(parts.back());
    }
  }
  return -1;
}

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? line : "?";
}

}  // namespace ringpeer::probes
