// The files of --deny and --allow: what they make together, and what is said of those that are
// missing or wrong.

#include "ringpeer/tools/serve/source_list_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::tools {
namespace {

using Fault = SourceListFiles::Fault;

// Files of this test, by their names.
std::string path_of(const std::string& name) {
  return testing::TempDir() + "source_list_files_" + name;
}

std::string write(const std::string& name, const std::string& text) {
  std::ofstream(path_of(name), std::ios::binary) << text;
  return path_of(name);
}

bool refuses(const SourceListFiles& files, const std::string& text) {
  return files.list()->refuses(net::IpAddress::parse(text).value());
}

void expect_fault(SourceListFiles& files, Fault fault, const std::string& words) {
  std::string error;
  EXPECT_EQ(files.load(&error), fault) << words;
  EXPECT_EQ(error, words);
}

void expect_loaded(SourceListFiles& files) {
  std::string error;
  EXPECT_EQ(files.load(&error), Fault::kNone) << error;
}

TEST(SourceListFilesTest, MakeOneListTogether) {
  SourceListFiles files({write("deny", "10.1.0.0/16\n"), write("more", "10.2.0.0/16\n# none\n")},
                        {write("allow", "10.0.0.0/8\n::1\n")});
  EXPECT_EQ(files.list(), nullptr);
  expect_loaded(files);
  EXPECT_FALSE(refuses(files, "10.0.0.1"));
  EXPECT_TRUE(refuses(files, "10.1.0.1"));
  EXPECT_TRUE(refuses(files, "10.2.0.1"));
  EXPECT_TRUE(refuses(files, "8.8.8.8"));
  EXPECT_FALSE(refuses(files, "::1"));
  EXPECT_EQ(files.figures().prefixes, 4u);
  EXPECT_EQ(files.figures().bytes, files.list()->memory());
  EXPECT_GT(files.figures().load_ms, 0);
  EXPECT_EQ(files.figures().reloads, 0u);
}

TEST(SourceListFilesTest, AnEmptyFileDeniesNobody) {
  SourceListFiles files({write("deny", "")}, {});
  expect_loaded(files);
  EXPECT_FALSE(refuses(files, "127.0.0.1"));
}

TEST(SourceListFilesTest, AreReadAgainAndStayWhenTheyAreWrong) {
  const std::string path = write("deny", "10.0.0.1\n10.0.0.2\n");
  SourceListFiles files({path}, {});
  expect_loaded(files);
  write("deny", "10.0.0.3\n");
  expect_loaded(files);
  EXPECT_FALSE(refuses(files, "10.0.0.1"));
  EXPECT_TRUE(refuses(files, "10.0.0.3"));
  EXPECT_EQ(files.figures().reloads, 1u);
  write("deny", "10.0.0.4\n10.0.0.5/8\n");
  const auto before = files.list();
  expect_fault(files, Fault::kWrong,
               "--deny " + path +
                   ": line 2: '10.0.0.5/8' has bits behind its prefix: write 10.0.0.0/8 for the "
                   "net, or 10.0.0.5 for the one address.");
  EXPECT_EQ(files.list(), before);
  std::remove(path.c_str());
  expect_fault(files, Fault::kUnreadable,
               "--deny " + path +
                   " cannot be read: No such file or directory. Name a file with a prefix a line.");
  EXPECT_TRUE(refuses(files, "10.0.0.3"));
  EXPECT_EQ(files.figures().prefixes, 1u);
  EXPECT_EQ(files.figures().reloads, 1u);
  EXPECT_EQ(files.figures().reloads_failed, 2u);
}

TEST(SourceListFilesTest, AnAllowThatAllowsNobodyIsNoList) {
  const std::string path = write("allow", "# 10.0.0.0/8\n");
  SourceListFiles files({}, {path});
  expect_fault(files, Fault::kWrong,
               "--allow " + path +
                   ": there is no prefix in it: write one, or 0.0.0.0/0 and ::/0 for everybody.");
  EXPECT_EQ(files.list(), nullptr);
  EXPECT_EQ(files.figures().reloads_failed, 0u) << "the first was none";
}

TEST(SourceListFilesTest, WhatIsNoFileHoldsNothingUp) {
  const std::string pipe = path_of("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, std::string("/dev/null"), testing::TempDir()}) {
    SourceListFiles files({path}, {});
    expect_fault(files, Fault::kUnreadable,
                 "--deny " + path +
                     " cannot be read: it is no regular file, which SIGHUP could have read again. "
                     "Name a file with a prefix a line.");
  }
  std::remove(pipe.c_str());
}

TEST(SourceListFilesTest, TogetherTheyHaveNoMoreThanTheMost) {
  std::string half;
  for (std::size_t i = 0; i < SourceList::kMaxPrefixes / 2; ++i) half += "::1\n";
  const std::string path = write("half", half);
  SourceListFiles all({path}, {path});
  expect_loaded(all);
  SourceListFiles more({path, path, write("one", "::2")}, {});
  expect_fault(more, Fault::kWrong,
               "--deny and --allow have more than 2097152 prefixes together: merge those that lie "
               "within each other.");
}

TEST(SourceListFilesTest, ALargeFileIsReadToItsEnd) {
  std::string text(std::size_t{3} << 20, '\n');
  text += "10.0.0.1";
  SourceListFiles files({write("large", text)}, {});
  expect_loaded(files);
  EXPECT_TRUE(refuses(files, "10.0.0.1"));
  text.assign((std::size_t{64} << 20) + 1, '\n');
  SourceListFiles larger({write("large", text)}, {});
  expect_fault(larger, Fault::kWrong,
               "--deny " + path_of("large") +
                   ": there are more than 64 MiB of it: merge prefixes that lie within each other, "
                   "and leave comments out.");
  std::remove(path_of("large").c_str());
}

}  // namespace
}  // namespace ringpeer::tools
