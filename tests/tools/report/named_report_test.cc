// What is no report is refused in one line that says what to do, whatever it is.

#include "ringpeer/tools/report/named_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/tests/tools/report/sample_reports.h"
#include "ringpeer/tools/report/comparison.h"
#include "ringpeer/tools/report/html_page.h"
#include "ringpeer/tools/report/report_shape.h"

namespace ringpeer::tools {
namespace {

using Json = nlohmann::ordered_json;

SampleRun small(bool finds_max = false) {
  return {.seconds = 3, .clients = 5, .loss_share = 0.05, .finds_max = finds_max};
}

std::string error_of(const std::string& text) {
  std::string error;
  EXPECT_FALSE(parse_load_report(text, "a.json", &error).has_value()) << text.substr(0, 200);
  EXPECT_TRUE(error.starts_with("a.json ")) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  return error;
}

// Every value of a report, by its path; of an array the first item alone.
void collect_paths(const Json& value, const std::string& path, std::vector<std::string>* paths) {
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) {
      const std::string inner_path = path + "/" + name;
      paths->push_back(inner_path);
      collect_paths(inner, inner_path, paths);
    }
  } else if (value.is_array() && !value.empty()) {
    const std::string first_path = path + "/0";
    paths->push_back(first_path);
    collect_paths(value[0], first_path, paths);
  }
}

std::vector<std::string> paths_of(const Json& report) {
  std::vector<std::string> paths;
  collect_paths(report, "", &paths);
  return paths;
}

TEST(NamedReportTest, ReadsWhatLoadPrints) {
  for (const NamedReport& run : sample_runs()) {
    std::string error;
    const auto report = parse_load_report(run.report.dump(2), run.name, &error);
    ASSERT_TRUE(report.has_value()) << error;
    EXPECT_EQ(*report, run.report);
  }
  EXPECT_EQ(complaint_about_report(hostile_report()), "");
}

TEST(NamedReportTest, AFieldOfALaterVersionIsLeftAlone) {
  Json report = sample_report(small());
  report["new"] = {{"x", 1}};
  report["series"]["points"][0]["new_us"] = nullptr;
  EXPECT_EQ(complaint_about_report(report), "");
}

TEST(NamedReportTest, SaysWhatIsNoReport) {
  EXPECT_NE(error_of("").find("is empty"), std::string::npos);
  EXPECT_NE(error_of("sent 3").find("is not JSON"), std::string::npos);
  EXPECT_NE(error_of(sample_report(small()).dump().substr(0, 900)).find("only the beginning"),
            std::string::npos);
  for (const char* text :
       {"null", "[]", "3", "{}", R"({"schema": 2})", R"({"command": "load"})",
        R"({"schema": "2", "command": "load"})", R"({"schema": 2, "command": 3})",
        R"({"schema": -2, "command": "load"})"}) {
    EXPECT_NE(error_of(text).find("is no report of ringpeer"), std::string::npos) << text;
  }
  EXPECT_NE(error_of(R"({"schema": 2, "command": "serve"})").find("of ringpeer serve"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"schema": 1, "command": "load"})").find("run the load again"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"schema": 3, "command": "load"})").find("a newer one"), std::string::npos);
}

// What SIGUSR1 asks for is not over, and nothing to compare with.
TEST(NamedReportTest, AnInterimReportIsRefused) {
  auto report = sample_runs()[0].report;
  report["interim"] = true;
  EXPECT_NE(complaint_about_report(report).find("a run that went on"), std::string::npos);
}

TEST(NamedReportTest, ATerminalIsNotControlledByAReport) {
  const std::string error = error_of("{\"schema\": 2, \"command\": \"\\u001b[2J\\nx\"}");
  EXPECT_EQ(error.find('\x1b'), std::string::npos);
  EXPECT_NE(error.find("?[2J?x"), std::string::npos) << error;
}

TEST(NamedReportTest, NestingWithoutEndIsRefused) {
  EXPECT_NE(error_of(std::string(1'000'000, '[')).find("is not JSON"), std::string::npos);
  Json report = sample_report(small());
  Json deep = 1;
  for (int i = 0; i < kMaxNesting; ++i) deep = Json::array({deep});
  report["impairment"] = {{"deep", deep}};
  error_of(report.dump());
  report["impairment"] = {{"]]]]}}}}\\\"[[[[", std::string(1000, '[')}};
  std::string error;
  EXPECT_TRUE(parse_load_report(report.dump(), "a.json", &error)) << error;
}

