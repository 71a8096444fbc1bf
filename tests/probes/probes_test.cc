#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ringpeer/engine.h"
#include "ringpeer/tests/probes/comparison.h"
#include "ringpeer/tests/probes/probe_context.h"
#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

constexpr const char* kExpected = "tests/testdata/behaviour.jsonl";
constexpr const char* kDifferences = "docs/compatibility.md";
constexpr std::size_t kProbeCount = 305;

class ProbesTest : public testing::TestWithParam<BackendKind> {};

// One row a probe: it answers as Godot, or docs/compatibility.md says why not.
TEST_P(ProbesTest, AnswersAsGodotOrAsDocumented) {
  const auto expected = read_expected(kExpected);
  const auto documented = read_differences(kDifferences);
  ASSERT_TRUE(expected.has_value() && documented.has_value());
  ASSERT_EQ(kProbeCount, expected->size());
  EngineOptions options;
  options.backend = GetParam();
  std::string message;
  const auto engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) GTEST_SKIP() << message;
  const Machine machine = examine_machine();
  ProbeReport report;
  ProbeContext context(engine, machine, &report);
  run_all(context);
  for (const ProbeVerdict& verdict : compare(*expected, *documented, report)) {
    EXPECT_NE(Verdict::kUnexplained, verdict.verdict)
        << verdict.probe << "\n  Godot: " << verdict.godot << "\n  here:  " << verdict.ours
        << "\n  why:   " << verdict.reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, ProbesTest,
                         testing::Values(BackendKind::kIoUring, BackendKind::kRecvmmsg),
                         [](const auto& backend) {
                           return backend.param == BackendKind::kIoUring ? "IoUring" : "Recvmmsg";
                         });

Verdict verdict_of(const DocumentedDifferences& documented, const ProbeReport& report) {
  const std::vector<ExpectedProbe> expected = {{"a.probe", Json(1)}};
  return compare(expected, documented, report).front().verdict;
}

TEST(ComparisonTest, JudgesWhatIsReportedAgainstWhatIsDocumented) {
  ProbeReport same;
  same.report("a.probe", 1);
  ProbeReport other;
  other.report("a.probe", 2);
  ProbeReport skipped;
  skipped.skip("a.probe", "no such machine");
  const DocumentedDifferences listed = {{"a.probe", {"holds more", "because"}}};
  EXPECT_EQ(Verdict::kReproduced, verdict_of({}, same));
  EXPECT_EQ(Verdict::kUnexplained, verdict_of({}, other));
  EXPECT_EQ(Verdict::kDifferent, verdict_of(listed, other));
  EXPECT_EQ(Verdict::kUnexplained, verdict_of(listed, same)) << "a row that explains nothing";
  EXPECT_EQ(Verdict::kUnexplained, verdict_of({{"a.probe", {"because", "because"}}}, other));
  EXPECT_EQ(Verdict::kUnexplained, verdict_of({{"a.probe", {"holds more", ""}}}, other));
  EXPECT_EQ(Verdict::kUnexplained, verdict_of({}, ProbeReport())) << "a probe that was not run";
  EXPECT_EQ(Verdict::kSkipped, verdict_of({}, skipped));
}

TEST(ComparisonTest, NoticesProbesThatGodotWasNotAsked) {
  ProbeReport report;
  report.report("invented", 1);
  EXPECT_EQ(Verdict::kUnexplained, compare({}, {}, report).front().verdict);
  EXPECT_EQ(Verdict::kUnexplained,
            compare({}, {{"gone", {"holds more", "because"}}}, {}).front().verdict);
}

}  // namespace
}  // namespace ringpeer::probes

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  ringpeer::probes::enter_namespaces();
  return RUN_ALL_TESTS();
}
