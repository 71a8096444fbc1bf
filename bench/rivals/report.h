#ifndef RINGPEER_BENCH_RIVALS_REPORT_H_
#define RINGPEER_BENCH_RIVALS_REPORT_H_

#include <string>
#include <vector>

#include "ringpeer/bench/rivals/checks.h"
#include "ringpeer/bench/rivals/series.h"

namespace ringpeer::bench {

// The summary of a run as Markdown, so that it can be pasted into docs/benchmarks.md and
// benchmarks_tables.md: medians for each case, each with the ratio to a common rival, then the
// checks.
// Threads: any. Failure: a figure that is missing is a dash.
std::string summary_tables(const Series& series);
std::string check_table(const std::vector<Check>& checks);

// CPU, kernel, memory limits: what a figure is worth nothing without.
std::string machine_description();

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_REPORT_H_
