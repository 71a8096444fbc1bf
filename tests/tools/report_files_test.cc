// The files that commands write: whole, or not at all, and words about why not.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/tests/tools/command_process.h"
#include "ringpeer/tests/tools/report_schema.h"

namespace ringpeer::tools {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

constexpr std::chrono::seconds kPatience{60};

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ReportFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* temporary = std::getenv("TEST_TMPDIR");
    folder_ = std::string(temporary == nullptr ? "/tmp" : temporary) + "/files-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(server_.wait_for_error_text(", backend ", kPatience));
    const std::string& said = server_.error_output();
    target_ = "127.0.0.1:" + std::to_string(std::stoi(said.substr(said.find(" on port ") + 9)));
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // Each command with each option that names a file; the file comes next.
  std::vector<Words> writers() {
    const Words load = {"load",       "--target", target_,           "--clients", "2",
                        "--duration", "0.1",      "--allow-invalid", "--json"};
    std::vector<Words> all;
    for (const char* option : {"--csv", "--csv-clients", "--html", "--json-file"}) {
      all.push_back(load);
      all.back().push_back(option);
    }
    all.push_back(
        {"serve", "--mode", "sink", "--port", "0", "--duration", "0.05", "--json", "--json-file"});
    all.push_back({"demo", "--clients", "2", "--duration", "0.1", "--json", "--json-file"});
    all.push_back({"impair", "--target", target_, "--port", "0", "--duration", "0.05", "--json",
                   "--json-file"});
    return all;
  }
  // The doctor says what is wrong with this machine, and so has another status.
  static Words doctor() { return {"doctor", "--clients", "1", "--json", "--json-file"}; }

  // The last line says what failed; a report that was printed says that it did.
  static void expect_refused(const Words& words, const std::string& reason,
                             const std::function<void()>& restriction = {}) {
    SCOPED_TRACE(words.front() + " " + words[words.size() - 2] + " " + words.back());
    CommandProcess process(words, restriction);
    EXPECT_EQ(process.finish(kPatience), 1) << process.error_output();
    const std::string& said = process.error_output();
    EXPECT_NE(said.find(reason), std::string::npos) << said;
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_TRUE(line.starts_with("ringpeer: ")) << line;
    }
    if (process.output().empty()) return;
    const json report = json::parse(process.output(), nullptr, false);
    ASSERT_TRUE(report.is_object()) << process.output();
    EXPECT_EQ(report.at("ok"), false);
  }

  CommandProcess server_{{"serve", "--mode", "echo", "--port", "0"}};
  std::string folder_;
  std::string target_;
};

Words with(Words words, const std::string& last) {
  words.push_back(last);
  return words;
}

TEST_F(ReportFilesTest, AreWholeAndWhatIsPrintedBesides) {
  const ReportSchema schema;
  for (const Words& words : writers()) {
    CommandProcess process(with(words, path("file")));
    EXPECT_EQ(process.finish(kPatience), 0) << words.front() << process.error_output();
    EXPECT_EQ(files(), Words{"file"}) << words.front();
    if (words.back() == "--json-file") {
      EXPECT_EQ(text_of(path("file")), process.output()) << words.front();
      EXPECT_EQ(schema.complaint(words.front(), json::parse(process.output())), "");
    }
    std::filesystem::remove(path("file"));
  }
  CommandProcess process(with(doctor(), path("file")));
  process.finish(kPatience);
  EXPECT_EQ(text_of(path("file")), process.output());
}

TEST_F(ReportFilesTest, WhereNoneCanBeIsToldBeforeTheRun) {
  for (const Words& words : writers()) {
    expect_refused(with(words, path("none/file")), "No such file or directory");
    expect_refused(with(words, folder_), "Is a directory");
    expect_refused(with(words, "/proc/none"), "cannot be written");
  }
  expect_refused(with(doctor(), path("none/file")), "No such file or directory");
  EXPECT_EQ(files(), Words{});
}

// A device that is full, and a file that must not grow; what was there stays.
TEST_F(ReportFilesTest, WhatHasNoRoomLeavesNothing) {
  std::ofstream(path("old")) << "of yesterday";
  for (const Words& words : writers()) {
    expect_refused(with(words, "/dev/full"), "No space left on device");
    for (const char* name : {"old", "new"}) {
      expect_refused(with(words, path(name)), "File too large", [] {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {.rlim_cur = 16, .rlim_max = 16};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(126);
      });
    }
    EXPECT_EQ(files(), Words{"old"}) << words.front();
  }
  EXPECT_EQ(text_of(path("old")), "of yesterday");
}

