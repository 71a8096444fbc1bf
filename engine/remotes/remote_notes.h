#ifndef RINGPEER_ENGINE_REMOTES_REMOTE_NOTES_H_
#define RINGPEER_ENGINE_REMOTES_REMOTE_NOTES_H_

#include <atomic>
#include <cstdint>

#include "ringpeer/engine/admission/reply_allowance.h"
#include "ringpeer/engine/net/local_address.h"

namespace ringpeer::worker {

// What puts to a remote need that only some servers note. Held by the remote, and by the peer that
// the application has taken, which may outlive it.
//
// Threads: any. Lifetime: made with one holder; the last one frees it.
struct RemoteNotes {
  RemoteNotes(const net::LocalAddress& local_address, bool limits_replies)
      : local(local_address), replies(limits_replies) {}

  void hold() { holders.fetch_add(1, std::memory_order_relaxed); }
  void let_go() {
    if (holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // Replies leave from the address that the remote's first packet was sent to, where it is known.
  const net::LocalAddress local;
  admission::ReplyAllowance replies;
  std::atomic<std::uint32_t> holders{1};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_REMOTES_REMOTE_NOTES_H_
