#ifndef RINGPEER_TOOLS_LOAD_REPLY_ACCOUNT_H_
#define RINGPEER_TOOLS_LOAD_REPLY_ACCOUNT_H_

#include <cstdint>
#include <string>

namespace ringpeer::tools {

// Replies that name no packet, held against those that a recorded server gave to as many packets.
// Threads: any.

// Of those expected, so many at least make a run good: a server that sends on its own and loses a
// tenth of its pace has a problem; one that answers a packet of fifty later than the report does
// not.
inline constexpr double kLeastReplyPercent = 90;

// An empty text when enough came; otherwise what is wrong.
std::string judge_replies(std::uint64_t replies, std::uint64_t expected);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_REPLY_ACCOUNT_H_
