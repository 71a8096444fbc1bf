// The page in a real browser: nothing wrong on its console, each chart drawn, nothing wider than
// the window, light and dark, on paper, and its files. Skipped where there is no Chromium. Pictures
// of all go to the test's outputs.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "ringpeer/tests/tools/report/browser_process.h"
#include "ringpeer/tests/tools/report/page_checks.h"
#include "ringpeer/tests/tools/report/sample_reports.h"
#include "ringpeer/tools/report/html_page.h"

namespace ringpeer::tools {
namespace {

using Json = BrowserProcess::Json;

constexpr int kDesktop = 1280;
constexpr int kPhone = 400;

std::string decoded(const std::string& base64) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : base64) {
    static const std::string kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string::npos) break;
    bits = bits << 6U | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xffU);
  }
  return bytes;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class BrowserTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = ::testing::TempDir() + "/browser";
    std::filesystem::create_directories(folder_ + "/profile");
    if (const std::string program = BrowserProcess::find(); !program.empty()) {
      browser_ = std::make_unique<BrowserProcess>(program, folder_ + "/profile");
    }
  }
  static void TearDownTestSuite() { browser_.reset(); }

  void SetUp() override {
    if (!browser_) {
      GTEST_SKIP() << "no Chromium here, so nobody has looked at the page: install chromium";
    }
  }

  static void set_window(int width, const std::string& scheme) {
    browser_->call(
        "Emulation.setDeviceMetricsOverride",
        {{"width", width}, {"height", 900}, {"deviceScaleFactor", 1}, {"mobile", width < 600}});
    browser_->call("Emulation.setEmulatedMedia",
                   {{"features", {{{"name", "prefers-color-scheme"}, {"value", scheme}}}}});
  }

  static void open(const std::vector<NamedReport>& runs, const std::string& name) {
    page_ = "file://" + std::filesystem::absolute(folder_ + "/" + name + ".html").string();
    std::string error;
    ASSERT_TRUE(write_html_report(runs, folder_ + "/" + name + ".html", &error)) << error;
    browser_->take_events();
    browser_->open(page_);
    browser_->wait_until("typeof ringpeer === 'object'");
    // Two frames: observers have been called, and what they asked for is drawn.
    browser_->evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))");
  }

  static void expect_quiet() {
    for (const Json& event : browser_->take_events()) {
      const std::string method = event.at("method");
      const Json& params = event.at("params");
      EXPECT_NE(method, "Runtime.exceptionThrown") << params.dump(1);
      EXPECT_NE(method, "Runtime.consoleAPICalled") << params.dump(1);
      EXPECT_NE(method, "Log.entryAdded") << params.dump(1);
      if (method == "Network.requestWillBeSent") {
        const std::string url = params.at("request").at("url");
        EXPECT_TRUE(url == page_ || url.starts_with("blob:")) << "the page asks for " << url;
      }
    }
  }

  static void expect_fits(int width) {
    EXPECT_EQ(browser_->evaluate("innerWidth"), width);
    EXPECT_LE(browser_->evaluate("document.documentElement.scrollWidth").get<int>(), width);
    // What is cut off by its card is too wide, too.
    EXPECT_EQ(browser_->evaluate("[...document.querySelectorAll('.card, .chart, .tile, h1, h2')]"
                                 ".filter((part) => part.scrollWidth > part.clientWidth + 1)"
                                 ".map((part) => part.textContent)"),
              Json::array());
  }

  static void save_output(const std::string& name, const std::string& bytes) {
    if (const char* const outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
      std::ofstream(std::string(outputs) + "/" + name, std::ios::binary) << bytes;
    }
  }

  static void take_picture(const std::string& name) {
    const Json picture =
        browser_->call("Page.captureScreenshot", {{"captureBeyondViewport", true}});
    save_output(name + ".png", decoded(picture.at("data")));
  }

  // Everything that holds of any page.
  static void expect_good(const std::vector<NamedReport>& runs, const std::string& name) {
    for (const int width : {kDesktop, kPhone}) {
      for (const char* scheme : {"light", "dark"}) {
        SCOPED_TRACE(name + " " + std::to_string(width) + " " + scheme);
        set_window(width, scheme);
        open(runs, name);
        expect_fits(width);
        EXPECT_GT(browser_->evaluate("ringpeer.charts.length").get<int>(), 0);
        EXPECT_EQ(browser_->evaluate(kUndrawnLines), Json::array());
        EXPECT_EQ(browser_->evaluate(kFaintColors), Json::array());
        EXPECT_EQ(browser_->evaluate(kCrowdedTexts), Json::array());
        take_picture(name + "-" + std::to_string(width) + "-" + scheme);
        expect_quiet();
      }
    }
  }

  static std::string title() {
    return browser_->evaluate("document.querySelector('h1').textContent");
  }
  static int count(const std::string& selector) {
    return browser_->evaluate("document.querySelectorAll(" + Json(selector).dump() + ").length");
  }

  static std::unique_ptr<BrowserProcess> browser_;
  static std::string folder_;
  static std::string page_;
};

