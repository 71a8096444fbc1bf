#include "ringpeer/tools/doctor/file_facts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>
#include <vector>

namespace ringpeer::tools {
namespace {

constexpr int kNetworkAdministrator = 12;  // CAP_NET_ADMIN
constexpr std::uint64_t kMaxPort = 65535;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

template <typename T>
std::optional<T> parse(std::string_view text, int base = 10) {
  text = trimmed(text);
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <typename T>
std::optional<T> read_number(const MachineFiles& files, const std::string& path) {
  const std::optional<std::string> text = files.read(path);
  return text ? parse<T>(*text) : std::nullopt;
}

std::optional<std::string> read_word(const MachineFiles& files, const std::string& path) {
  const std::optional<std::string> text = files.read(path);
  if (!text || trimmed(*text).empty()) return std::nullopt;
  return std::string(trimmed(*text));
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// "Seccomp:\t2" of a text of such lines.
std::optional<std::string> field_of(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    return std::string(trimmed(std::string_view(line).substr(name.size() + 1)));
  }
  return std::nullopt;
}

// "Udp: InDatagrams NoPorts ..." and, on the next such line, the numbers.
std::optional<std::uint64_t> udp_count(const std::string& snmp, std::string_view name) {
  std::istringstream lines(snmp);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("Udp:")) continue;
    std::vector<std::string> words = words_of(line);
    if (names.empty()) {
      names = std::move(words);
      continue;
    }
    const auto place = std::find(names.begin(), names.end(), name) - names.begin();
    if (static_cast<std::size_t>(place) >= words.size()) return std::nullopt;
    return parse<std::uint64_t>(words[static_cast<std::size_t>(place)]);
  }
  return std::nullopt;
}

// The second column of a line a processor, in hexadecimal.
std::optional<std::uint64_t> backlog_drops(const std::string& softnet) {
  std::istringstream lines(softnet);
  std::uint64_t sum = 0;
  bool is_any = false;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 2) continue;
    const auto count = parse<std::uint64_t>(words[1], 16);
    if (!count) return std::nullopt;
    sum += *count;
    is_any = true;
  }
  return is_any ? std::optional(sum) : std::nullopt;
}

// "8080,9000-9010": how many of them lie in the range.
std::uint64_t count_reserved(std::string_view list, std::uint64_t first, std::uint64_t last) {
  std::uint64_t count = 0;
  for (std::istringstream parts{std::string(trimmed(list))}; !parts.eof();) {
    std::string part;
    if (!std::getline(parts, part, ',')) break;
    const std::size_t dash = part.find('-');
    const auto low = parse<std::uint64_t>(std::string_view(part).substr(0, dash));
    const auto high = dash == std::string::npos
                          ? low
                          : parse<std::uint64_t>(std::string_view(part).substr(dash + 1));
    if (!low || !high || *high > kMaxPort) continue;
    const std::uint64_t from = std::max(*low, first);
    const std::uint64_t to = std::min(*high, last);
    if (from <= to) count += to - from + 1;
  }
  return count;
}

// A quota is the group's, or of one above it: the one that leaves least counts.
void take_quota(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period,
                std::optional<std::string> statistics, ProcessorFacts* facts) {
  if (!quota || !period || *period == 0) return;
  const bool is_tighter = !facts->quota_us || !facts->period_us ||
                          *quota * *facts->period_us < *facts->quota_us * *period;
  if (!is_tighter) return;
  facts->quota_us = quota;
  facts->period_us = period;
  facts->periods_throttled.reset();
  if (!statistics) return;
  std::istringstream lines(*statistics);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() == 2 && words[0] == "nr_throttled") {
      facts->periods_throttled = parse<std::uint64_t>(words[1]);
    }
  }
}

