// ringpeer report as a process: files in, a table, JSON or a page out, and one line when not.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report/sample_reports.h"

namespace ringpeer::tools {
namespace {

constexpr std::chrono::seconds kPatience{60};

class ReportCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    for (const NamedReport& run : sample_runs()) write(run.name, run.report.dump(2));
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      names.push_back(file.path().filename());
    }
    return names;
  }

  // One line on stderr, nothing on stdout, and no more files than before.
  void expect_failure(const std::vector<std::string>& arguments, int status,
                      const std::string& words,
                      const std::function<void()>& restrict_process = {}) const {
    const std::size_t before = files().size();
    std::vector<std::string> command = {"report"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    CommandProcess process(command, restrict_process);
    EXPECT_EQ(process.finish(kPatience), status) << words;
    EXPECT_EQ(process.output(), "");
    const std::string& error = process.error_output();
    EXPECT_TRUE(error.starts_with("ringpeer: ")) << error;
    EXPECT_NE(error.find(words), std::string::npos) << error;
    EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
    EXPECT_EQ(files().size(), before) << words;
  }

  const std::string folder_ = ::testing::TempDir() + "/report_command";
};

TEST_F(ReportCommandTest, PrintsATableOfTheRuns) {
  CommandProcess process({"report", path("calm.json"), path("late.json"), path("find-max.json")});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  EXPECT_EQ(process.error_output(), "");
  for (const char* words : {"3 runs", "calm.json", "late.json", "round trip p99.99", " (x1.",
                            "42,000/s", "late.json is not valid: 3.1 % of sends"}) {
    EXPECT_NE(process.output().find(words), std::string::npos) << words << process.output();
  }
}

TEST_F(ReportCommandTest, PrintsTheComparisonAsJson) {
  CommandProcess process({"report", path("calm.json"), path("paused.json"), "--json"});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  const auto json = nlohmann::json::parse(process.output());
  ASSERT_EQ(json["runs"].size(), 2U);
  const auto& runs = json["runs"];
  EXPECT_EQ(runs[0]["ratios"]["p99"], 1.0);
  EXPECT_DOUBLE_EQ(runs[1]["ratios"]["p99"].get<double>(),
                   runs[1]["rtt_us"]["p99"].get<double>() / runs[0]["rtt_us"]["p99"].get<double>());
  // Nothing was lost in the first, and no number is a multiple of that.
  EXPECT_EQ(runs[0]["lost_percent"], 0.0);
  EXPECT_TRUE(runs[1]["ratios"]["lost_percent"].is_null());
  EXPECT_GT(runs[1]["lost_percent"], 0.0);
}

TEST_F(ReportCommandTest, WritesAPageAndNothingElse) {
  CommandProcess process({"report", path("calm.json"), "--html", path("a.html")});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  EXPECT_EQ(process.output(), "");
  EXPECT_EQ(process.error_output(), "");
  EXPECT_TRUE(read("a.html").ends_with("</html>\n"));
  EXPECT_EQ(files().size(), sample_runs().size() + 1);
  CommandProcess to_stdout({"report", path("calm.json"), "--html", "/dev/stdout"});
  EXPECT_EQ(to_stdout.finish(kPatience), 0) << to_stdout.error_output();
  EXPECT_EQ(to_stdout.output(), read("a.html"));
}

TEST_F(ReportCommandTest, SaysInOneLineWhatIsWrong) {
  write("serve.json", R"({"schema": 2, "command": "serve"})");
  write("old.json", R"({"schema": 1, "command": "load"})");
  write("half.json", read("calm.json").substr(0, 5000));
  expect_failure({path("none.json")}, 1, "none.json cannot be read: No such file or directory");
  expect_failure({path("serve.json")}, 1, "only those of load can be shown");
  expect_failure({path("old.json")}, 1, "run the load again");
  expect_failure({path("calm.json"), path("half.json")}, 1, "half.json is not JSON");
  expect_failure({"-"}, 1, "standard input is empty");
  expect_failure({path("calm.json"), "--html", ""}, 2, "--html");
  expect_failure(std::vector<std::string>(9, path("calm.json")), 2, "name 8 at most");
}

TEST_F(ReportCommandTest, APageThatCannotBeWrittenLeavesNothing) {
  expect_failure({path("calm.json"), "--html", path("none/a.html")}, 1,
                 "No such file or directory");
  expect_failure({"-", "-"}, 2, "can be read once");
  expect_failure({path("calm.json"), "--html", folder_}, 1, "Is a directory");
  expect_failure({path("calm.json"), "--html", "/dev/full"}, 1, "No space left on device");
  // A disk that takes only the beginning.
  write("old.html", "the page of yesterday");
  for (const char* name : {"new.html", "old.html"}) {
    expect_failure({path("calm.json"), "--html", path(name)}, 1, "File too large", [] {
      std::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{20000, 20000};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    });
  }
  EXPECT_EQ(read("old.html"), "the page of yesterday");
}

TEST_F(ReportCommandTest, AClosedPipeIsHeardOf) {
  const auto close_output = [] {
    int ends[2];
    if (::pipe(ends) != 0) return;
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
  };
  expect_failure({path("calm.json")}, 1, "Broken pipe", close_output);
  expect_failure({path("calm.json"), "--html", "/dev/stdout"}, 1, "Broken pipe", close_output);
}

TEST_F(ReportCommandTest, ALinkToAPageStaysALink) {
  write("real.html", "old");
  std::filesystem::create_symlink("real.html", path("link.html"));
  CommandProcess process({"report", path("calm.json"), "--html", path("link.html")});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.html")));
  EXPECT_TRUE(read("real.html").ends_with("</html>\n"));
}

}  // namespace
}  // namespace ringpeer::tools
