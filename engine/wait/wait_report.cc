#include "ringpeer/wait_report.h"

namespace ringpeer {

std::string_view name_of(WaitReason reason) {
  switch (reason) {
    case WaitReason::kFixed:
      return "fixed";
    case WaitReason::kIdle:
      return "idle";
    case WaitReason::kMeasured:
      return "measured";
    case WaitReason::kExploring:
      return "exploring";
    case WaitReason::kRhythm:
      return "rhythm";
    case WaitReason::kNoRhythm:
      return "no rhythm";
    case WaitReason::kBuffer:
      return "buffer";
  }
  return "unknown";
}

}  // namespace ringpeer