// The folder, and each above it, of a group's path.
std::vector<std::string> folders_of(const std::string& root, std::string path) {
  std::vector<std::string> folders;
  while (path.size() > 1) {
    folders.push_back(root + path);
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  folders.push_back(root);
  return folders;
}

void read_quota_2(const MachineFiles& files, const std::string& folder, ProcessorFacts* facts) {
  const std::optional<std::string> text = files.read(folder + "/cpu.max");
  const std::vector<std::string> words = text ? words_of(*text) : std::vector<std::string>();
  if (words.size() != 2) return;
  take_quota(parse<std::uint64_t>(words[0]), parse<std::uint64_t>(words[1]),
             files.read(folder + "/cpu.stat"), facts);
}

void read_quota_1(const MachineFiles& files, const std::string& folder, ProcessorFacts* facts) {
  take_quota(read_number<std::uint64_t>(files, folder + "/cpu.cfs_quota_us"),  // -1: none
             read_number<std::uint64_t>(files, folder + "/cpu.cfs_period_us"),
             files.read(folder + "/cpu.stat"), facts);
}

void read_quota(const MachineFiles& files, ProcessorFacts* facts) {
  std::istringstream groups(files.read("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      for (const auto& folder : folders_of("/sys/fs/cgroup", path)) {
        read_quota_2(files, folder, facts);
      }
    }
    std::istringstream names(controllers);
    for (std::string name; std::getline(names, name, ',');) {
      if (name != "cpu") continue;
      for (const char* root : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
        for (const auto& folder : folders_of(root, path)) read_quota_1(files, folder, facts);
      }
    }
  }
}

// Of the states that are not switched off; the deepest takes longest to leave.
std::optional<std::uint64_t> deepest_idle(const MachineFiles& files) {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cpuidle";
  std::optional<std::uint64_t> deepest;
  for (const std::string& state : files.list(folder)) {
    const std::string path = fmt::format("{}/{}", folder, state);
    if (read_number<int>(files, path + "/disable").value_or(0) != 0) continue;
    const auto latency = read_number<std::uint64_t>(files, path + "/latency");
    if (latency) deepest = std::max(deepest.value_or(0), *latency);
  }
  return deepest;
}

InterfaceFacts read_interface(const MachineFiles& files, const std::string& name) {
  const std::string folder = "/sys/class/net/" + name;
  InterfaceFacts facts;
  facts.name = name;
  facts.driver = files.link_name(folder + "/device/driver").value_or("");
  const std::vector<std::string> queues = files.list(folder + "/queues");
  if (!queues.empty()) {
    facts.receive_queues = static_cast<int>(std::count_if(
        queues.begin(), queues.end(), [](const auto& queue) { return queue.starts_with("rx-"); }));
    facts.send_queues = static_cast<int>(queues.size()) - *facts.receive_queues;
  }
  for (const std::string& queue : queues) {
    const auto mask = read_word(files, fmt::format("{}/queues/{}/rps_cpus", folder, queue));
    if (!mask) continue;
    const bool is_set = mask->find_first_not_of("0,") != std::string::npos;
    facts.spreads_by_software = facts.spreads_by_software.value_or(false) || is_set;
  }
  const auto missed = read_number<std::uint64_t>(files, folder + "/statistics/rx_missed_errors");
  const auto fifo = read_number<std::uint64_t>(files, folder + "/statistics/rx_fifo_errors");
  if (missed || fifo) facts.missed = missed.value_or(0) + fifo.value_or(0);
  return facts;
}

}  // namespace

std::optional<KernelVersion> parse_release(std::string_view release) {
  const std::size_t dot = release.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::size_t end = release.find_first_not_of("0123456789", dot + 1);
  const auto major = parse<int>(release.substr(0, dot));
  const auto minor = parse<int>(
      release.substr(dot + 1, (end == std::string_view::npos ? release.size() : end) - dot - 1));
  if (!major || !minor) return std::nullopt;
  return KernelVersion{*major, *minor};
}

void read_sandbox(const MachineFiles& files, SandboxFacts* facts) {
  if (const auto status = files.read("/proc/self/status")) {
    if (const auto mode = field_of(*status, "Seccomp")) facts->seccomp_mode = parse<int>(*mode);
    if (const auto mask = field_of(*status, "CapEff")) {
      if (const auto set = parse<std::uint64_t>(*mask, 16)) {
        facts->may_administer_network = (*set >> kNetworkAdministrator & 1) != 0;
      }
    }
    const auto group = read_number<std::int64_t>(files, "/proc/sys/kernel/io_uring_group");
    const auto own = field_of(*status, "Gid");
    const auto others = field_of(*status, "Groups");
    if (group && own) {
      const std::vector<std::string> all = words_of(*own + " " + others.value_or(""));
      facts->is_in_uring_group =
          std::find(all.begin(), all.end(), std::to_string(*group)) != all.end();
    }
  }
  facts->uring_disabled = read_number<int>(files, "/proc/sys/kernel/io_uring_disabled");
}

