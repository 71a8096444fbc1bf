#include "ringpeer/tools/load/reply_account.h"

#include <fmt/format.h>

namespace ringpeer::tools {

std::string judge_replies(std::uint64_t replies, std::uint64_t expected) {
  const double percent = 100.0 * static_cast<double>(replies) / static_cast<double>(expected);
  if (expected == 0 || percent >= kLeastReplyPercent) return "";
  return fmt::format(
      "{} answers came where the recorded server gave {}: {:.1f} %, and {} % are the least. Does "
      "it understand these packets (--vary), or does it fall behind?",
      replies, expected, percent, kLeastReplyPercent);
}

}  // namespace ringpeer::tools
