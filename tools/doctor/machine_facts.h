#ifndef RINGPEER_TOOLS_DOCTOR_MACHINE_FACTS_H_
#define RINGPEER_TOOLS_DOCTOR_MACHINE_FACTS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::tools {

// What is known of a machine. Values without behaviour, so that a test can make any machine;
// an empty optional is what cannot be found out.
// Threads: any.

struct KernelVersion {
  int major = 0;
  int minor = 0;

  bool operator==(const KernelVersion&) const = default;
  bool operator<(const KernelVersion& other) const {
    return major != other.major ? major < other.major : minor < other.minor;
  }
};

// What became of something that was done step by step, in a process of its own.
struct StepFacts {
  static constexpr std::size_t kMaxStep = 64;

  bool was_tried = false;
  int signal = 0;                        // that ended who tried
  int error = 0;                         // errno of the step that failed
  std::array<char, kMaxStep> step = {};  // that failed or was killed, in words; ends with a zero

  bool works() const { return was_tried && signal == 0 && error == 0; }
  void begin(std::string_view name) {
    const std::size_t size = std::min(name.size(), kMaxStep - 1);
    std::copy_n(name.begin(), size, step.begin());
    step[size] = '\0';
  }
  // Of what was begun last. True when there is no error.
  bool end(int what) {
    error = what;
    return what == 0;
  }
};

// An io_uring that was set up and used as the engine does.
struct UringFacts : StepFacts {
  bool is_of_socket = false;  // the step that failed, which any backend takes
  bool has_min_wait = false;
  bool has_incremental_buffers = false;
};

// A system call that the tools make.
struct CallFacts {
  std::string name;
  int error = 0;  // 0: it may be made; EPERM and ENOSYS: it is forbidden, or not there
  bool is_needed = false;
  int signal = 0;  // that ends who makes it
};

struct SandboxFacts {
  std::optional<int> seccomp_mode;  // 0: none, 2: a filter
  std::optional<int> uring_disabled;
  std::optional<bool> is_in_uring_group;
  std::optional<bool> may_administer_network;  // CAP_NET_ADMIN
  std::vector<CallFacts> calls;
};

struct SocketFacts {
  std::optional<std::int64_t> receive_asked;    // bytes that the engine asks for
  std::optional<std::int64_t> receive_granted;  // and has, as the kernel counts them
  std::optional<std::int64_t> send_granted;
  std::optional<std::int64_t> rmem_max;
  std::optional<std::int64_t> udp_memory;  // bytes of all UDP sockets together
  std::optional<std::int64_t> backlog;     // packets that wait for a processor's network stack
  // Since the machine, or the network namespace, came up.
  std::optional<std::uint64_t> received;
  std::optional<std::uint64_t> buffer_drops;
  std::optional<std::uint64_t> backlog_drops;
};

struct LimitFacts {
  static constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

  std::optional<std::uint64_t> memlock;
  std::optional<std::uint64_t> descriptors_soft;
  std::optional<std::uint64_t> descriptors_hard;
  std::optional<std::uint64_t> ports;  // that a socket may be given, without those reserved
};

struct ProcessorFacts {
  std::optional<int> usable;  // processors that this process may run on
  std::optional<bool> is_guest;
  std::optional<std::string> idle_driver;
  std::optional<std::string> idle_governor;
  std::optional<std::uint64_t> halt_poll_us;     // the longest that the guest polls
  std::optional<std::uint64_t> deepest_idle_us;  // to leave the deepest sleep that is allowed
  std::optional<std::string> frequency_governor;
  std::optional<std::string> clock_source;
  std::optional<double> clock_ns;  // that a look at the clock takes
  // A group's quota in a period, both in us: the tightest of all groups above.
  std::optional<std::uint64_t> quota_us;
  std::optional<std::uint64_t> period_us;
  std::optional<std::uint64_t> periods_throttled;
  std::optional<double> steal_percent;
};

struct InterfaceFacts {
  std::string name;
  std::string driver;  // empty: of no device
  std::optional<int> receive_queues;
  std::optional<int> send_queues;
  std::optional<int> channels;  // that are used, and could be
  std::optional<int> channels_most;
  std::optional<std::uint32_t> receive_ring;  // datagrams
  std::optional<std::uint32_t> receive_ring_most;
  std::optional<bool> merges_received;      // GRO
  std::optional<bool> segments_sent;        // GSO
  std::optional<bool> spreads_by_software;  // RPS on any queue
  std::optional<std::uint64_t> missed;      // datagrams that found no room in the ring
};

struct MachineFacts {
  std::string release;  // uname -r
  std::optional<KernelVersion> kernel;
  UringFacts uring;
  SandboxFacts sandbox;
  StepFacts udp;  // datagrams over loopback, by a plain socket
  SocketFacts sockets;
  LimitFacts limits;
  ProcessorFacts processors;
  std::vector<InterfaceFacts> interfaces;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_MACHINE_FACTS_H_
