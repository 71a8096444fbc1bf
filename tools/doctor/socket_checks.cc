#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/tools/command/text_table.h"
#include "ringpeer/tools/doctor/checks.h"

// Where datagrams wait, and what a process may have.

namespace ringpeer::tools {
namespace {

constexpr double kMsPerSecond = 1000;
// A buffer that holds so many pauses holds what comes in two of them that follow each other, and
// some more.
constexpr double kEnoughPauses = 3;
// The rings of a worker: 256 requests of 64 bytes, 4,096 completions of 16, and their heads.
constexpr std::uint64_t kRingBytes = std::uint64_t{96} << 10;
// As `ringpeer load` counts: standard streams, epoll and some to spare.
constexpr std::uint64_t kOtherDescriptors = 64;
// Ports that other programs of the machine have, a tenth as a rule of thumb.
constexpr std::uint64_t kSparePorts = 10;

std::string number(std::uint64_t count) { return with_thousands(static_cast<std::int64_t>(count)); }

std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t kKibibyte = 1024;
  constexpr std::int64_t kMebibyte = kKibibyte * kKibibyte;
  if (bytes >= 8 * kMebibyte) return fmt::format("{} MiB", number(bytes / kMebibyte));
  return fmt::format("{} KiB", number(bytes / kKibibyte));
}

Finding unknown(const char* check, const char* why) {
  return {check, Verdict::kNote, fmt::format("unknown: {}", why), ""};
}

// What rmem_max has to be, so that the kernel, which grants twice as much, has room for some
// pauses: a power of two.
std::uint64_t wanted_rmem_max(const DoctorPlan& plan) {
  const double packets = plan.rate * plan.pause_ms / kMsPerSecond * kEnoughPauses;
  const double bytes = packets * static_cast<double>(wait::kernel_charge(plan.packet_size)) / 2;
  std::uint64_t wanted = std::uint64_t{1} << 20;
  while (static_cast<double>(wanted) < bytes) wanted *= 2;
  return wanted;
}

}  // namespace

std::optional<BufferRoom> room_of_buffer(const MachineFacts& facts, const DoctorPlan& plan) {
  if (!facts.sockets.receive_granted) return std::nullopt;
  BufferRoom room;
  room.packets = static_cast<std::uint64_t>(*facts.sockets.receive_granted) /
                 wait::kernel_charge(plan.packet_size);
  room.ms = static_cast<double>(room.packets) / plan.rate * kMsPerSecond;
  return room;
}

Finding check_receive_buffer(const MachineFacts& facts, const DoctorPlan& plan) {
  const std::optional<BufferRoom> room = room_of_buffer(facts, plan);
  if (!room) return unknown("receive buffer", "no UDP socket is to be had, or none tells");
  const SocketFacts& sockets = facts.sockets;
  Finding finding = {"receive buffer", Verdict::kOk, "", ""};
  finding.found =
      fmt::format("{} granted, {} bytes a packet of {}: {} packets, {:.1f} ms at {} packets/s",
                  size_text(*sockets.receive_granted),
                  number(wait::kernel_charge(plan.packet_size)), plan.packet_size,
                  number(room->packets), room->ms, number(static_cast<std::uint64_t>(plan.rate)));
  if (sockets.rmem_max && *sockets.receive_granted > 2 * *sockets.rmem_max) {
    finding.found +=
        fmt::format("; without CAP_NET_ADMIN only {}", size_text(2 * *sockets.rmem_max));
  }
  if (room->ms >= kEnoughPauses * plan.pause_ms) return finding;
  const bool is_short = room->ms < plan.pause_ms;
  finding.verdict = is_short ? Verdict::kProblem : Verdict::kNote;
  finding.found +=
      fmt::format("; {} pause of {} ms{}", is_short ? "less than a" : "little beyond a",
                  plan.pause_ms, is_short ? " loses the rest" : "");
  const std::uint64_t wanted = wanted_rmem_max(plan);
  if (sockets.rmem_max && static_cast<std::uint64_t>(*sockets.rmem_max) < wanted) {
    finding.advice = fmt::format("sysctl -w net.core.rmem_max={}", wanted);
  } else {
    finding.advice = fmt::format("ask for more: EngineOptions::socket_receive_buffer = {}", wanted);
  }
  if (sockets.receive_asked && static_cast<std::uint64_t>(*sockets.receive_asked) < wanted &&
      finding.advice.starts_with("sysctl")) {
    finding.advice += fmt::format(" and EngineOptions::socket_receive_buffer = {}", wanted);
  }
  return finding;
}

Finding check_send_buffer(const MachineFacts& facts, const DoctorPlan& plan) {
  if (!facts.sockets.send_granted)
    return unknown("send buffer", "no UDP socket is to be had, or none tells");
  const std::uint64_t packets = static_cast<std::uint64_t>(*facts.sockets.send_granted) /
                                wait::kernel_charge(plan.packet_size);
  return {"send buffer", Verdict::kOk,
          fmt::format("{}: {} packets; what does not fit waits in the engine's queue",
                      size_text(*facts.sockets.send_granted), number(packets)),
          ""};
}

