#ifndef RINGPEER_TOOLS_LOAD_MERGE_COMPLAINTS_H_
#define RINGPEER_TOOLS_LOAD_MERGE_COMPLAINTS_H_

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// Why reports are not all the parts of one plan; an empty text when they are. Of reports that are
// damaged nlohmann's exceptions. Threads: any.
std::string complaint_about_parts(const std::vector<nlohmann::ordered_json>& parts);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_MERGE_COMPLAINTS_H_
