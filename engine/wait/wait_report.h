#ifndef RINGPEER_ENGINE_WAIT_WAIT_REPORT_H_
#define RINGPEER_ENGINE_WAIT_WAIT_REPORT_H_

#include "ringpeer/codec/base/language.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace ringpeer {

// Why a worker waits as it does.
enum class WaitReason : std::uint8_t {
  kFixed,      // the budget was given
  kIdle,       // nothing comes: the first packet wakes at once
  kMeasured,   // a consumer waits: what costs least
  kExploring,  // the same, while another budget is looked at
  kRhythm,     // consumers look at a rhythm: until just before the next look
  kNoRhythm,   // a consumer looks, but at no rhythm that is known
  kBuffer,     // as at a rhythm, but shorter: the socket's buffer would fill
};

// "fixed", "rhythm" and the like.
std::string_view name_of(WaitReason reason);

// How a worker waits at present. A value.
struct WaitReport {
  // What comes together before it wakes, or how long it sleeps.
  std::chrono::microseconds budget{0};
  WaitReason reason = WaitReason::kIdle;
  // Over the last second or so.
  double wakeups_per_second = 0;
  double packets_per_wakeup = 0;
  // The receive buffer that would be full first while nobody looks: how many packets it holds, of
  // the size that came last, and how long it takes to fill at the highest rate of late. As the
  // kernel granted it, and counts: SO_RCVBUF. Stays when no more come; 0 before, and with a fixed
  // budget.
  std::uint64_t buffer_packets = 0;
  std::chrono::microseconds buffer_time{0};
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_WAIT_WAIT_REPORT_H_
