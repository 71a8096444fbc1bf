#include "ringpeer/bench/knee/child_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace ringpeer::bench {
namespace {

// No server takes longer to listen.
constexpr int kPatienceMs = 20'000;
constexpr std::string_view kBeforePort = " on port ";
constexpr int kNotFound = 127;  // as a shell says it

}  // namespace

ChildServer::~ChildServer() {
  if (pipe_ >= 0) close(pipe_);
  if (process_ < 0) return;
  kill(process_, SIGKILL);
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool ChildServer::start(const std::vector<std::string>& words, std::string* error) {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *error = fmt::format("pipe: {}", std::strerror(errno));
    return false;
  }
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  process_ = fork();
  if (process_ == 0) {
    dup2(ends[1], STDERR_FILENO);
    execv(arguments.front(), arguments.data());
    _exit(kNotFound);
  }
  close(ends[1]);
  pipe_ = ends[0];
  if (process_ > 0 && read_port()) return true;
  *error = fmt::format("{} does not serve: {}", words.front(),
                       said_.empty() ? "it said nothing" : said_);
  return false;
}

bool ChildServer::read_port() {
  pollfd event = {.fd = pipe_, .events = POLLIN, .revents = 0};
  while (poll(&event, 1, kPatienceMs) == 1) {
    std::array<char, 512> text;
    const ssize_t size = read(pipe_, text.data(), text.size());
    if (size <= 0) return false;
    said_.append(text.data(), static_cast<std::size_t>(size));
    const std::size_t at = said_.find(kBeforePort);
    if (at == std::string::npos || said_.find('\n', at) == std::string::npos) continue;
    const char* const digits = said_.data() + at + kBeforePort.size();
    return std::from_chars(digits, said_.data() + said_.size(), port_).ec == std::errc();
  }
  return false;
}

}  // namespace ringpeer::bench
