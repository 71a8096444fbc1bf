#ifndef RINGPEER_TESTS_SIMULATION_KERNEL_H_
#define RINGPEER_TESTS_SIMULATION_KERNEL_H_

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/tests/simulation/cpu_bill.h"
#include "ringpeer/tests/simulation/faults.h"
#include "ringpeer/tests/simulation/network.h"
#include "ringpeer/tests/simulation/scheduler.h"
#include "ringpeer/tests/simulation/udp_socket.h"

namespace ringpeer::simulation {

class Ring;

// What kernels differ in.
struct KernelFeatures {
  bool has_min_wait = true;
  bool has_incremental_buffers = true;
  std::size_t most_completions = 4096;  // of an io_uring, a power of two
};

// A kernel: what ringpeer/engine/net/kernel_calls.h and io_uring ask for is answered here, in a
// program that links kernel_calls.cc and io_uring_calls.cc of this folder. One at a time.
//
// Any call may let other threads go on first, and takes some time.
class Kernel {
 public:
  // A datagram has left its socket for the engine, or the engine's for the network.
  struct Watcher {
    std::function<void(const UdpSocket&, const SimulatedDatagram&)> taken;
    std::function<void(const UdpSocket&, const net::Endpoint& to, std::span<const std::uint8_t>)>
        accepted;
  };

  Kernel(Scheduler& scheduler, Faults& faults, Network& network, Random random,
         const KernelFeatures& features);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  static Kernel& current();
  static bool is_there();
  void set_watcher(Watcher watcher) { watcher_ = std::move(watcher); }

  Scheduler& scheduler() { return scheduler_; }
  Faults& faults() { return faults_; }
  Network& network() { return network_; }
  Random& random() { return random_; }
  const KernelFeatures& features() const { return features_; }
  // From now on all waits of workers are refused: what a filter that comes late does. 0 or errno.
  int waits_refused = 0;
  // The same for waits that count in microseconds, which are a newer call.
  int precise_waits_refused = 0;

  // What threads pay for: nothing else takes CPU time.
  CpuBill bill;

  // The beginning of each system call.
  void enter();
  // Descriptors that are open.
  std::size_t open_descriptors() const { return files_.size(); }

  // ---- Descriptors. -EBADF or EBADF where there is no such file.

  struct Event {
    std::uint64_t count = 0;
    std::uint64_t signals = 0;  // ever
  };
  struct Watch {
    std::uint32_t events = 0;
    std::uint32_t token = 0;
    std::uint64_t errors_told = 0;
  };
  struct Epoll {
    std::map<int, Watch> watches;
  };
  struct File {
    std::shared_ptr<UdpSocket> socket = nullptr;
    std::shared_ptr<Event> event = nullptr;
    std::shared_ptr<Epoll> epoll = nullptr;
    std::shared_ptr<Ring> ring = nullptr;
  };
  // A new descriptor, or -EMFILE.
  int add(File file);
  void close(int descriptor);
  // A descriptor or an armed receive has let go of the socket: the last one frees its port.
  void release(const std::shared_ptr<UdpSocket>& socket);
  File* find(int descriptor);
  UdpSocket* find_socket(int descriptor);

  // ---- Waiting.

  int wait_epoll(Epoll& epoll, std::span<epoll_event> events, Time timeout);
  int poll(int descriptor, short events, Time deadline);

  // ---- Datagrams.

  // The oldest of a socket, as far as the message has room: bytes of it that were written, or all
  // of them with MSG_TRUNC in `flags`. A negative errno.
  std::ptrdiff_t receive(UdpSocket& socket, msghdr* message, int flags);
  std::ptrdiff_t receive_error(UdpSocket& socket, msghdr* message);
  // 0 or errno.
  int send(const std::shared_ptr<UdpSocket>& socket, const msghdr& message);

 private:
  bool is_readable(const File& file) const;
  bool report(int descriptor, Watch& watch, epoll_event* event) const;
  int refuse_send(UdpSocket& socket, bool is_train, std::size_t charge);
  void transmit(const std::shared_ptr<UdpSocket>& socket, const net::Endpoint& source,
                const net::Endpoint& destination, std::vector<std::uint8_t> payload);

  Scheduler& scheduler_;
  Faults& faults_;
  Network& network_;
  Random random_;
  const KernelFeatures features_;
  Watcher watcher_;
  std::map<int, File> files_;
  std::uint64_t next_inode_ = 1;
};

// A system call, from its beginning to its end.
class KernelCall {
 public:
  KernelCall() : kernel_(Kernel::current()) {
    kernel_.scheduler().begin_call();
    kernel_.enter();
  }
  ~KernelCall() { kernel_.scheduler().end_call(); }
  KernelCall(const KernelCall&) = delete;
  KernelCall& operator=(const KernelCall&) = delete;

  Kernel& kernel() const { return kernel_; }
  Kernel* operator->() const { return &kernel_; }

 private:
  Kernel& kernel_;
};

}  // namespace ringpeer::simulation

#endif  // RINGPEER_TESTS_SIMULATION_KERNEL_H_
