// What a list of prefixes looks like, what is no list, and what is said then.

#include "ringpeer/engine/admission/source_list_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/engine/admission/source_list.h"
#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer {
namespace {

using Texts = std::vector<std::string>;

// The prefixes of a text, each as the shortest text of it; "!" and what is said when it is none.
Texts read(const std::string& text) {
  std::vector<SourcePrefix> prefixes(1);
  std::string error;
  if (!parse_source_list(text, &prefixes, &error)) {
    EXPECT_EQ(prefixes.size(), 1u) << "they are no more what they were";
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
    return {"!" + error};
  }
  Texts texts;
  for (const SourcePrefix& prefix : prefixes) texts.push_back(source_prefix_text(prefix));
  return texts;
}

TEST(SourceListTextTest, IsALineForEachPrefix) {
  EXPECT_EQ(read("192.0.2.0/24\n198.51.100.7\n2001:db8::/32\n::1\n"),
            (Texts{"192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "::1"}));
}

TEST(SourceListTextTest, LeavesOutBlanksEmptyLinesAndComments) {
  EXPECT_EQ(read("# ours\n\n \t 10.0.0.0/8 \t# office\n;\n1.10.16.0/20 ; SBL256894\n#"),
            (Texts{"10.0.0.0/8", "1.10.16.0/20"}));
  EXPECT_EQ(read(""), Texts());
  EXPECT_EQ(read("\n\r\n#"), Texts());
}

TEST(SourceListTextTest, EndsLinesAsAnySystemDoes) {
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "10.0.0.0/8\r\n\r\n::/0\r\n127.0.0.1"),
            (Texts{"10.0.0.0/8", "::/0", "127.0.0.1"}));
}

TEST(SourceListTextTest, ReadsEveryLength) {
  EXPECT_EQ(read("0.0.0.0/0"), Texts{"0.0.0.0/0"});
  EXPECT_EQ(read("192.0.2.1/32"), Texts{"192.0.2.1"});
  EXPECT_EQ(read("::/0"), Texts{"::/0"});
  EXPECT_EQ(read("2001:db8::1/128"), Texts{"2001:db8::1"});
  // IPv4 as IPv6 has it.
  EXPECT_EQ(read("::ffff:0:0/96"), Texts{"0.0.0.0/0"});
  EXPECT_EQ(read("::ffff:192.0.2.0/120"), Texts{"192.0.2.0/24"});
  EXPECT_EQ(read("::ffff:192.0.2.1"), Texts{"192.0.2.1"});
}

struct Case {
  std::string text;
  std::string complaint;
};

void expect_complaints(const std::vector<Case>& cases) {
  for (const auto& [text, complaint] : cases) EXPECT_EQ(read(text), Texts{"!" + complaint});
}

TEST(SourceListTextTest, SaysWhatToWriteForBitsBehindThePrefix) {
  expect_complaints({
      {"10.0.0.1/8",
       "line 1: '10.0.0.1/8' has bits behind its prefix: write 10.0.0.0/8 for the net, or 10.0.0.1 "
       "for the one address."},
      {"# x\r\n\r\n255.255.255.255/31\r\n",
       "line 3: '255.255.255.255/31' has bits behind its prefix: write 255.255.255.254/31 for the "
       "net, or 255.255.255.255 for the one address."},
      {"2001:db8::1:0/64",
       "line 1: '2001:db8::1:0/64' has bits behind its prefix: write 2001:db8::/64 for the net, or "
       "2001:db8::1:0 for the one address."},
      {"1.2.3.4/0",
       "line 1: '1.2.3.4/0' has bits behind its prefix: write 0.0.0.0/0 for the net, or 1.2.3.4 "
       "for the one address."},
      {"::ffff:10.0.0.1/104",
       "line 1: '::ffff:10.0.0.1/104' has bits behind its prefix: write 10.0.0.0/8 for the net, or "
       "10.0.0.1 for the one address."},
  });
}

TEST(SourceListTextTest, SaysWhatIsNoPrefix) {
  const std::string write = "write 192.0.2.0/24, 2001:db8::/32, or one address alone.";
  const std::string up_to_32 =
      ": behind the '/' is how many bits are given, 0 to 32, as in 192.0.2.0/24.";
  const std::string up_to_128 =
      ": behind the '/' is how many bits are given, 0 to 128, as in 2001:db8::/32.";
  for (const char* word :
       {"localhost", "10/8", "1.2.3", "/8", "1.2.3.4.5", "01.2.3.4", "-", "1::2::3"}) {
    expect_complaints({{"::1\n" + std::string(word),
                        "line 2: '" + std::string(word) + "' is no address in numbers: " + write}});
  }
  for (const char* bits :
       {"", "33", "-1", "-0", "+8", "8x", "0x8", "999999999999", "8/8", "255.0.0.0"}) {
    const std::string text = "10.0.0.0/" + std::string(bits);
    expect_complaints({{text, "line 1: '" + text + "'" + up_to_32}});
  }
  expect_complaints({
      {"::/129", "line 1: '::/129'" + up_to_128},
      {"10.0.0.0/8 10.0.0.0/8",
       "line 1: '10.0.0.0/8 10.0.0.0/8' is more than one word: write one prefix a line, and '#' "
       "before a comment."},
      {"fe80::1%eth0",
       "line 1: 'fe80::1%eth0' names an interface, which is no part of an address: leave it out, "
       "with the '%'."},
      {"a\x1b[2Jb\xc3\xa4", "line 1: 'a?[2Jb?\?' is no address in numbers: " + write},
      {std::string("10.0.0.1\0", 9), "line 1: '10.0.0.1?' is no address in numbers: " + write},
      {std::string(60, 'x'),
       "line 1: '" + std::string(50, 'x') + "...' is no address in numbers: " + write},
  });
}

TEST(SourceListTextTest, IsNoLargerThanItMayBe) {
  std::string text = "#" + std::string(kMaxSourceListText - 1, 'x');
  EXPECT_EQ(read(text), Texts());
  text += 'x';
  EXPECT_EQ(read(text), Texts{"!there are more than 64 MiB of it: merge prefixes that lie within "
                              "each other, and leave comments out."});
  text.clear();
  for (std::size_t i = 0; i < SourceList::kMaxPrefixes; ++i) text += "::1\n";
  std::vector<SourcePrefix> prefixes;
  std::string error;
  EXPECT_TRUE(parse_source_list(text, &prefixes, &error)) << error;
  EXPECT_EQ(prefixes.size(), SourceList::kMaxPrefixes);
  text += "# a comment is none\n::1";
  EXPECT_EQ(read(text), Texts{"!line 2097154: there are more than 2097152 prefixes: merge those "
                              "that lie within each other."});
}

// Random bytes, many of those that prefixes are made of: what is read is what its own text says.
TEST(SourceListTextTest, AnyTextIsReadOrRefused) {
  static constexpr std::string_view kLikely = "0123456789abcdef.:/\n# \r;%";
  std::mt19937 random(99);
  int read_count = 0;
  int refused_count = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text(random() % 12, ' ');
    for (char& c : text) {
      c = random() % 50 == 0 ? static_cast<char>(random()) : kLikely[random() % kLikely.size()];
    }
    std::vector<SourcePrefix> prefixes;
    std::string error;
    if (!parse_source_list(text, &prefixes, &error)) {
      ++refused_count;
      EXPECT_TRUE(prefixes.empty());
      EXPECT_TRUE(error.starts_with("line ")) << error;
      continue;
    }
    std::string written;
    for (const SourcePrefix& prefix : prefixes) written += source_prefix_text(prefix) + "\n";
    if (!prefixes.empty()) ++read_count;
    std::vector<SourcePrefix> again;
    ASSERT_TRUE(parse_source_list(written, &again, &error)) << error;
    ASSERT_EQ(again.size(), prefixes.size());
    for (std::size_t j = 0; j < again.size(); ++j) {
      EXPECT_EQ(again[j].address, prefixes[j].address);
      EXPECT_EQ(again[j].bits, prefixes[j].bits);
    }
    EXPECT_NE(SourceList::create(prefixes, prefixes), nullptr) << text;
  }
  EXPECT_GT(read_count, 100);
  EXPECT_GT(refused_count, 100'000);
}

}  // namespace
}  // namespace ringpeer
