#ifndef RINGPEER_ENGINE_BACKEND_BACKEND_H_
#define RINGPEER_ENGINE_BACKEND_BACKEND_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/net/datagram_size.h"

namespace ringpeer::backend {

// Sockets that one worker can serve: a few words each, and
// more of them on one thread want more threads.
inline constexpr std::size_t kMaxSockets = 4096;

// Datagrams taken at a time: enough to spread the cost of a batch thin, few enough
// that their descriptors stay in the first-level cache.
inline constexpr std::size_t kBatchSize = 64;

struct BackendOptions {
  std::size_t max_datagram = net::kLargestDatagram;
  bool gro = false;
  bool use_min_wait = true;
  bool use_incremental_buffers = true;
};

// What the backend did besides datagrams, for the counters. Owned by the worker's
// thread.
struct BackendEvents {
  std::uint64_t wakeups = 0;
  std::uint64_t starved = 0;
  std::uint64_t rearms = 0;
  // There may be more although receive() has brought all that it can: the last wait() has not
  // asked the kernel, or had no room for its answers, or a receive has ended. The next wait() finds
  // out.
  bool stopped_early = false;
};

// How long wait() may take.
struct WaitPolicy {
  // What comes in this time waits in the sockets, where it wakes nobody: only wake() ends it. Then
  // what is there is taken, or, when nothing is, the first datagram ends the wait. Nothing is slept
  // after a wait that brought nothing, nor beyond `idle`. 0 = `budget` counts instead.
  std::chrono::microseconds sleep{0};
  // After the first datagram could have come, how long others may gather; 0 = none.
  std::chrono::microseconds budget{0};
  // The longest wait, all in all.
  std::chrono::microseconds idle{0};
  // Take what is there and return at once.
  bool poll = false;
  // Look at those sockets too that are left alone for a while after errors.
  bool every_socket = false;
};

// What one look at a backend brought.
struct Received {
  std::size_t count = 0;
  // All of one socket and without fault, none a train, none in two parts or with control
  // messages: nothing has to be looked at one by one. False when not known.
  bool is_plain = false;
  std::uint64_t bytes = 0;  // of all payloads, if is_plain
  bool may_be_more = false;
};

// Why a backend could not be made, or can no longer be used.
struct BackendFailure {
  int error = 0;     // errno
  std::string what;  // the step that failed, in words
};

// Where datagrams come from. One instance per worker.
//
// Threads: create anywhere; start() and everything after it on the worker's thread,
// but wake(), which any thread may call.
class Backend {
 public:
  virtual ~Backend() = default;

  // Makes the calling thread the owner, and finds out whether everything that it will ask of
  // the kernel is allowed. False on failure.
  virtual bool start(BackendFailure* failure) = 0;

  // Begins to receive from a socket, which stays open until is_detached(). With
  // room_for_control, kFullControlSize bytes of control messages come with each
  // datagram's. 0 or errno.
  virtual int attach(SocketSlot slot, int descriptor, bool room_for_control = false) = 0;
  // Begins to stop; datagrams may still come until is_detached().
  virtual void begin_detach(SocketSlot slot) = 0;
  virtual bool is_detached(SocketSlot slot) const = 0;

  // Leaves what arrives in the socket, where it costs nothing, until resume(). A few
  // datagrams that were on their way may still come.
  virtual void pause(SocketSlot slot) = 0;
  // Nothing happens when it was not paused.
  virtual void resume(SocketSlot slot) = 0;

  // False when the kernel has refused it for good: nothing will be received any more, and
  // only give_up() is left to do.
  virtual bool wait(const WaitPolicy& policy, BackendFailure* failure) = 0;

  // Takes up to batch.size() datagrams without waiting.
  virtual Received receive(std::span<Datagram> batch) = 0;

  // Whether the kernel takes requests from the thread of start() alone.
  virtual bool is_bound_to_thread() const = 0;

  // The kernel keeps what the last wait() had no room for: datagrams that no socket holds any
  // more, which the next wait() brings and give_up() loses. Then `stopped_early` is set, too.
  virtual bool has_overflowed() const = 0;

  // Whether a buffer of kind kKernel is one of its own; recycle() takes it back.
  virtual bool owns(const packet::PacketBuffer* buffer) const = 0;
  virtual void recycle(packet::PacketBuffer* buffer) = 0;

  // False when so many buffers are out that further datagrams should be copied.
  virtual bool has_buffers_to_lend() const = 0;

  // How many buffers consumers have, of those that the kernel is done with. All that have come
  // back are recycled.
  virtual std::size_t lent_buffers() const = 0;

  // Ends a wait(). From any thread.
  virtual void wake() noexcept = 0;

  // Lets go of all sockets whatever the kernel says; it may hold them some milliseconds more.
  // From any thread, while no other call runs.
  virtual void give_up() = 0;

  virtual const BackendEvents& events() const = 0;

  // For the report: "incremental buffers, min_wait" and the like.
  virtual std::string features() const = 0;
};

// Null on failure. `home` is where the worker looks for returned buffers.
std::unique_ptr<Backend> make_uring_backend(const BackendOptions& options,
                                            packet::BufferReturn* home, BackendFailure* failure);
std::unique_ptr<Backend> make_mmsg_backend(const BackendOptions& options,
                                           packet::BufferReturn* home, BackendFailure* failure);

}  // namespace ringpeer::backend

#endif  // RINGPEER_ENGINE_BACKEND_BACKEND_H_
