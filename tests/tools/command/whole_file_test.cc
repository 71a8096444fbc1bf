// Files that are there whole or not at all, also when a signal ends the program.

#include "ringpeer/tools/command/whole_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tools/command/stop_signal.h"

namespace ringpeer::tools {
namespace {

class WholeFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/whole-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
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
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  // Two files that are not finished.
  void open_both(WholeFile* first, WholeFile* second) const {
    std::string error;
    if (!first->open(path("first"), &error) || !second->open(path("second"), &error)) _exit(2);
    if (files().size() != 2) _exit(3);
  }

  using Names = std::vector<std::string>;
  std::string folder_;
};

TEST_F(WholeFileTest, TakesItsPlaceAtTheEnd) {
  std::string error;
  WholeFile file;
  ASSERT_TRUE(file.open(path("a"), &error)) << error;
  EXPECT_FALSE(std::filesystem::exists(path("a")));
  ASSERT_TRUE(file.finish("text", &error)) << error;
  EXPECT_EQ(files(), Names{"a"});
  EXPECT_EQ(text_of(path("a")), "text");
}

TEST_F(WholeFileTest, NothingIsLeftOfWhatIsNotFinished) {
  {
    std::string error;
    WholeFile file;
    ASSERT_TRUE(file.open(path("a"), &error)) << error;
  }
  EXPECT_EQ(files(), Names{});
}

TEST_F(WholeFileTest, ASignalThatEndsTheProgramLeavesNothing) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    EXPECT_EXIT(
        {
          WholeFile first;
          WholeFile second;
          open_both(&first, &second);
          raise(number);
        },
        testing::KilledBySignal(number), "");
    EXPECT_EQ(files(), Names{}) << number;
  }
}

// In whichever order they come, and while it is the first of its kind nothing happens.
TEST_F(WholeFileTest, ASecondStopSignalLeavesNothing) {
  for (const bool is_stop_first : {true, false}) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      EXPECT_EXIT(
          {
            WholeFile first;
            WholeFile second;
            if (!is_stop_first) open_both(&first, &second);
            const StopSignal stop;
            if (is_stop_first) open_both(&first, &second);
            raise(number);
            if (stop.number() != number || files().size() != 2) _exit(4);
            raise(number);
          },
          testing::KilledBySignal(number), "");
      EXPECT_EQ(files(), Names{}) << number;
    }
  }
}

TEST_F(WholeFileTest, WhatWasFinishedStays) {
  EXPECT_EXIT(
      {
        std::string error;
        WholeFile first;
        WholeFile second;
        open_both(&first, &second);
        if (!first.finish("text", &error)) _exit(4);
        raise(SIGTERM);
      },
      testing::KilledBySignal(SIGTERM), "");
  EXPECT_EQ(files(), Names{"first"});
  EXPECT_EQ(text_of(path("first")), "text");
}

// Such as the server of the demo: its end is not that of the one who writes.
TEST_F(WholeFileTest, AProcessThatWasForkedOffRemovesNothing) {
  std::string error;
  WholeFile file;
  ASSERT_TRUE(file.open(path("a"), &error)) << error;
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGTERM);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  EXPECT_EQ(files().size(), 1U);
  ASSERT_TRUE(file.finish("text", &error)) << error;
  EXPECT_EQ(files(), Names{"a"});
}

TEST_F(WholeFileTest, AnIgnoredSignalStaysIgnored) {
  const auto before = signal(SIGHUP, SIG_IGN);
  std::string error;
  WholeFile file;
  ASSERT_TRUE(file.open(path("a"), &error)) << error;
  raise(SIGHUP);
  EXPECT_EQ(signal(SIGHUP, before), SIG_IGN);
}

// All pairs, and all names of one place.
TEST_F(WholeFileTest, TwoFilesInOnePlaceAreRefused) {
  std::ofstream(path("there")) << "x";
  std::filesystem::create_symlink(path("there"), path("link"));
  std::filesystem::create_directory_symlink(folder_, path("folder"));
  const std::vector<Names> places = {
      {path("there"), path("link"), folder_ + "//./there", path("folder/there")},
      {path("new"), path("folder/new"),
       path("folder/../") + std::filesystem::path(folder_).filename().string() + "/new"}};
  for (const Names& names : places) {
    for (const std::string& one : names) {
      for (const std::string& other : names) {
        for (std::size_t first = 0; first < 4; ++first) {
          for (std::size_t second = first + 1; second < 4; ++second) {
            std::vector<std::string> paths(4);
            paths[first] = one;
            paths[second] = other;
            EXPECT_NE(complaint_about_places(paths).find("two files have the name"),
                      std::string::npos)
                << one << " and " << other;
          }
        }
      }
    }
  }
  EXPECT_EQ(complaint_about_places({path("there"), path("new"), "", "", path("else/new")}), "");
  EXPECT_NE(complaint_about_places({"x", "./x"}), "");
}

}  // namespace
}  // namespace ringpeer::tools
