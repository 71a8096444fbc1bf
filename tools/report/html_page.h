#ifndef RINGPEER_TOOLS_REPORT_HTML_PAGE_H_
#define RINGPEER_TOOLS_REPORT_HTML_PAGE_H_

#include <string>
#include <vector>

#include "ringpeer/tools/report/named_report.h"

namespace ringpeer::tools {

// One page in HTML that shows the runs, the first of which the others are compared with. It loads
// nothing: script, style and reports are in it, and its Content-Security-Policy allows no other
// script. Where scripts are forbidden it shows the table of comparison_to_text(). `runs` is not
// empty and has at most kMaxRuns.
// Threads: any. Failure: none.
std::string html_page(const std::vector<NamedReport>& runs);

// The page in the file `path`, as a whole or not at all (write_whole_file()): for `report --html`
// and `load --html`. False with one line in *error that says what to do, also for a report that
// complaint_about_report() complains about.
// Threads: any, for different paths.
bool write_html_report(const std::vector<NamedReport>& runs, const std::string& path,
                       std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_HTML_PAGE_H_