// Each field of the schema is looked at: without it, or with a value of another type, there is a
// complaint that names it.
TEST(NamedReportTest, EveryFieldIsChecked) {
  const Json good = sample_report(small(true));
  ASSERT_EQ(complaint_about_report(good), "");
  int checked = 0;
  for (const std::string& path : paths_of(good)) {
    const Json::json_pointer pointer(path);
    // Free in its shape, or only there with some runs.
    const bool may_be_missing = path == "/steps" || path == "/find_max";
    Json wrong = good;
    const std::string name = pointer.back();
    if (name != "0" && !may_be_missing) {
      wrong[pointer.parent_pointer()].erase(name);
      EXPECT_NE(complaint_about_report(wrong), "") << path << " is missing";
    }
    for (const Json& value :
         {Json(true), Json("x"), Json(-1), Json::array({nullptr}), Json{{"a", 1}}}) {
      wrong = good;
      const bool is_same = value.type() == good[pointer].type() ||
                           (value.is_number() && good[pointer].is_number() && value >= 0);
      if (is_same || path == "/impairment") continue;
      wrong[pointer] = value;
      const std::string complaint = complaint_about_report(wrong);
      EXPECT_NE(complaint, "") << path << " = " << value;
      ++checked;
    }
  }
  EXPECT_GT(checked, 300);
}

TEST(NamedReportTest, WhatDoesNotAscendIsDamaged) {
  Json report = sample_report(small());
  report["series"]["points"][1]["t"] = 0.0;
  EXPECT_NE(complaint_about_report(report).find("series.points[1].t"), std::string::npos);
  report = sample_report(small());
  report["histograms"]["rtt_ns"][1][0] = 0;
  EXPECT_NE(complaint_about_report(report).find("histograms.rtt_ns[1]"), std::string::npos);
  report = sample_report(small());
  report["sent"] = std::uint64_t{1} << 54U;
  EXPECT_NE(complaint_about_report(report).find("sent is not"), std::string::npos);
  report = sample_report(small());
  report["series"]["interval_s"] = 0.0;
  EXPECT_NE(complaint_about_report(report).find("interval_s"), std::string::npos);
}

// A value from anywhere in JSON.
Json any_value(std::mt19937_64* random) {
  const std::vector<Json> values = {nullptr,
                                    true,
                                    -1,
                                    0,
                                    std::uint64_t{1} << 63U,
                                    1e308,
                                    -0.5,
                                    "",
                                    "</script>",
                                    "\u2028",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({Json::array({1, 2})}),
                                    Json{{"t", nullptr}}};
  return values[(*random)() % values.size()];
}

// What is read after any damage can be compared and shown; nothing else happens.
TEST(NamedReportTest, DamagedReportsAreRefusedOrShown) {
  const Json good = sample_report(small(true));
  const std::vector<std::string> paths = paths_of(good);
  const std::string text = good.dump();
  int shown = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    std::mt19937_64 random(seed);
    std::string damaged = text;
    if (seed % 2 == 0) {
      Json wrong = good;
      for (std::uint64_t i = 0; i <= seed % 3; ++i) {
        const Json::json_pointer pointer(paths[random() % paths.size()]);
        if (wrong.contains(pointer)) wrong[pointer] = any_value(&random);
      }
      damaged = wrong.dump();
    } else {
      for (std::uint64_t i = 0; i <= seed % 4; ++i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      if (seed % 5 == 0) damaged.resize(random() % damaged.size());
    }
    std::string error;
    auto report = parse_load_report(damaged, "a.json", &error);
    if (!report) {
      EXPECT_TRUE(error.starts_with("a.json ")) << seed;
      EXPECT_EQ(error.find('\n'), std::string::npos) << seed;
      continue;
    }
    const std::vector<NamedReport> runs = {{"a", *report}, {"b", good}};
    EXPECT_FALSE(comparison_to_text(runs).empty());
    EXPECT_TRUE(html_page(runs).ends_with("</html>\n")) << seed;
    ++shown;
  }
  EXPECT_GT(shown, 5);
}

