// The page by itself: it loads nothing, and what reports say cannot become a part of it.

#include "ringpeer/tools/report/html_page.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/report/sample_reports.h"

namespace ringpeer::tools {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// What is between the two, without them.
std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  const std::size_t first = from + begin.size();
  return text.substr(first, text.find(end, first) - first);
}

const std::string kDataBegin = R"(<script type="application/json" id="runs">)";

TEST(HtmlPageTest, ItLoadsNothing) {
  const std::string page = html_page(sample_runs());
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  // In markup and style; "src =" of a script would be one that loads an image.
  EXPECT_FALSE(std::regex_search(page, std::regex(R"(<(link|img|iframe|object|embed|base)\b)")));
  EXPECT_FALSE(std::regex_search(
      page,
      std::regex(
          R"(\bsrc(set)?\s*=|@import|\burl\(|\bimport\(|\bfetch\(|XMLHttpRequest|WebSocket)")));
  // The one address is that of the library, in its comment.
  EXPECT_EQ(count_of(page, "http://") + count_of(page, "https://"), 1U);
  EXPECT_EQ(count_of(page, "/*! https://github.com/leeoniya/uPlot (v1.6.32) */"), 1U);
  EXPECT_NE(page.find("default-src 'none'; script-src 'sha256-"), std::string::npos);
}

TEST(HtmlPageTest, TheLibraryComesWithItsLicence) {
  const std::string page = html_page(sample_runs());
  EXPECT_NE(page.find("Permission is hereby granted, free of charge"), std::string::npos);
  EXPECT_NE(page.find("Leon Sorokin"), std::string::npos);
}

TEST(HtmlPageTest, TheReportsAreInItAsTheyAre) {
  std::vector<NamedReport> runs = sample_runs();
  runs.push_back({"</script>", hostile_report()});
  const std::string data = between(html_page(runs), kDataBegin, "</script>");
  const auto found = nlohmann::ordered_json::parse(data);
  ASSERT_EQ(found.size(), runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(found[i]["name"], runs[i].name);
    EXPECT_EQ(found[i]["report"], runs[i].report);
  }
}

TEST(HtmlPageTest, NothingInAReportEndsItsElement) {
  const std::string page = html_page({{"<!--</script><b>", hostile_report()}});
  EXPECT_EQ(count_of(page, "</script"), 2U);
  EXPECT_EQ(count_of(page, "<script"), 2U);
  EXPECT_EQ(count_of(page, "<!--"), 0U);
  const std::string data = between(page, kDataBegin, "</script>");
  EXPECT_EQ(data.find_first_of("<>&"), std::string::npos);
  for (const char c : data) ASSERT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
  const std::string text = between(page, "<pre>", "</pre>");
  EXPECT_EQ(text.find_first_of("<>"), std::string::npos);
  EXPECT_NE(text.find("&lt;/script&gt;&lt;script&gt;window.broken"), std::string::npos);
}

// Where no script runs, the table does.
TEST(HtmlPageTest, WithoutScriptsThereIsTheTable) {
  const std::string text = between(html_page(sample_runs()), "<pre>", "</pre>");
  EXPECT_NE(text.find("round trip p99.9"), std::string::npos);
  EXPECT_NE(text.find("find-max.json"), std::string::npos);
}

TEST(HtmlPageTest, BytesThatAreNoTextHurtNothing) {
  auto report = hostile_report();
  report["target"] = "\xff\xc0</script>";
  const std::string data = between(html_page({{"\xfe", report}}), kDataBegin, "</script>");
  EXPECT_FALSE(nlohmann::ordered_json::parse(data, nullptr, false).is_discarded());
}

TEST(HtmlPageTest, OnlyWholeReportsAreWritten) {
  const std::string path = ::testing::TempDir() + "/page_of_damage.html";
  NamedReport run = sample_runs()[0];
  run.report.erase("rtt_us");
  std::string error;
  EXPECT_FALSE(write_html_report({run}, path, &error));
  EXPECT_NE(error.find("calm.json is damaged: rtt_us is missing"), std::string::npos) << error;
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace ringpeer::tools