// A file system of the command's own with one page.
bool mount_small(const std::string& folder) {
  const std::string user = std::to_string(getuid());
  const std::string group = std::to_string(getgid());
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
    std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
  }
  (void)mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  return mount("small", folder.c_str(), "tmpfs", 0, "size=4k,nr_inodes=8") == 0;
}

bool can_mount(const std::string& folder) {
  const pid_t child = fork();
  if (child == 0) _exit(mount_small(folder) ? 0 : 1);
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

TEST_F(ReportFilesTest, AFullDiskLeavesNothing) {
  if (!can_mount(folder_)) GTEST_SKIP() << "no file system can be mounted here";
  for (const Words& words : writers()) {
    const bool is_large = words.back() == "--html" || words.back() == "--json-file";
    if (!is_large) continue;  // a page holds it
    expect_refused(with(words, path("file")), "No space left on device", [this] {
      if (!mount_small(folder_)) _exit(126);
      // All but nothing of the page.
      const int filler = open(path("filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
      const std::string page(4096, 'x');
      (void)write(filler, page.data(), page.size());
      close(filler);
    });
  }
}

TEST_F(ReportFilesTest, SeveralFilesHaveSeveralNames) {
  const Words load = {"load", "--target", target_, "--duration", "0.1", "--csv", path("file")};
  for (const char* option : {"--csv-clients", "--html", "--json-file"}) {
    Words words = load;
    words.insert(words.end(), {option, path("file")});
    CommandProcess process(words);
    EXPECT_EQ(process.finish(kPatience), 2) << option;
    EXPECT_NE(process.error_output().find("two files have the name"), std::string::npos);
  }
  EXPECT_EQ(files(), Words{});
}

// ---- A line a client -----------------------------------------------------------

std::vector<std::vector<std::string>> rows_of(const std::string& path) {
  std::istringstream lines(text_of(path));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.ends_with('\r')) << line;
    line.pop_back();
    std::istringstream cells(line + ",");
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

TEST_F(ReportFilesTest, EachClientHasALineWithItsOwnPackets) {
  CommandProcess process({"load", "--target", target_, "--clients", "6", "--threads", "2", "--hz",
                          "50", "--duration", "1", "--session", "400ms", "--allow-invalid",
                          "--json", "--csv-clients", path("clients.csv")});
  EXPECT_EQ(process.finish(kPatience), 0) << process.error_output();
  const json report = json::parse(process.output(), nullptr, false);
  const auto rows = rows_of(path("clients.csv"));
  ASSERT_GT(rows.size(), 7U);
  EXPECT_EQ(rows[0], (Words{"client", "target", "sent", "answered", "lost", "late", "repeated",
                            "corrupted", "p50_us", "p99_us", "max_us"}));
  EXPECT_EQ(rows.size() - 1, report.at("joins").at("count"));
  int sent = 0;
  int answered = 0;
  double longest = 0;
  int last = -1;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), rows[0].size());
    EXPECT_GT(std::stoi(rows[i][0]), last);  // in order, each once
    last = std::stoi(rows[i][0]);
    EXPECT_EQ(rows[i][1], target_);
    sent += std::stoi(rows[i][2]);
    answered += std::stoi(rows[i][3]);
    EXPECT_EQ(rows[i][4], "0");
    EXPECT_LE(std::stod(rows[i][8]), std::stod(rows[i][9]));
    EXPECT_LE(std::stod(rows[i][9]), std::stod(rows[i][10]) * 1.01);
    longest = std::max(longest, std::stod(rows[i][10]));
  }
  EXPECT_EQ(sent, report.at("sent"));
  EXPECT_EQ(answered, report.at("answered"));
  EXPECT_NEAR(longest, report.at("rtt_us").at("max").get<double>(), 0.01);
}

TEST_F(ReportFilesTest, MoreClientsThanThereIsRoomForAreRefused) {
  CommandProcess process({"load", "--target", target_, "--clients", "20000", "--duration", "3600",
                          "--session", "1s", "--csv-clients", path("clients.csv")});
  EXPECT_EQ(process.finish(kPatience), 2);
  EXPECT_NE(process.error_output().find("Use a longer --session"), std::string::npos);
  EXPECT_EQ(files(), Words{});
}

}  // namespace
}  // namespace ringpeer::tools
