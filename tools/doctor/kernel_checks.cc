#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "ringpeer/tools/doctor/checks.h"

// The kernel and what it, a container or a setting allows.

namespace ringpeer::tools {
namespace {

// See docs/backends.md.
constexpr KernelVersion kUringKernel = {6, 1};
constexpr KernelVersion kMinWaitKernel = {6, 12};

constexpr int kFilterMode = 2;  // SECCOMP_MODE_FILTER

constexpr const char* kAllowCalls =
    "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp "
    "profile, or leave it: recvmmsg serves";

bool is_refusal(int error) { return error == EPERM || error == ENOSYS || error == EACCES; }

// Of what was done step by step and did not end well.
std::string words_of(const StepFacts& facts) {
  const std::string step = facts.step.front() == '\0' ? "" : std::string(facts.step.data()) + ": ";
  if (facts.signal == 0) return step + std::strerror(facts.error);
  return fmt::format("{}who tries it is killed by signal {} ({})", step, facts.signal,
                     ::strsignal(facts.signal));
}

std::string advice_for_descriptors(int error) {
  return error == EMFILE ? "ulimit -n 1024, LimitNOFILE=1024 of a service, or --ulimit nofile=1024 "
                           "of a container"
                         : "raise fs.file-max (sysctl): the whole machine has no descriptor left";
}

// Of a socket or a datagram, whoever receives it.
std::string advice_for_socket(int error) {
  switch (error) {
    case EMFILE:
    case ENFILE:
      return advice_for_descriptors(error);
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
      return "ip link set lo up";
    case EAFNOSUPPORT:
      return "allow AF_INET or AF_INET6 (RestrictAddressFamilies= of a service)";
    case ENOMEM:
    case ENOBUFS:
      return "raise ulimit -v or the memory of the control group, and see the line UDP memory";
    case ETIME:
      return "let a packet filter pass datagrams to 127.0.0.1 and ::1 (nft list ruleset)";
    default:
      return "see the line system calls, and whether a packet filter (nft list ruleset) or a "
             "security module refuses it";
  }
}

// Of what io_uring is innocent of.
Finding not_to_be_tried(const UringFacts& uring) {
  return {"io_uring", Verdict::kNote, "unknown, for want of datagrams: " + words_of(uring),
          uring.signal != 0 ? "see the line system calls" : advice_for_socket(uring.error)};
}

// Why io_uring may not be used, and what to do.
Finding refused(const MachineFacts& facts) {
  const SandboxFacts& sandbox = facts.sandbox;
  Finding finding = {"io_uring", Verdict::kNote, words_of(facts.uring),
                     "leave it: recvmmsg serves"};
  if (is_refusal(facts.uring.error)) finding.advice = kAllowCalls;
  if (facts.uring.error == EPERM && sandbox.uring_disabled.value_or(0) == 2) {
    finding.found += "; kernel.io_uring_disabled is 2: nobody may have it";
    finding.advice = "sysctl -w kernel.io_uring_disabled=0, or leave it: recvmmsg serves";
  } else if (facts.uring.error == EPERM && sandbox.uring_disabled.value_or(0) == 1 &&
             !sandbox.is_in_uring_group.value_or(true)) {
    finding.found +=
        "; kernel.io_uring_disabled is 1, and this user is not in the group of "
        "kernel.io_uring_group";
    finding.advice =
        "sysctl -w kernel.io_uring_group=GID of the server's group, or kernel.io_uring_disabled=0; "
        "or leave it: recvmmsg serves";
  } else if (is_refusal(facts.uring.error) && sandbox.seccomp_mode == kFilterMode) {
    finding.found += "; a seccomp filter is in force, as in most containers";
  } else if (facts.uring.error == ENOSYS) {
    finding.found += "; this kernel, or what stands in its place (gVisor), has none";
    finding.advice = "leave it: recvmmsg serves";
  } else if (facts.uring.error == EMFILE || facts.uring.error == ENFILE) {
    finding.advice = advice_for_descriptors(facts.uring.error);
  } else if (facts.uring.error == ENOMEM) {
    finding.advice =
        "raise ulimit -l, ulimit -v or the memory of the control group; until then "
        "recvmmsg serves";
  } else if (facts.kernel && *facts.kernel < kUringKernel) {
    finding.advice = "Linux 6.1 or later; until then recvmmsg serves";
  }
  return finding;
}

}  // namespace

Finding check_kernel(const MachineFacts& facts) {
  Finding finding = {"kernel", Verdict::kOk, "Linux " + facts.release, ""};
  if (!facts.kernel) {
    finding.verdict = Verdict::kNote;
    finding.found += ": its version cannot be read";
  } else if (*facts.kernel < kUringKernel) {
    finding.verdict = Verdict::kNote;
    finding.found += ": too old for io_uring as it is used here";
    finding.advice = "Linux 6.1 or later; until then recvmmsg serves";
  } else if (*facts.kernel < kMinWaitKernel) {
    finding.found += ": without what 6.12 adds (min_wait, shared buffers)";
  }
  return finding;
}

Finding check_uring(const MachineFacts& facts) {
  const UringFacts& uring = facts.uring;
  if (uring.works() && facts.sandbox.uring_disabled.value_or(0) != 0) {
    return {"io_uring", Verdict::kNote,
            "works for this user; kernel.io_uring_disabled keeps it from others",
            "put the server's group in kernel.io_uring_group, or leave it: recvmmsg serves"};
  }
  if (uring.works()) {
    return {"io_uring", Verdict::kOk,
            "set up, entered, buffers registered, a multishot receive brought datagrams", ""};
  }
  if (uring.was_tried && uring.is_of_socket) return not_to_be_tried(uring);
  if (uring.signal != 0) {
    return {"io_uring", Verdict::kProblem, words_of(uring),
            "have the filter of system calls answer EPERM instead, or run every server with "
            "--backend recvmmsg"};
  }
  if (!uring.was_tried) {
    return {"io_uring", Verdict::kNote, "unknown: no process can be started to try it", ""};
  }
  return refused(facts);
}

Finding check_uring_features(const MachineFacts& facts) {
  Finding finding = {"io_uring features", Verdict::kOk, "", ""};
  if (!facts.uring.works()) {
    finding.verdict = Verdict::kNote;
    finding.found = "unknown while io_uring is not to be had";
    return finding;
  }
  const auto word = [](bool has) { return has ? "yes" : "no"; };
  finding.found =
      fmt::format("min_wait {}, incremental buffers with min_left {}",
                  word(facts.uring.has_min_wait), word(facts.uring.has_incremental_buffers));
  if (!facts.uring.has_min_wait || !facts.uring.has_incremental_buffers) {
    finding.verdict = Verdict::kNote;
    finding.advice = "nothing is lost without; a later kernel saves system calls and memory";
  }
  return finding;
}

Finding check_calls(const MachineFacts& facts) {
  if (facts.sandbox.calls.empty()) {
    return {"system calls", Verdict::kNote, "unknown: no process can be started to try them", ""};
  }
  Finding finding = {"system calls", Verdict::kOk, "", ""};
  std::string forbidden;
  bool kills = false;
  for (const CallFacts& call : facts.sandbox.calls) {
    if (call.error == 0 && call.signal == 0) continue;
    forbidden += fmt::format("{}{} ({})", forbidden.empty() ? "" : ", ", call.name,
                             call.signal == 0
                                 ? std::strerror(call.error)
                                 : fmt::format("who makes it is killed by signal {}", call.signal));
    kills = kills || call.signal != 0;
    if (finding.verdict != Verdict::kProblem) {
      const bool is_problem = call.is_needed || call.signal != 0;
      finding.verdict = is_problem ? Verdict::kProblem : Verdict::kNote;
    }
  }
  const bool is_filtered = facts.sandbox.seccomp_mode == kFilterMode;
  const std::string filter = !facts.sandbox.seccomp_mode ? "seccomp unknown"
                             : is_filtered               ? "a seccomp filter is in force"
                                                         : "no seccomp filter";
  finding.found = filter + (forbidden.empty() ? "; all that are needed are allowed"
                                              : "; not allowed: " + forbidden);
  if (kills) {
    finding.advice = "allow them, or have the filter answer ENOSYS instead of killing";
  } else if (finding.verdict == Verdict::kProblem) {
    finding.advice = "allow them: without them servers or clients do not start, or send nothing";
  } else if (finding.verdict == Verdict::kNote) {
    finding.advice = "nothing is lost without; allowing them makes waits more precise";
  }
  return finding;
}

// Of a step that only loopback is to blame for, a server of other machines does not hear.
Finding check_udp(const MachineFacts& facts) {
  const StepFacts& udp = facts.udp;
  if (!udp.was_tried) {
    return {"UDP socket", Verdict::kNote, "unknown: no process can be started to try one", ""};
  }
  if (udp.works()) {
    return {"UDP socket", Verdict::kOk, "opened, bound, and a datagram came over loopback", ""};
  }
  if (udp.signal != 0) {
    return {"UDP socket", Verdict::kProblem, words_of(udp), "see the line system calls"};
  }
  const std::string_view step = udp.step.data();
  const bool is_loopback_down =
      udp.error == ENETUNREACH || udp.error == ENETDOWN || udp.error == EADDRNOTAVAIL;
  const bool starts = is_loopback_down || (step != "socket" && step != "bind to loopback");
  return {
      "UDP socket", starts ? Verdict::kNote : Verdict::kProblem,
      words_of(udp) + (is_loopback_down ? "; nothing on this machine reaches a server on it" : ""),
      advice_for_socket(udp.error)};
}

}  // namespace ringpeer::tools
