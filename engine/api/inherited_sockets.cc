#include "ringpeer/inherited_sockets.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "ringpeer/engine/net/kernel_calls.h"

namespace ringpeer {
namespace {

// The protocol's own numbers: the first descriptor after the standard streams.
constexpr int kFirstDescriptor = 3;
// More than any unit file lists: a larger number is not ours to believe.
constexpr int kMaxSockets = 1024;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

int number(std::string_view text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : -1;
}

}  // namespace

std::vector<InheritedSocket> inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  if (number(variable("LISTEN_PID")) != ::getpid()) return sockets;
  const int count = std::min(number(variable("LISTEN_FDS")), kMaxSockets);
  std::string_view names = variable("LISTEN_FDNAMES");
  for (int i = 0; i < count; ++i) {
    const std::size_t end = std::min(names.find(':'), names.size());
    const int descriptor = kFirstDescriptor + i;
    net::kernel::set_close_on_exec(descriptor);
    sockets.push_back({descriptor, std::string(names.substr(0, end))});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return sockets;
}

}  // namespace ringpeer
