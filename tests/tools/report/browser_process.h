#ifndef RINGPEER_TESTS_TOOLS_REPORT_BROWSER_PROCESS_H_
#define RINGPEER_TESTS_TOOLS_REPORT_BROWSER_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// A headless Chromium with one page, driven through the pipe of its DevTools protocol.
// What goes wrong in the driving throws std::runtime_error: a test then fails with the words.
//
// Threads: one.
class BrowserProcess {
 public:
  using Json = nlohmann::json;

  // The program on this machine; empty when there is none.
  static std::string find();

  // Starts `program` with its own profile in `folder`.
  BrowserProcess(const std::string& program, const std::string& folder);
  ~BrowserProcess();
  BrowserProcess(const BrowserProcess&) = delete;
  BrowserProcess& operator=(const BrowserProcess&) = delete;

  // A command to the page (or, with `to_browser`, to the browser), and its result.
  Json call(const std::string& method, const Json& parameters = Json::object(),
            bool to_browser = false);
  // The value of a JavaScript expression in the page; an exception there is one here.
  Json evaluate(const std::string& expression);
  // Loads it and waits until that is done.
  void open(const std::string& address);
  // Waits until the expression is true.
  void wait_until(const std::string& expression);
  // What the browser told of its own accord since the last call: each has "method" and "params".
  std::vector<Json> take_events();

 private:
  void start(const std::string& program, const std::string& folder);
  void attach();
  void write(const std::string& message);
  // The next message, or nothing when the time is up.
  std::optional<Json> read(std::chrono::steady_clock::time_point until);

  pid_t process_ = -1;
  int to_browser_ = -1;
  int from_browser_ = -1;
  int last_id_ = 0;
  std::string session_;
  std::string pending_;  // read, and no whole message yet
  std::vector<Json> events_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_REPORT_BROWSER_PROCESS_H_
