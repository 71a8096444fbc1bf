#ifndef RINGPEER_TOOLS_REPORT_PAGE_PARTS_H_
#define RINGPEER_TOOLS_REPORT_PAGE_PARTS_H_

#include <string_view>

namespace ringpeer::tools {

// The page without what is in it of a run, as page/embed.py puts it together of page/ and uPlot
// when this is built. Between the parts stand the table for those who run no scripts, with
// entities, and the reports, an array of {"name", "report"}. Threads: any. Lifetime: constants.
std::string_view page_before_text();
std::string_view page_before_data();
std::string_view page_after_data();

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_REPORT_PAGE_PARTS_H_
