#ifndef RINGPEER_ENGINE_CORE_ENGINE_H_
#define RINGPEER_ENGINE_CORE_ENGINE_H_

#include "ringpeer/codec/base/language.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/engine/net/datagram_size.h"
#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/latency_budget.h"
#include "ringpeer/wait_report.h"

namespace ringpeer {

namespace worker {
class WorkerGroup;
}

// Which kernel interface receives datagrams.
enum class BackendKind {
  kAuto,      // io_uring where the kernel lets us, else recvmmsg; the reason is reported
  kIoUring,   // fails where io_uring is missing or forbidden
  kRecvmmsg,  // epoll and recvmmsg: works everywhere
};

using net::kLargestDatagram;  // of either family: 65,527
using net::kLargestIpv4Datagram;

// More receive threads than any machine has cores to spare for one port.
inline constexpr int kMaxWorkers = 256;

// A worker's share of the payload budget must be one page of its slab pool: with less it
// could keep no packet beyond what it lends from the kernel's buffers.
inline constexpr std::size_t kMinPayloadBudgetPerWorker = std::size_t{256} << 10;

// Beyond this a latency budget would be felt as a hang.
inline constexpr std::chrono::milliseconds kMaxLatencyBudget{100};

// They are allocated at once. More than any process has threads that encode at a time.
inline constexpr std::size_t kMaxEncodeBuffers = 1024;

// How an Engine is built. Every field has a default that suits a game server.
struct EngineOptions {
  BackendKind backend = BackendKind::kAuto;

  // Receive threads. 0 = inline: no thread, every call that reads packets also
  // runs the engine, for containers with one core. The engine and its peers then belong to one
  // thread at a time, sync, flush, stop and close included; puts, wake and counters are for any
  // thread all the same. io_uring serves the first thread that opens a socket other than by a put;
  // when another goes on, recvmmsg takes over.
  int workers = 1;

  // The longest that a packet may wait for others to arrive before the worker is
  // woken for it. A time is fixed, 0 = wake at once; LatencyBudget::automatic(bound) measures and
  // chooses. A quiet socket always wakes at once. A sleeping
  // consumer is woken as late again for a few packets that come right behind others; while
  // one leaves half of its queue unread, up to 1 ms may pass.
  LatencyBudget latency_budget = LatencyBudget::automatic();

  // Largest datagram accepted, in bytes of payload; a larger one is dropped and
  // counted.
  std::size_t max_datagram = kLargestDatagram;

  // Bytes of memory for packets that wait in all queues together, beside the buffers that the
  // kernel writes to. Half of those (4 to 5 MiB a worker; 16 with io_uring before Linux 6.12) may
  // be lent to packets that wait; what comes beyond is copied, and takes its payload and 92 bytes
  // of the budget, rounded up to a power of two, 128 at least. What does not fit is dropped and
  // counted. The workers have equal shares, of kMinPayloadBudgetPerWorker at least.
  std::size_t payload_budget = std::size_t{64} << 20;

  // SO_RCVBUF and SO_SNDBUF to ask the kernel for, in bytes; 0 leaves its default.
  // What was granted is reported by PacketPeerUDP and UDPServer.
  int socket_receive_buffer = 8 << 20;
  int socket_send_buffer = 0;

  // Lets the kernel hand over trains of equal datagrams of one sender in one go. Not on sockets
  // that speak cookies.
  bool gro = false;

  // Buffers of each size that put_var finds ready, shared by all threads: one for each
  // thread that encodes is enough; kMaxEncodeBuffers at most.
  std::size_t encode_buffers = 4;

  // CPUs to pin the workers to, in order; empty = the scheduler decides.
  std::vector<int> worker_cpus;

  // Kernel features that may be forced off, to test what older kernels offer.
  bool use_min_wait = true;             // io_uring_enter's min_wait_usec (Linux 6.12)
  bool use_incremental_buffers = true;  // IOU_PBUF_RING_INC with min_left
  bool use_gso = true;                  // UDP_SEGMENT on send

  // Told of rare events: which backend was chosen and why, a worker that had to end by itself, a
  // port that the kernel does not let go. Called from any thread; must not block nor call back
  // into the engine. What it throws is dropped.
  std::function<void(std::string_view message)> log;
};

// What an engine does at present. A value.
struct EngineStats {
  CounterSnapshot counters;
  // By worker; empty without threads, where the application decides when to look.
  std::vector<WaitReport> waits;
};

// The workers, their backends and their packet memory. Peers and servers hold a
// reference; the engine stops with the last one or by stop(), or when the process exits.
//
// Threads: every method may be called from any thread. In a child that was
// forked off, calls give ERR_UNAVAILABLE or nothing, also those of its peers and servers, and
// destructors leave the parent's threads and sockets alone. (Forks by a bare system call are
// not seen.)
//
// exit(), quick_exit() and a return from main() stop every engine as stop() does, all at a time:
// what was put is sent. _exit(), abort() and signals that kill lose what is queued.
class Engine {
 public:
  // Starts the workers. On failure returns null, sets *error and, in words that
  // say what to do next, *message (both may be null).
  static std::shared_ptr<Engine> create(const EngineOptions& options, Error* error = nullptr,
                                        std::string* message = nullptr);

  // The engine of peers that were given none: created with default options at the
  // first use, and again once it does not run any more; gone with its last peer. Null when it
  // cannot be created.
  static std::shared_ptr<Engine> shared();

  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Ends every worker within a bound: peers receive nothing any more and say so (-1
  // available), and puts fail. What was put before is sent, which takes 500 ms at most, and
  // 100 ms when the kernel takes none of it; the rest is counted. Their ports are free once
  // the peers are closed. Safe to call twice.
  void stop();

  // False once it was stopped, in a forked child, and when a worker had to end because the kernel
  // refused what it needs: its peers then say so (-1 available), and EngineOptions::log has been
  // told why.
  bool is_running() const;

  // flush(), then one pass of every worker over its sockets: what the kernel had queued
  // before the call is in the rings after it. For tests and ports. Errors as flush();
  // ERR_OUT_OF_MEMORY without threads, when another thread has gone on and the change to recvmmsg
  // finds none.
  Error sync();

  // Returns once everything that was put before, by any thread, is with the kernel, however
  // much is put meanwhile. ERR_BUSY when the kernel has taken nothing of the rest for 100 ms,
  // which goes on waiting; ERR_UNAVAILABLE when stopped.
  Error flush();

  // "io_uring" or "recvmmsg", and why it was chosen.
  BackendKind backend() const;
  std::string_view backend_name() const;
  std::string_view backend_reason() const;
  int workers() const;  // 0: inline

  // All counters of all workers and sockets since the engine started.
  CounterSnapshot counters() const;
  // These, and how each worker waits at present.
  EngineStats stats() const;

  const EngineOptions& options() const { return options_; }

  // For the classes of this library.
  worker::WorkerGroup& workers_of_engine() const { return *workers_; }
  EncodePool& encode_pool() { return encode_pool_; }
  void log(std::string_view message) const;

 private:
  friend class LiveEngines;
  Engine(const EngineOptions& options, std::unique_ptr<worker::WorkerGroup> workers);

  // With options that are in range. Throws where memory is short.
  static std::shared_ptr<Engine> create_checked(const EngineOptions& options, Error* error,
                                                std::string* message);

  const EngineOptions options_;
  EncodePool encode_pool_;
  const std::unique_ptr<worker::WorkerGroup> workers_;
  Engine* next_live_ = nullptr;  // in the list of LiveEngines
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_CORE_ENGINE_H_
