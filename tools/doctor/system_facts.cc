#include "ringpeer/tools/doctor/system_facts.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "ringpeer/engine/core/engine.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/doctor/call_probe.h"
#include "ringpeer/tools/doctor/file_facts.h"
#include "ringpeer/tools/doctor/trial_process.h"
#include "ringpeer/tools/doctor/udp_probe.h"
#include "ringpeer/tools/doctor/uring_probe.h"
#include "ringpeer/tools/measure/machine_load.h"

namespace ringpeer::tools {
namespace {

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

struct BufferFacts {
  int receive = 0;
  int send = 0;
};

void ask_for_buffers(BufferFacts* facts) {
  net::Socket socket;
  if (!open_any(&socket)) return;
  // What is refused in part is granted in part, and read back.
  (void)socket.request_receive_buffer(EngineOptions().socket_receive_buffer);
  facts->receive = socket.receive_buffer();
  facts->send = socket.send_buffer();
}

struct ProcessLimits {
  rlimit memlock = {};
  rlimit descriptors = {};
  bool has_memlock = false;
  bool has_descriptors = false;
};

void ask_for_limits(ProcessLimits* limits) {
  limits->has_memlock = ::getrlimit(RLIMIT_MEMLOCK, &limits->memlock) == 0;
  limits->has_descriptors = ::getrlimit(RLIMIT_NOFILE, &limits->descriptors) == 0;
}

// What only the driver says.
struct DriverFacts {
  std::optional<int> channels;
  std::optional<int> channels_most;
  std::optional<std::uint32_t> receive_ring;
  std::optional<std::uint32_t> receive_ring_most;
  std::optional<bool> merges_received;
  std::optional<bool> segments_sent;
};

void ask_driver_of(const std::string& interface, DriverFacts* facts) {
  net::Socket socket;
  if (!open_any(&socket)) return;
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (ask_driver(socket, interface, &channels)) {
    facts->channels = static_cast<int>(channels.combined_count + channels.rx_count);
    facts->channels_most = static_cast<int>(channels.max_combined + channels.max_rx);
  }
  ethtool_ringparam ring{};
  ring.cmd = ETHTOOL_GRINGPARAM;
  if (ask_driver(socket, interface, &ring)) {
    facts->receive_ring = ring.rx_pending;
    facts->receive_ring_most = ring.rx_max_pending;
  }
  facts->merges_received = ask_switch(socket, interface, ETHTOOL_GGRO);
  facts->segments_sent = ask_switch(socket, interface, ETHTOOL_GGSO);
}

std::string probe_release() {
  const auto trial = try_apart<utsname>([](utsname* names) { (void)::uname(names); });
  return trial.facts.release;
}

void probe_processors(ProcessorFacts* facts) {
  facts->usable =
      try_apart<std::optional<int>>([](auto* usable) { *usable = usable_processors(); }).facts;
  facts->clock_ns = try_apart<std::optional<double>>([](auto* ns) { *ns = clock_ns(); }).facts;
}

// False when the sleep was not to be had; it is then over at once.
bool sleep_apart(std::chrono::steady_clock::time_point until) {
  const TrialEnd end = run_trial([until] { std::this_thread::sleep_until(until); });
  return end.was_tried && end.signal == 0;
}

}  // namespace

void probe_sockets(SocketFacts* facts) {
  facts->receive_asked = EngineOptions().socket_receive_buffer;
  const BufferFacts granted = try_apart<BufferFacts>(ask_for_buffers).facts;
  if (granted.receive > 0) facts->receive_granted = granted.receive;
  if (granted.send > 0) facts->send_granted = granted.send;
}

void probe_limits(const MachineFiles& files, LimitFacts* facts) {
  const ProcessLimits limits = try_apart<ProcessLimits>(ask_for_limits).facts;
  if (limits.has_memlock) facts->memlock = limit_of(limits.memlock.rlim_cur);
  if (limits.has_descriptors) {
    facts->descriptors_soft = limit_of(limits.descriptors.rlim_cur);
    facts->descriptors_hard = limit_of(limits.descriptors.rlim_max);
  }
  read_ports(files, facts);
}

void probe_interface(InterfaceFacts* facts) {
  const std::string& name = facts->name;
  const DriverFacts told =
      try_apart<DriverFacts>([&name](DriverFacts* driver) { ask_driver_of(name, driver); }).facts;
  facts->channels = told.channels;
  facts->channels_most = told.channels_most;
  facts->receive_ring = told.receive_ring;
  facts->receive_ring_most = told.receive_ring_most;
  facts->merges_received = told.merges_received;
  facts->segments_sent = told.segments_sent;
}

MachineFacts gather_facts(const MachineFiles& files) {
  // Of half a second, in which everything else is asked: less shows little of what hosts do.
  constexpr std::chrono::milliseconds kStealTime{500};
  const StealMeter steal;
  const auto end = std::chrono::steady_clock::now() + kStealTime;
  MachineFacts facts;
  facts.release = probe_release();
  facts.kernel = parse_release(facts.release);
  facts.uring = probe_uring();
  read_sandbox(files, &facts.sandbox);
  facts.sandbox.calls = probe_calls();
  facts.udp = probe_udp();
  read_sockets(files, &facts.sockets);
  probe_sockets(&facts.sockets);
  probe_limits(files, &facts.limits);
  read_processors(files, &facts.processors);
  probe_processors(&facts.processors);
  facts.interfaces = read_interfaces(files);
  for (InterfaceFacts& interface : facts.interfaces) probe_interface(&interface);
  if (sleep_apart(end)) facts.processors.steal_percent = steal.percent();
  return facts;
}

}  // namespace ringpeer::tools