std::unique_ptr<BrowserProcess> BrowserTest::browser_;
std::string BrowserTest::folder_;
std::string BrowserTest::page_;

std::vector<NamedReport> sample(std::size_t i) { return {sample_runs().at(i)}; }

TEST_F(BrowserTest, ACalmRunIsShown) {
  expect_good(sample(0), "calm");
  EXPECT_TRUE(title().starts_with("p99 stays below ")) << title();
  EXPECT_TRUE(title().ends_with("; nothing lost")) << title();
  EXPECT_EQ(count(".banner"), 0);
}

TEST_F(BrowserTest, APauseAndABurstAreNamed) {
  expect_good(sample(1), "paused");
  EXPECT_NE(title().find("at 12\u00a0s"), std::string::npos) << title();
  EXPECT_NE(title().find("% lost"), std::string::npos) << title();
  const std::string titles =
      browser_->evaluate("ringpeer.charts.map((chart) => chart.description.title).join('|')");
  EXPECT_NE(titles.find("waiting for answers would have hidden the pauses: 99\u00a0%"),
            std::string::npos)
      << titles;
  EXPECT_NE(titles.find("clients at a time"), std::string::npos) << titles;
}

// However well it is known where it went.
TEST_F(BrowserTest, WhatWasDroppedIsLost) {
  expect_good(sample(7), "dropped");
  EXPECT_TRUE(title().ends_with("% lost, all of it at the server's socket")) << title();
  const std::string titles =
      browser_->evaluate("ringpeer.charts.map((chart) => chart.description.title).join('|')");
  EXPECT_NE(titles.find("% of packets are lost"), std::string::npos) << titles;
  const std::string tiles = browser_->evaluate("document.querySelector('.tiles').textContent");
  EXPECT_EQ(tiles.find("lost0\u00a0%"), std::string::npos) << tiles;
  open({sample_runs()[0], sample_runs()[7]}, "dropped-compared");
  EXPECT_NE(title().find("% lost"), std::string::npos) << title();
  // Two targets, one of which is dead.
  auto refused = sample_runs()[0].report;
  refused["answered"] = refused["connection_refused"] = refused["sent"].get<std::uint64_t>() / 2;
  open({{"refused.json", refused}}, "refused");
  EXPECT_TRUE(title().ends_with("50\u00a0% lost, all of it where nobody listened")) << title();
}

TEST_F(BrowserTest, ARunThatWasStoppedSaysSo) {
  set_window(kDesktop, "light");
  open(sample(7), "stopped");
  const auto lead = [] {
    return browser_->evaluate("document.querySelector('header').textContent").get<std::string>();
  };
  EXPECT_NE(lead().find("ended early, by signal 15"), std::string::npos) << lead();
  open(sample(0), "calm");
  EXPECT_EQ(lead().find("ended early"), std::string::npos) << lead();
}