Finding check_udp_memory(const MachineFacts& facts) {
  const SocketFacts& sockets = facts.sockets;
  if (!sockets.udp_memory) return unknown("UDP memory", "net.ipv4.udp_mem cannot be read");
  Finding finding = {"UDP memory", Verdict::kOk,
                     size_text(*sockets.udp_memory) + " for all UDP sockets together", ""};
  if (sockets.receive_granted && *sockets.udp_memory < *sockets.receive_granted) {
    finding.verdict = Verdict::kProblem;
    finding.found += fmt::format(", less than the {} that one socket is granted",
                                 size_text(*sockets.receive_granted));
    finding.advice = "raise the three numbers of net.ipv4.udp_mem (pages)";
  }
  return finding;
}

Finding check_backlog(const MachineFacts& facts, const DoctorPlan& plan) {
  if (!facts.sockets.backlog) {
    return unknown("backlog", "net.core.netdev_max_backlog is not to be seen from here");
  }
  const auto backlog = static_cast<std::uint64_t>(*facts.sockets.backlog);
  const double ms = static_cast<double>(backlog) / plan.rate * kMsPerSecond;
  Finding finding = {
      "backlog", Verdict::kOk,
      fmt::format("{} packets a processor, {:.1f} ms at {} packets/s", number(backlog), ms,
                  number(static_cast<std::uint64_t>(plan.rate))),
      ""};
  // Of loopback, of virtual interfaces and of RPS: the softirq that empties it runs within a tick.
  constexpr double kTickMs = 4;
  if (ms < kTickMs) {
    finding.verdict = Verdict::kNote;
    finding.advice =
        fmt::format("sysctl -w net.core.netdev_max_backlog={}, for loopback, veth and RPS",
                    static_cast<std::uint64_t>(plan.rate * 2 * kTickMs / kMsPerSecond));
  }
  return finding;
}

Finding check_drops(const MachineFacts& facts) {
  const SocketFacts& sockets = facts.sockets;
  if (!sockets.buffer_drops) return unknown("drops so far", "/proc/net/snmp cannot be read");
  Finding finding = {"drops so far", Verdict::kOk, "", ""};
  finding.found =
      fmt::format("{} of {} datagrams found no room in their socket since the start",
                  number(*sockets.buffer_drops),
                  sockets.received ? number(*sockets.received + *sockets.buffer_drops) : "unknown");
  if (sockets.backlog_drops) {
    finding.found +=
        fmt::format(", {} in the backlog of a processor", number(*sockets.backlog_drops));
  }
  if (*sockets.buffer_drops > 0 || sockets.backlog_drops.value_or(0) > 0) {
    finding.verdict = Verdict::kNote;
    finding.advice = "see which socket: the last column of /proc/net/udp counts for each";
  }
  return finding;
}

Finding check_memlock(const MachineFacts& facts) {
  if (!facts.limits.memlock) return unknown("memlock", "the limit cannot be asked for");
  const std::uint64_t bytes = *facts.limits.memlock;
  if (bytes == LimitFacts::kUnlimited) return {"memlock", Verdict::kOk, "unlimited", ""};
  Finding finding = {"memlock", Verdict::kOk,
                     fmt::format("{} KiB may be locked (ulimit -l)", number(bytes / 1024)), ""};
  if (bytes < kRingBytes) {
    finding.verdict = Verdict::kNote;
    finding.found += fmt::format(
        "; the rings of a worker take {} KiB where the kernel counts them (before 5.12)",
        kRingBytes / 1024);
    finding.advice =
        "ulimit -l 8192, LimitMEMLOCK=8M of a service, or --ulimit memlock=8388608 of a container";
  }
  return finding;
}

Finding check_descriptors(const MachineFacts& facts, const DoctorPlan& plan) {
  const LimitFacts& limits = facts.limits;
  if (!limits.descriptors_hard || !limits.descriptors_soft) {
    return unknown("descriptors", "the limit cannot be asked for");
  }
  const std::uint64_t needed = plan.clients + kOtherDescriptors;
  Finding finding = {
      "descriptors", Verdict::kOk,
      fmt::format("{} may be open (ulimit -n), {} after raising it; {} clients with a socket each "
                  "take {}",
                  number(*limits.descriptors_soft), number(*limits.descriptors_hard),
                  number(plan.clients), number(needed)),
      ""};
  if (*limits.descriptors_hard < needed) {
    finding.verdict = Verdict::kProblem;
    finding.advice = fmt::format(
        "ulimit -Hn {0} as root, LimitNOFILE={0} of a service, --ulimit nofile={0} of a container",
        needed);
  } else if (*limits.descriptors_soft < needed) {
    finding.verdict = Verdict::kNote;
    finding.advice = fmt::format("ulimit -n {}; `ringpeer load` raises it by itself", needed);
  }
  return finding;
}

Finding check_ports(const MachineFacts& facts, const DoctorPlan& plan) {
  if (!facts.limits.ports) {
    return unknown("ports", "net.ipv4.ip_local_port_range cannot be read");
  }
  const std::uint64_t ports = *facts.limits.ports;
  const std::uint64_t usable = ports - ports / kSparePorts;
  Finding finding = {"ports", Verdict::kOk,
                     fmt::format("{} for sockets that name none; {} clients take one each",
                                 number(ports), number(plan.clients)),
                     ""};
  if (plan.clients <= usable) return finding;
  finding.verdict = plan.clients > ports ? Verdict::kProblem : Verdict::kNote;
  finding.advice =
      "sysctl -w net.ipv4.ip_local_port_range=\"10000 65535\", and look at "
      "net.ipv4.ip_local_reserved_ports";
  return finding;
}

}  // namespace ringpeer::tools
