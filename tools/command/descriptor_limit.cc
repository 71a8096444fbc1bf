#include "ringpeer/tools/command/descriptor_limit.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ringpeer::tools {
namespace {

// Descriptors of the program itself: standard streams, epoll and some to spare.
constexpr rlim_t kOtherDescriptors = 64;

}  // namespace

bool allow_descriptors_for(std::uint32_t clients, std::string* error) {
  return allow_descriptors_for(clients, clients, error);
}

bool allow_descriptors_for(std::uint32_t clients, std::uint32_t most, std::string* error) {
  const rlim_t count = clients + kOtherDescriptors;
  const rlim_t wanted = std::max<rlim_t>(count, most + kOtherDescriptors);
  rlimit limit = {};
  // When it cannot be asked for, opening the sockets shows whether it is enough.
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  if (limit.rlim_cur >= wanted) return true;
  if (limit.rlim_max < count) {
    *error = fmt::format(
        "{} clients need {} open files and this user may have {}. Use fewer clients, or raise "
        "the limit: ulimit -Hn {} as root.",
        clients, count, limit.rlim_max, count);
    return false;
  }
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || before >= count) return true;
  *error = fmt::format("the limit of open files cannot be raised to {}: {}. Use fewer clients.",
                       count, std::strerror(errno));
  return false;
}

}  // namespace ringpeer::tools