// What a search that was ended has not seen is nobody's limit.
TEST_F(BrowserTest, ASearchWithoutAKneeSaysWhy) {
  set_window(kDesktop, "light");
  auto report = sample_runs()[4].report;
  report["find_max"]["knee_per_s"] = nullptr;
  report["find_max"]["verified"] = nlohmann::ordered_json::array();
  const auto title_with = [&](const char* limit) {
    report["find_max"]["limited_by"] = limit;
    open({{"search.json", report}}, "search");
    return title();
  };
  EXPECT_EQ(title_with("range"), "Not even the lowest rate holds the goal");
  EXPECT_EQ(title_with("generator"), "No knee was found; the generator itself is the limit");
  EXPECT_TRUE(
      title_with("stopped").starts_with("The search was stopped before it found a knee; "
                                        "so far the goal holds up to "))
      << title();
  report["steps"] = nlohmann::ordered_json::array();
  EXPECT_EQ(title_with("stopped"), "The search was stopped before it found a knee");
}

// A rate is over the time in which packets were due, and steps have pauses between them.
TEST_F(BrowserTest, ARateIsOverTheTimeThatItTook) {
  set_window(kDesktop, "light");
  auto report = sample_report({.seconds = 5});
  report["duration_s"] = 4.3;
  for (const char* name : {"sent", "received"}) report["series"]["points"][4][name] = 600;
  auto answers = report["series"]["points"][4];
  for (const char* name : {"sent", "answered", "lost"}) answers[name] = 0;
  answers["t"] = 5.0;
  report["series"]["points"].push_back(answers);
  open({{"part.json", report}}, "part");
  const std::string sent = "ringpeer.runs[0].series.sent";
  EXPECT_NEAR(browser_->evaluate(sent + "[4]").get<double>(), 2000, 1);
  EXPECT_NEAR(browser_->evaluate("ringpeer.runs[0].series.received[4]").get<double>(), 2000, 50);
  EXPECT_TRUE(browser_->evaluate(sent + "[5]").is_null());
  const auto throughput = [] {
    return browser_
        ->evaluate(
            "ringpeer.charts.find((chart) => chart.description.caption.startsWith('Throughput'))"
            ".description.title")
        .get<std::string>();
  };
  EXPECT_TRUE(throughput().starts_with("Sends 2,")) << throughput();
  open(sample(5), "ramp");
  EXPECT_EQ(throughput(), "Offers from 1,000/s to 64,000/s, in steps");
}

// The generator's own lateness makes corrected times longer, too.
TEST_F(BrowserTest, LatenessIsNoPause) {
  set_window(kDesktop, "light");
  auto report = sample_runs()[0].report;
  for (const char* name : {"p99", "p999", "p9999"}) {
    report["rtt_us"][name] = 3260.0;
    report["rtt_uncorrected_us"][name] = 2150.0;
    report["generator"]["late_us"][name] = 1900.0;
  }
  const auto titles = [&] {
    open({{"late.json", report}}, "late-sends");
    return browser_->evaluate("ringpeer.charts.map((chart) => chart.description.title).join('|')")
        .get<std::string>();
  };
  EXPECT_EQ(titles().find("hidden the pauses"), std::string::npos) << titles();
  report["rtt_us"]["p999"] = 203'000.0;
  EXPECT_NE(titles().find("hidden the pauses: 99.9"), std::string::npos) << titles();
}

TEST_F(BrowserTest, TextsDoNotTurnTheLineAround) {
  set_window(kDesktop, "light");
  NamedReport run = sample_runs()[0];
  run.report["target"] = "203.0.113.7\u202e\u009b:4000";
  run.report["impairment"] = {{"\u2066x", "\u202ey"}};
  open({run}, "turned");
  const std::string page = browser_->evaluate("document.getElementById('page').textContent");
  EXPECT_NE(page.find("203.0.113.7??:4000"), std::string::npos);
  EXPECT_NE(page.find("?x ?y"), std::string::npos);
  for (const char* control : {"\u202e", "\u009b", "\u2066"}) {
    EXPECT_EQ(page.find(control), std::string::npos);
  }
}

TEST_F(BrowserTest, ASinkHasNoLatency) {
  expect_good(sample(2), "sink");
  EXPECT_NE(title().find("without answers"), std::string::npos) << title();
}

