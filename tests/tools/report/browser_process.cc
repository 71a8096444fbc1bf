#include "ringpeer/tests/tools/report/browser_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace ringpeer::tools {
namespace {

using Clock = std::chrono::steady_clock;

// For any one answer; a loaded machine starts a browser slowly.
constexpr std::chrono::seconds kPatience{60};
// Where --remote-debugging-pipe reads and writes.
constexpr int kBrowserReads = 3;
constexpr int kBrowserWrites = 4;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

// In the new process, between fork and exec.
[[noreturn]] void become(const std::vector<std::string>& arguments, int reads, int writes) {
  // Out of the way first: either may be one of the two already.
  const int reads_copy = ::fcntl(reads, F_DUPFD, 10);
  const int writes_copy = ::fcntl(writes, F_DUPFD, 10);
  ::dup2(reads_copy, kBrowserReads);
  ::dup2(writes_copy, kBrowserWrites);
  ::close(reads_copy);
  ::close(writes_copy);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) ::dup2(nowhere, stream);
  ::setpgid(0, 0);
  std::vector<char*> words;
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

}  // namespace

std::string BrowserProcess::find() {
  const char* const path = std::getenv("PATH");
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
      const std::string program = folder + "/" + name;
      if (::access(program.c_str(), X_OK) == 0) return program;
    }
  }
  return "";
}

BrowserProcess::BrowserProcess(const std::string& program, const std::string& folder) {
  start(program, folder);
  attach();
}

BrowserProcess::~BrowserProcess() {
  if (to_browser_ >= 0) ::close(to_browser_);
  if (from_browser_ >= 0) ::close(from_browser_);
  if (process_ <= 0) return;
  ::kill(-process_, SIGKILL);  // its group: it has processes of its own
  ::waitpid(process_, nullptr, 0);
}

void BrowserProcess::start(const std::string& program, const std::string& folder) {
  std::array<int, 2> commands{};
  std::array<int, 2> answers{};
  if (::pipe2(commands.data(), O_CLOEXEC) != 0 || ::pipe2(answers.data(), O_CLOEXEC) != 0) {
    fail(std::string("no pipe: ") + std::strerror(errno));
  }
  const std::vector<std::string> arguments = {program,
                                              "--headless=new",
                                              "--remote-debugging-pipe",
                                              "--no-sandbox",
                                              "--disable-gpu",
                                              "--disable-dev-shm-usage",
                                              "--no-first-run",
                                              "--disable-extensions",
                                              "--user-data-dir=" + folder,
                                              "--hide-scrollbars",
                                              "--disable-background-networking",
                                              "about:blank"};
  process_ = ::fork();
  if (process_ == 0) become(arguments, commands[0], answers[1]);
  ::close(commands[0]);
  ::close(answers[1]);
  to_browser_ = commands[1];
  from_browser_ = answers[0];
  if (process_ < 0) fail(std::string("no process: ") + std::strerror(errno));
  ::setpgid(process_, process_);
}

void BrowserProcess::attach() {
  const Json target = call("Target.createTarget", {{"url", "about:blank"}}, true);
  const Json attached =
      call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}}, true);
  session_ = attached.at("sessionId").get<std::string>();
  for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"}) {
    call(domain);
  }
}

void BrowserProcess::write(const std::string& message) {
  std::string_view rest(message.c_str(), message.size() + 1);  // a message ends with a zero
  while (!rest.empty()) {
    const ssize_t count = ::write(to_browser_, rest.data(), rest.size());
    if (count < 0 && errno != EINTR)
      fail(std::string("the browser is gone: ") + std::strerror(errno));
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::optional<BrowserProcess::Json> BrowserProcess::read(Clock::time_point until) {
  for (;;) {
    if (const std::size_t end = pending_.find('\0'); end != std::string::npos) {
      Json message = Json::parse(pending_.substr(0, end));
      pending_.erase(0, end + 1);
      return message;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd request{from_browser_, POLLIN, 0};
    if (::poll(&request, 1, static_cast<int>(left.count())) <= 0) continue;
    std::array<char, 65536> block;
    const ssize_t count = ::read(from_browser_, block.data(), block.size());
    if (count == 0) fail("the browser has ended");
    if (count > 0) pending_.append(block.data(), static_cast<std::size_t>(count));
  }
}

BrowserProcess::Json BrowserProcess::call(const std::string& method, const Json& parameters,
                                          bool to_browser) {
  const int id = ++last_id_;
  Json message = {{"id", id}, {"method", method}, {"params", parameters}};
  if (!to_browser) message["sessionId"] = session_;
  write(message.dump());
  const Clock::time_point until = Clock::now() + kPatience;
  while (auto answer = read(until)) {
    if (!answer->contains("id")) {
      events_.push_back(std::move(*answer));
    } else if (answer->at("id") == id) {
      if (answer->contains("error")) fail(method + ": " + answer->at("error").dump());
      return answer->at("result");
    }
  }
  fail(method + ": no answer");
}

BrowserProcess::Json BrowserProcess::evaluate(const std::string& expression) {
  const Json answer =
      call("Runtime.evaluate",
           {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (answer.contains("exceptionDetails")) fail(answer.at("exceptionDetails").dump());
  return answer.at("result").value("value", Json());
}

void BrowserProcess::open(const std::string& address) {
  call("Page.navigate", {{"url", address}});
  const auto is_load = [](const Json& event) {
    return event.at("method") == "Page.loadEventFired";
  };
  const Clock::time_point until = Clock::now() + kPatience;
  while (std::none_of(events_.begin(), events_.end(), is_load)) {
    auto event = read(until);
    if (!event) fail(address + " is not loaded");
    if (!event->contains("id")) events_.push_back(std::move(*event));
  }
}

void BrowserProcess::wait_until(const std::string& expression) {
  const Clock::time_point until = Clock::now() + kPatience;
  while (Clock::now() < until) {
    if (evaluate(expression) == true) return;
    ::usleep(20'000);
  }
  fail("never true: " + expression);
}

std::vector<BrowserProcess::Json> BrowserProcess::take_events() {
  evaluate("0");  // what came before this answer is here now
  return std::exchange(events_, {});
}

}  // namespace ringpeer::tools
