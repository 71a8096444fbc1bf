#ifndef RINGPEER_ENGINE_WORKER_COMMAND_H_
#define RINGPEER_ENGINE_WORKER_COMMAND_H_

#include <cstdint>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/send/send_socket.h"
#include "ringpeer/engine/worker/datagram_sink.h"

namespace ringpeer::worker {

enum class CommandKind { kAttach, kDetach, kSync, kFlush };

// What another thread asks of a worker.
//
// Lifetime: it is who asks that owns it, until it is answered.
// Threads: who asks before and after, the worker between.
struct Command {
  CommandKind kind = CommandKind::kSync;
  int descriptor = -1;
  DatagramSink* sink = nullptr;
  backend::SocketSlot slot = 0;
  bool has_waiter = true;
  base::Clock::time_point patience_ends{};
  int result = 0;
  bool done = false;
  Command* next = nullptr;
  // Of packets to wait for.
  SendSocket* sends = nullptr;
  std::uint64_t mark = 0;
  base::Clock::time_point begun{};
  bool sends_are_over = false;
};

// First in, first out, through Command::next.
//
// Threads: one at a time.
class CommandList {
 public:
  bool empty() const { return first_ == nullptr; }
  void push(Command* command) {
    command->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = command;
    last_ = command;
  }
  // Null when there is none.
  Command* pop() {
    Command* const command = first_;
    if (command != nullptr) first_ = command->next;
    return command;
  }

 private:
  Command* first_ = nullptr;
  Command* last_ = nullptr;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_COMMAND_H_