// A full buffer loses packets as well as a network does.
TEST(ComparisonTest, WhatWasDroppedOrRefusedIsLost) {
  const NamedReport& calm = sample_runs()[0];
  const NamedReport& dropped = sample_runs()[7];
  NamedReport refused = calm;
  refused.name = "refused.json";
  const auto sent = refused.report["sent"].get<std::uint64_t>();
  refused.report["answered"] = sent / 2;
  refused.report["connection_refused"] = sent - sent / 2;
  const std::vector<NamedReport> runs = {calm, dropped, refused};
  const Json json = comparison_to_json(runs);
  EXPECT_EQ(json["runs"][0]["lost"], 0);
  const Json& full = json["runs"][1];
  EXPECT_EQ(full["lost"], dropped.report["kernel_drops"]["server"]);
  EXPECT_EQ(full["kernel_drops"]["server"], full["lost"]);
  EXPECT_NEAR(full["lost_percent"].get<double>(), 3, 0.5);
  EXPECT_EQ(json["runs"][2]["lost_percent"], 50.0);
  const std::string text = comparison_to_text(runs);
  for (const char* words : {"dropped at the server", "refused by the target", "50 %"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
  }
  EXPECT_EQ(comparison_to_text({calm}).find("refused by"), std::string::npos);
}

TEST(ComparisonTest, LossHasTwoDigitsAndNoExponent) {
  NamedReport run = sample_runs()[0];
  run.report["sent"] = 20'000'000;
  const std::vector<std::pair<int, const char*>> cases = {
      {0, "  100 %\n"},          {100'000, "  100 %\n"},         {10'000'000, "  50 %\n"},
      {19'000'000, "  5.0 %\n"}, {19'999'998, "  0.000010 %\n"}, {20'000'000, "  0 %\n"}};
  for (const auto& [answered, words] : cases) {
    run.report["answered"] = answered;
    const std::string text = comparison_to_text({run});
    EXPECT_NE(text.find(words), std::string::npos) << words << text;
  }
}

TEST(ComparisonTest, ARunThatWasStoppedSaysSo) {
  const std::string text = comparison_to_text({sample_runs()[0], sample_runs()[7]});
  EXPECT_NE(text.find("by signal 15"), std::string::npos) << text;
  EXPECT_EQ(comparison_to_json({sample_runs()[7]})["runs"][0]["stopped_by_signal"], 15);
  EXPECT_EQ(comparison_to_text({sample_runs()[0]}).find("ended early"), std::string::npos);
}

// It cannot be mended by another file: a fault of the command line.
TEST(NamedReportTest, StandardInputIsNamedOnce) {
  EXPECT_EQ(complaint_about_paths({}), "");
  EXPECT_EQ(complaint_about_paths({"-", "a.json", "a.json"}), "");
  EXPECT_NE(complaint_about_paths({"-", "-"}).find("can be read once"), std::string::npos);
  EXPECT_NE(complaint_about_paths({"-", "a.json", "-"}), "");
}

class NamedReportFilesTest : public ::testing::Test {
 protected:
  std::string write(const std::string& path, const std::string& text) {
    const std::string file = folder_ + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << text;
    return file;
  }

  std::string folder_ = ::testing::TempDir() + "/named_reports";
};

TEST_F(NamedReportFilesTest, RunsGoByNamesThatTellThemApart) {
  const std::string text = sample_report(small()).dump();
  const std::string a = write("x/a.json", text);
  const std::string b = write("x/b.json", text);
  const std::string other_a = write("y/a.json", text);
  std::string error;
  const auto names = [&](const std::vector<std::string>& paths) {
    std::vector<std::string> found;
    for (const NamedReport& run : read_named_reports(paths, &error)) found.push_back(run.name);
    return found;
  };
  EXPECT_EQ(names({a, b}), (std::vector<std::string>{"a.json", "b.json"})) << error;
  EXPECT_EQ(names({a, other_a}), (std::vector<std::string>{a, other_a}));
  EXPECT_EQ(names({a, a}), (std::vector<std::string>{a, a + " (2)"}));
  EXPECT_EQ(names({a, folder_ + "/none.json"}), std::vector<std::string>());
  EXPECT_NE(error.find("none.json cannot be read: No such file"), std::string::npos) << error;
  EXPECT_EQ(names({folder_}), std::vector<std::string>());
  EXPECT_NE(error.find("cannot be read: Is a directory"), std::string::npos) << error;
  EXPECT_EQ(names({"-", "-"}), std::vector<std::string>());
  EXPECT_EQ(names({"/dev/zero"}), std::vector<std::string>());
  EXPECT_NE(error.find("is larger than 64 MiB"), std::string::npos) << error;
}

}  // namespace
}  // namespace ringpeer::tools