TEST_F(BrowserTest, AnswersThatNameNoPacketAreHeldAgainstTheRecording) {
  expect_good(sample(6), "like");
  EXPECT_NE(title().find("gets 96"), std::string::npos) << title();
  EXPECT_NE(title().find("of the recorded answers"), std::string::npos) << title();
  const std::string tiles = browser_->evaluate("document.querySelector('.tiles').textContent");
  EXPECT_EQ(tiles.find("lost"), std::string::npos) << tiles;
  EXPECT_NE(tiles.find("do not say which packet"), std::string::npos) << tiles;
  const std::string page = browser_->evaluate("document.getElementById('page').textContent");
  EXPECT_EQ(page.find("No packet is missing"), std::string::npos);
}

TEST_F(BrowserTest, ARunThatIsNotValidSaysSoFirst) {
  expect_good(sample(3), "late");
  EXPECT_TRUE(title().starts_with("Not valid: ")) << title();
  EXPECT_EQ(count(".banner li"), 2);
}

TEST_F(BrowserTest, StepsAndKneeAreShown) {
  expect_good(sample(4), "find-max");
  EXPECT_EQ(title(), "Holds 42,000/s; the target is the limit");
  expect_good(sample(5), "ramp");
  EXPECT_EQ(title(), "Ramp from 1,000/s to 64,000/s");
}

TEST_F(BrowserTest, RunsAreComparedWithTheFirst) {
  const std::vector<NamedReport>& all = sample_runs();
  expect_good({all[0], all[1]}, "two");
  EXPECT_NE(title().find("paused.json: p99 \u00d7"), std::string::npos) << title();
  EXPECT_GT(browser_
                ->evaluate("[...document.querySelectorAll('.beside')]"
                           ".filter((part) => part.textContent.startsWith('\u00d7')).length")
                .get<int>(),
            10);
  expect_good(all, "all");
  EXPECT_EQ(count(".banner li"), 2);
  std::vector<NamedReport> most;
  for (std::size_t i = 0; i < kMaxRuns; ++i) {
    most.push_back(
        {"run-with-a-long-name-" + std::to_string(i) + ".json",
         sample_report({.seed = i, .seconds = 8, .clients = 30, .median_us = 100.0 + 60 * i})});
  }
  expect_good(most, "eight");
}

TEST_F(BrowserTest, ARunOfOnePacketOrNoneIsShown) {
  auto one = sample_report({.seconds = 1, .clients = 1, .hz = 1});
  expect_good({{"one.json", one}}, "one");
  for (const char* name : {"sent", "received", "answered", "lost"}) one[name] = 0;
  one["duration_s"] = 0.0;
  one["sent_per_s"] = one["answered_per_s"] = one["packet_bytes"] = one["server"] = nullptr;
  for (auto& latency : {&one["rtt_us"], &one["rtt_uncorrected_us"], &one["generator"]["late_us"]}) {
    for (auto& [name, value] : latency->items()) value = nullptr;
    (*latency)["count"] = 0;
  }
  one["series"]["points"] = nlohmann::ordered_json::array();
  for (auto& [name, histogram] : one["histograms"].items())
    histogram = nlohmann::ordered_json::array();
  set_window(kPhone, "light");
  open({{"none.json", one}}, "none");
  EXPECT_EQ(title(), "Nothing was sent");
  expect_fits(kPhone);
  take_picture("none-400-light");
  expect_quiet();
}

TEST_F(BrowserTest, NamesOfOthersAreTextAndNothingElse) {
  const NamedReport run{"</script><script>window.broken = 3</script>.json", hostile_report()};
  expect_good({run}, "hostile");
  expect_good({run, sample_runs()[0]}, "hostile-compared");
  EXPECT_EQ(browser_->evaluate("typeof window.broken"), "undefined");
  EXPECT_EQ(count("img"), 0);
  EXPECT_EQ(count("script"), 2);
  EXPECT_GT(browser_->evaluate("document.body.textContent.split('<img src=x').length").get<int>(),
            3);
}