void read_sockets(const MachineFiles& files, SocketFacts* facts) {
  facts->rmem_max = read_number<std::int64_t>(files, "/proc/sys/net/core/rmem_max");
  facts->backlog = read_number<std::int64_t>(files, "/proc/sys/net/core/netdev_max_backlog");
  if (const auto pages = files.read("/proc/sys/net/ipv4/udp_mem")) {
    const std::vector<std::string> words = words_of(*pages);
    const auto most = words.size() == 3 ? parse<std::int32_t>(words[2]) : std::nullopt;
    if (most && *most >= 0) facts->udp_memory = *most * std::int64_t{::sysconf(_SC_PAGESIZE)};
  }
  if (const auto snmp = files.read("/proc/net/snmp")) {
    facts->received = udp_count(*snmp, "InDatagrams");
    facts->buffer_drops = udp_count(*snmp, "RcvbufErrors");
  }
  if (const auto softnet = files.read("/proc/net/softnet_stat")) {
    facts->backlog_drops = backlog_drops(*softnet);
  }
}

void read_ports(const MachineFiles& files, LimitFacts* facts) {
  const auto range = files.read("/proc/sys/net/ipv4/ip_local_port_range");
  const std::vector<std::string> words = range ? words_of(*range) : std::vector<std::string>();
  if (words.size() != 2) return;
  const auto first = parse<std::uint64_t>(words[0]);
  const auto last = parse<std::uint64_t>(words[1]);
  if (!first || !last || *first > *last || *last > kMaxPort) return;
  const auto reserved = files.read("/proc/sys/net/ipv4/ip_local_reserved_ports").value_or("");
  const std::uint64_t all = *last - *first + 1;
  facts->ports = all - std::min(all, count_reserved(reserved, *first, *last));
}

void read_processors(const MachineFiles& files, ProcessorFacts* facts) {
  if (const auto info = files.read("/proc/cpuinfo")) {
    if (const auto flags = field_of(*info, "flags\t\t")) {
      const std::vector<std::string> words = words_of(*flags);
      facts->is_guest = std::find(words.begin(), words.end(), "hypervisor") != words.end();
    }
  }
  const std::string idle = "/sys/devices/system/cpu/cpuidle";
  facts->idle_driver = read_word(files, idle + "/current_driver");
  facts->idle_governor = read_word(files, idle + "/current_governor");
  constexpr std::uint64_t kNsPerUs = 1000;
  const auto poll_ns =
      read_number<std::uint64_t>(files, "/sys/module/haltpoll/parameters/guest_halt_poll_ns");
  if (poll_ns) facts->halt_poll_us = *poll_ns / kNsPerUs;
  facts->deepest_idle_us = deepest_idle(files);
  facts->frequency_governor =
      read_word(files, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  facts->clock_source =
      read_word(files, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  read_quota(files, facts);
}

std::vector<InterfaceFacts> read_interfaces(const MachineFiles& files) {
  constexpr std::uint64_t kUp = 0x1;  // IFF_UP
  constexpr std::uint64_t kLoopback = 0x8;
  std::vector<InterfaceFacts> interfaces;
  for (const std::string& name : files.list("/sys/class/net")) {
    const auto text = read_word(files, "/sys/class/net/" + name + "/flags");
    const auto flags = text && text->starts_with("0x")
                           ? parse<std::uint64_t>(std::string_view(*text).substr(2), 16)
                           : std::nullopt;
    if (!flags || (*flags & kUp) == 0 || (*flags & kLoopback) != 0) continue;
    interfaces.push_back(read_interface(files, name));
  }
  return interfaces;
}

}  // namespace ringpeer::tools
