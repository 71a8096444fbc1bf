#ifndef RINGPEER_TOOLS_COMMAND_QUANTITY_H_
#define RINGPEER_TOOLS_COMMAND_QUANTITY_H_

#include <optional>
#include <string_view>

namespace ringpeer::tools {

// Numbers with a unit, as people write them. Threads: any. Failure: nothing for another text.

// "30s", "5ms", "200us", "2m" or "1h"; without a unit seconds. In seconds, 0 or more.
std::optional<double> parse_seconds(std::string_view text);
// "0.1%" or "0.1". In percent, 0 or more.
std::optional<double> parse_percent(std::string_view text);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_QUANTITY_H_
