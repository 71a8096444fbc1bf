// The ringpeer command where memory is short: it ends with words and a status, or works.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/command_process.h"

namespace ringpeer::tools {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr rlim_t kMegabyte = rlim_t{1} << 20;

void limit_address_space(rlim_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(126);
}

// The dynamic loader has failed before there was a program.
bool has_started(const CommandProcess& process, int status) {
  return status != 127 ||
         process.error_output().find("while loading shared libraries") == std::string::npos;
}

// From what the dynamic loader needs to what every command has enough of.
TEST(MemoryLimitTest, WithoutMemoryCommandsEndWithWords) {
  const std::vector<std::vector<std::string>> commands = {
      {"serve", "--mode", "echo", "--port", "0", "--duration", "0.01", "--backend", "recvmmsg"},
      {"serve", "--mode", "arena", "--port", "0", "--duration", "0.01", "--backend", "io_uring"},
      {"load", "--target", "127.0.0.1:9", "--clients", "100", "--duration", "0.01", "--expect",
       "nothing"},
      {"demo", "--clients", "10", "--duration", "0.05"},
      {"--help"}};
  for (const auto& command : commands) {
    bool has_worked = false;
    for (rlim_t megabytes = 12; megabytes <= 180; megabytes += 6) {
      SCOPED_TRACE(command.front() + " with " + std::to_string(megabytes) + " MB");
      CommandProcess process(command, [=] { limit_address_space(megabytes * kMegabyte); });
      const int status = process.finish(kPatience);
      if (!has_started(process, status)) continue;
      EXPECT_TRUE(status == 0 || status == 1) << status << ": " << process.error_output();
      EXPECT_TRUE(status == 0 || process.error_output().starts_with("ringpeer: "))
          << process.error_output();
      has_worked = has_worked || status == 0;
    }
    EXPECT_TRUE(has_worked || command.back() == "nothing" || command.back() == "io_uring");
  }
}

// ---- Long lines ---------------------------------------------------------------

class Input {
 public:
  Input() {
    const char* folder = std::getenv("TEST_TMPDIR");
    path_ = std::string(folder == nullptr ? "/tmp" : folder) + "/lines";
    std::ofstream(path_, std::ios::trunc);
  }
  ~Input() { ::unlink(path_.c_str()); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  void add(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
  // Bytes of 0 that take no room on the disk.
  void add_hole(std::int64_t bytes) {
    const std::ifstream::pos_type end = std::ifstream(path_, std::ios::ate).tellg();
    ASSERT_EQ(0, ::truncate(path_.c_str(), static_cast<std::int64_t>(end) + bytes));
  }

  // `ringpeer variant decode` of this, under a limit.
  std::unique_ptr<CommandProcess> decode(rlim_t memory) const {
    const std::string& path = path_;
    return std::make_unique<CommandProcess>(std::vector<std::string>{"variant", "decode"}, [=] {
      if (::dup2(::open(path.c_str(), O_RDONLY | O_CLOEXEC), STDIN_FILENO) < 0) ::_exit(126);
      limit_address_space(memory);
    });
  }

 private:
  std::string path_;
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(MemoryLimitTest, ALineOfAGigabyteIsAnErrorInItsPlace) {
  Input input;
  input.add("00000000\n");
  input.add_hole(std::int64_t{1} << 30);
  input.add("\n00000000\n");
  const auto process = input.decode(3072 * kMegabyte);
  EXPECT_EQ(1, process->finish(kPatience));
  const std::string nil =
      R"({"ok":true,"type":"Nil","value":"null","consumed":4,"bytes":"00000000"})";
  EXPECT_EQ(
      nil + "\n" +
          R"({"ok":false,"error":"ERR_OUT_OF_MEMORY","code":6,"message":"the line is too long"})" +
          "\n" + nil + "\n",
      process->output());
  EXPECT_TRUE(process->error_output().starts_with("ringpeer: ")) << process->error_output();
}

TEST(MemoryLimitTest, ALineThatTakesTooMuchMemoryIsAnErrorInItsPlace) {
  // An Array of 1,000,000 nulls: 24 bytes of memory for each 4 on the wire, and its text.
  std::string packet = "1c00000040420f00";
  for (int i = 0; i < 1'000'000; ++i) packet += "00000000";
  for (const rlim_t megabytes : {25, 30, 40, 50, 60}) {
    SCOPED_TRACE(std::to_string(megabytes) + " MB");
    Input input;
    input.add("00000000\n" + packet + "\n00000000\n");
    const auto process = input.decode(megabytes * kMegabyte);
    const int status = process->finish(kPatience);
    EXPECT_EQ(1, status) << process->error_output();
    EXPECT_EQ(3u, lines_of(process->output()));
    EXPECT_NE(process->output().find("not enough memory"), std::string::npos);
    EXPECT_TRUE(process->error_output().starts_with("ringpeer: ")) << process->error_output();
  }
}

}  // namespace
}  // namespace ringpeer::tools