TEST_F(BrowserTest, PaperIsWhiteAndShowsEveryChart) {
  set_window(kPhone, "dark");
  open(sample(1), "print");
  browser_->evaluate(
      "addEventListener('beforeprint', () => queueMicrotask(() => { window.printed = {"
      "missing: " +
      std::string(kUndrawnLines) +
      ", widths: ringpeer.charts.map((chart) => chart.width),"
      "card: getComputedStyle(document.documentElement).getPropertyValue('--card').trim()}; })); "
      "0");
  const Json pdf = browser_->call("Page.printToPDF", {{"printBackground", true}});
  const std::string bytes = decoded(pdf.at("data"));
  save_output("print.pdf", bytes);
  EXPECT_TRUE(bytes.starts_with("%PDF"));
  const Json printed = browser_->evaluate("window.printed");
  ASSERT_TRUE(printed.is_object());
  EXPECT_EQ(printed.at("missing"), Json::array());
  EXPECT_EQ(printed.at("card"), "#ffffff");
  for (const Json& width : printed.at("widths")) EXPECT_EQ(width, 660);
  // As on paper, to look at.
  browser_->call("Emulation.setDeviceMetricsOverride",
                 {{"width", 703}, {"height", 900}, {"deviceScaleFactor", 1}, {"mobile", false}});
  browser_->call("Emulation.setEmulatedMedia", {{"media", "print"}});
  browser_->evaluate("dispatchEvent(new Event('beforeprint')); 0");
  take_picture("print");
  browser_->evaluate("dispatchEvent(new Event('afterprint')); 0");
  browser_->call("Emulation.setEmulatedMedia", {{"media", ""}});
  set_window(kPhone, "dark");
  browser_->evaluate("new Promise((done) => setTimeout(() => done(0), 200))");
  // And afterwards it is as it was.
  EXPECT_EQ(browser_->evaluate(
                "getComputedStyle(document.documentElement).getPropertyValue('--card').trim()"),
            "#18212a");
  expect_fits(kPhone);
  expect_quiet();
}

TEST_F(BrowserTest, ItsNumbersCanBeSaved) {
  const std::string downloads = std::filesystem::absolute(folder_ + "/downloads");
  std::filesystem::remove_all(downloads);
  std::filesystem::create_directories(downloads);
  browser_->call("Browser.setDownloadBehavior",
                 {{"behavior", "allow"}, {"downloadPath", downloads}}, true);
  set_window(kDesktop, "light");
  NamedReport run{"=cmd(\"x\"),y", sample_runs()[1].report};
  open({run}, "saved");
  for (const char* name : {"ringpeer-series.csv", "ringpeer-percentiles.csv",
                           "ringpeer-summary.csv", "ringpeer-report.json"}) {
    browser_->evaluate("document.querySelector('[data-file=\"" + std::string(name) +
                       "\"]').click()");
    const std::filesystem::path path = downloads + "/" + name;
    for (int i = 0; i < 500 && !std::filesystem::exists(path); ++i)
      browser_->evaluate("new Promise((done) => setTimeout(() => done(0), 20))");
    ASSERT_TRUE(std::filesystem::exists(path)) << name;
  }
  EXPECT_EQ(Json::parse(read_file(downloads + "/ringpeer-report.json")), Json(run.report));
  std::istringstream lines(read_file(downloads + "/ringpeer-series.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "run,t,sent,received,answered,lost,send_missed,p50_us,p99_us,max_us,clients\r");
  std::size_t rows = 0;
  // What a spreadsheet would take for a formula is a text to it.
  while (std::getline(lines, line)) rows += line.starts_with("\"'=cmd(\"\"x\"\"),y\",") ? 1 : 0;
  EXPECT_EQ(rows, run.report["series"]["points"].size());
  const std::string summary = read_file(downloads + "/ringpeer-summary.csv");
  EXPECT_NE(summary.find("\r\nsent," + run.report["sent"].dump() + "\r\n"), std::string::npos);
  EXPECT_NE(read_file(downloads + "/ringpeer-percentiles.csv").find(",uncorrected,"),
            std::string::npos);
  expect_quiet();
}

}  // namespace
}  // namespace ringpeer::tools
