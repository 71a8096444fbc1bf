#include "ringpeer/tools/doctor/system_facts.h"

#include <linux/ethtool.h>
#include <linux/membarrier.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "ringpeer/engine/core/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/doctor/file_facts.h"
#include "ringpeer/tools/doctor/uring_probe.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

constexpr int kNoDescriptor = -1;

int error_of(long result) { return result >= 0 ? 0 : errno; }

std::optional<std::uint64_t> limit_of(rlim_t limit) {
  return limit == RLIM_INFINITY ? LimitFacts::kUnlimited : std::uint64_t{limit};
}

// Of a look, on the average of many.
std::optional<double> clock_ns() {
  constexpr int kLooks = 20'000;
  timespec first{};
  timespec last{};
  if (::clock_gettime(CLOCK_MONOTONIC, &first) != 0) return std::nullopt;
  for (int i = 0; i < kLooks; ++i) ::clock_gettime(CLOCK_MONOTONIC, &last);
  constexpr double kNsPerSecond = 1e9;
  return (static_cast<double>(last.tv_sec - first.tv_sec) * kNsPerSecond +
          static_cast<double>(last.tv_nsec - first.tv_nsec)) /
         kLooks;
}

std::optional<int> usable_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return std::nullopt;
  return CPU_COUNT(&set);
}

// One request to the driver; false when it does not answer.
template <typename Request>
bool ask_driver(const net::Socket& socket, const std::string& interface, Request* request) {
  ifreq query{};
  interface.copy(query.ifr_name, IFNAMSIZ - 1);
  query.ifr_data = reinterpret_cast<char*>(request);
  return ::ioctl(socket.descriptor(), SIOCETHTOOL, &query) == 0;
}

std::optional<bool> ask_switch(const net::Socket& socket, const std::string& interface,
                               std::uint32_t what) {
  ethtool_value value{};
  value.cmd = what;
  if (!ask_driver(socket, interface, &value)) return std::nullopt;
  return value.data != 0;
}

bool open_any(net::Socket* socket) {
  return socket->open(net::SocketFamily::kIpv4) == 0 || socket->open(net::SocketFamily::kIpv6) == 0;
}

}  // namespace

std::vector<CallFacts> probe_calls() {
  const auto call = [](const char* name, bool is_needed, auto... arguments) {
    return CallFacts{name, error_of(::syscall(arguments...)), is_needed};
  };
  std::vector<CallFacts> calls = {
      call("recvmmsg", true, SYS_recvmmsg, kNoDescriptor, nullptr, 0, 0, nullptr),
      call("sendmmsg", true, SYS_sendmmsg, kNoDescriptor, nullptr, 0, 0),
      call("epoll_pwait", true, SYS_epoll_pwait, kNoDescriptor, nullptr, 1, 0, nullptr, 0),
      call("membarrier", false, SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0)};
#ifdef SYS_epoll_pwait2
  calls.push_back(call("epoll_pwait2", false, SYS_epoll_pwait2, kNoDescriptor, nullptr, 1, nullptr,
                       nullptr, 0));
#endif
  return calls;
}

void probe_sockets(SocketFacts* facts) {
  const int asked = EngineOptions().socket_receive_buffer;
  facts->receive_asked = asked;
  net::Socket socket;
  if (!open_any(&socket)) return;
  // What is refused in part is granted in part, and read back.
  (void)socket.request_receive_buffer(asked);
  if (const int granted = socket.receive_buffer(); granted > 0) facts->receive_granted = granted;
  if (const int granted = socket.send_buffer(); granted > 0) facts->send_granted = granted;
}

void probe_limits(const MachineFiles& files, LimitFacts* facts) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts->memlock = limit_of(limit.rlim_cur);
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts->descriptors_soft = limit_of(limit.rlim_cur);
    facts->descriptors_hard = limit_of(limit.rlim_max);
  }
  read_ports(files, facts);
}

void probe_interface(InterfaceFacts* facts) {
  net::Socket socket;
  if (!open_any(&socket)) return;
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ask_driver(socket, facts->name, &channels)) {
    facts->channels = static_cast<int>(channels.combined_count + channels.rx_count);
    facts->channels_most = static_cast<int>(channels.max_combined + channels.max_rx);
  }
  ethtool_ringparam ring{};
  ring.cmd = ETHTOOL_GRINGPARAM;
  if (ask_driver(socket, facts->name, &ring)) {
    facts->receive_ring = ring.rx_pending;
    facts->receive_ring_most = ring.rx_max_pending;
  }
  facts->merges_received = ask_switch(socket, facts->name, ETHTOOL_GGRO);
  facts->segments_sent = ask_switch(socket, facts->name, ETHTOOL_GGSO);
}

MachineFacts gather_facts(const MachineFiles& files) {
  // Of half a second, in which everything else is asked: less shows little of what hosts do.
  constexpr std::chrono::milliseconds kStealTime{500};
  const StealMeter steal;
  const auto end = std::chrono::steady_clock::now() + kStealTime;
  MachineFacts facts;
  utsname names{};
  if (::uname(&names) == 0) facts.release = names.release;
  facts.kernel = parse_release(facts.release);
  facts.uring = probe_uring();
  read_sandbox(files, &facts.sandbox);
  facts.sandbox.calls = probe_calls();
  read_sockets(files, &facts.sockets);
  probe_sockets(&facts.sockets);
  probe_limits(files, &facts.limits);
  read_processors(files, &facts.processors);
  facts.processors.usable = usable_processors();
  facts.processors.clock_ns = clock_ns();
  facts.interfaces = read_interfaces(files);
  for (InterfaceFacts& interface : facts.interfaces) probe_interface(&interface);
  std::this_thread::sleep_until(end);
  facts.processors.steal_percent = steal.percent();
  return facts;
}

}  // namespace ringpeer::tools
