// Every state of every check, of machines that are made up.

#include "ringpeer/tools/doctor/checks.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <string>
#include <utility>

#include "ringpeer/engine/wait/inflow.h"

namespace ringpeer::tools {
namespace {

// A machine that has nothing against any plan.
MachineFacts good_machine() {
  MachineFacts facts;
  facts.release = "6.18.1";
  facts.kernel = KernelVersion{6, 18};
  facts.uring.was_tried = true;
  facts.uring.has_min_wait = facts.uring.has_incremental_buffers = true;
  facts.sandbox.seccomp_mode = 0;
  facts.sandbox.uring_disabled = 0;
  facts.sandbox.is_in_uring_group = false;
  facts.sandbox.calls = {{"recvmmsg", 0, true}, {"membarrier", 0, false}};
  facts.udp.was_tried = true;
  facts.sockets = {.receive_asked = 8 << 20,
                   .receive_granted = 16 << 20,
                   .send_granted = 212'992,
                   .rmem_max = 8 << 20,
                   .udp_memory = std::int64_t{1} << 30,
                   .backlog = 1000,
                   .received = 1'000'000,
                   .buffer_drops = 0,
                   .backlog_drops = 0};
  facts.limits = {
      .memlock = 8 << 20, .descriptors_soft = 65'536, .descriptors_hard = 65'536, .ports = 28'232};
  facts.processors.usable = 4;
  facts.processors.is_guest = false;
  facts.processors.clock_source = "tsc";
  facts.processors.clock_ns = 20;
  facts.processors.steal_percent = 0;
  return facts;
}

MachineFacts with_uring_error(int error) {
  MachineFacts facts = good_machine();
  facts.uring.begin("io_uring_setup");
  facts.uring.end(error);
  return facts;
}

void expect(const Finding& finding, Verdict verdict, const std::string& words = "") {
  EXPECT_EQ(finding.verdict, verdict) << finding.check << ": " << finding.found;
  const std::string text = finding.found + "|" + finding.advice;
  EXPECT_NE(text.find(words), std::string::npos) << words << " is not in " << text;
  EXPECT_NE(finding.found, "") << finding.check;
  EXPECT_TRUE(verdict != Verdict::kProblem || !finding.advice.empty()) << finding.check;
  EXPECT_TRUE(verdict != Verdict::kOk || finding.advice.empty()) << finding.check;
}

TEST(ChecksTest, AGoodMachineIsWell) {
  for (const Finding& finding : check_machine(good_machine(), DoctorPlan())) {
    expect(finding, Verdict::kOk);
  }
}

// Nobody could look: nothing is called well that was not seen, and nothing is a problem.
TEST(ChecksTest, WhatIsNotKnownIsNotWell) {
  int known = 0;
  for (const Finding& finding : check_machine(MachineFacts(), DoctorPlan())) {
    EXPECT_NE(finding.verdict, Verdict::kProblem) << finding.check;
    known += finding.verdict == Verdict::kOk ? 1 : 0;
  }
  EXPECT_EQ(known, 2) << "frequency and quota: not to be seen is not to be had";
}

TEST(ChecksTest, Kernels) {
  MachineFacts facts = good_machine();
  expect(check_kernel(facts), Verdict::kOk, "Linux 6.18.1");
  facts.kernel = KernelVersion{6, 11};
  expect(check_kernel(facts), Verdict::kOk, "min_wait");
  facts.kernel = KernelVersion{6, 1};
  expect(check_kernel(facts), Verdict::kOk);
  facts.kernel = KernelVersion{6, 0};
  expect(check_kernel(facts), Verdict::kNote, "too old");
  facts.kernel = KernelVersion{5, 15};
  expect(check_kernel(facts), Verdict::kNote, "6.1");
}

TEST(ChecksTest, WhoForbidsIoUringIsNamed) {
  MachineFacts facts = with_uring_error(EPERM);
  facts.sandbox.seccomp_mode = 2;
  expect(check_uring(facts), Verdict::kNote, "seccomp");
  expect(check_uring(facts), Verdict::kNote, "recvmmsg");
  expect(check_uring(facts), Verdict::kNote, "io_uring_setup: Operation not permitted");
  facts.sandbox.uring_disabled = 2;
  expect(check_uring(facts), Verdict::kNote, "kernel.io_uring_disabled=0");
  facts.sandbox.uring_disabled = 1;
  expect(check_uring(facts), Verdict::kNote, "kernel.io_uring_group");
  facts.sandbox.is_in_uring_group = true;  // so it was not that
  expect(check_uring(facts), Verdict::kNote, "seccomp");
  facts = with_uring_error(ENOSYS);
  expect(check_uring(facts), Verdict::kNote, "gVisor");
  facts.sandbox.seccomp_mode = 2;
  expect(check_uring(facts), Verdict::kNote, "seccomp");
  expect(check_uring(with_uring_error(ENOMEM)), Verdict::kNote, "ulimit -l");
  facts = with_uring_error(EINVAL);
  facts.kernel = KernelVersion{5, 10};
  expect(check_uring(facts), Verdict::kNote, "Linux 6.1");
  facts = good_machine();
  facts.uring.signal = SIGSYS;
  expect(check_uring(facts), Verdict::kProblem, "signal 31");
  facts = good_machine();
  facts.uring.was_tried = false;
  expect(check_uring(facts), Verdict::kNote, "unknown");
  facts = good_machine();
  facts.sandbox.uring_disabled = 1;
  expect(check_uring(facts), Verdict::kNote, "keeps it from others");
}

TEST(ChecksTest, FeaturesOfIoUring) {
  MachineFacts facts = good_machine();
  expect(check_uring_features(facts), Verdict::kOk, "min_wait yes");
  facts.uring.has_min_wait = false;
  expect(check_uring_features(facts), Verdict::kNote, "min_wait no");
  facts.uring.has_min_wait = true;
  facts.uring.has_incremental_buffers = false;
  expect(check_uring_features(facts), Verdict::kNote, "min_left no");
  expect(check_uring_features(with_uring_error(EPERM)), Verdict::kNote, "unknown");
}

TEST(ChecksTest, SystemCalls) {
  MachineFacts facts = good_machine();
  facts.sandbox.seccomp_mode = 2;
  expect(check_calls(facts), Verdict::kOk, "filter is in force");
  facts.sandbox.calls[1].error = EPERM;
  expect(check_calls(facts), Verdict::kNote, "membarrier (Operation not permitted)");
  facts.sandbox.calls[0].error = ENOSYS;
  expect(check_calls(facts), Verdict::kProblem, "recvmmsg");
  std::swap(facts.sandbox.calls[0], facts.sandbox.calls[1]);
  expect(check_calls(facts), Verdict::kProblem, "membarrier");
  facts = good_machine();
  facts.sandbox.calls[1].signal = SIGSYS;  // needed or not: whoever makes it is gone
  expect(check_calls(facts), Verdict::kProblem, "membarrier (who makes it is killed by signal 31)");
  expect(check_calls(facts), Verdict::kProblem, "instead of killing");
}

TEST(ChecksTest, WithoutAUdpSocketNothingStarts) {
  const auto with = [](const char* step, int error) {
    MachineFacts facts = good_machine();
    facts.udp.begin(step);
    facts.udp.end(error);
    return facts;
  };
  expect(check_udp(good_machine()), Verdict::kOk);
  expect(check_udp(with("socket", EPERM)), Verdict::kProblem, "socket: Operation not permitted");
  expect(check_udp(with("socket", EAFNOSUPPORT)), Verdict::kProblem, "RestrictAddressFamilies");
  expect(check_udp(with("socket", EMFILE)), Verdict::kProblem, "ulimit -n");
  expect(check_udp(with("bind to loopback", EACCES)), Verdict::kProblem, "security module");
  expect(check_udp(with("bind to loopback", EADDRNOTAVAIL)), Verdict::kNote, "ip link set lo up");
  expect(check_udp(with("a datagram over loopback", ENETUNREACH)), Verdict::kNote,
         "ip link set lo up");
  expect(check_udp(with("its arrival", ETIME)), Verdict::kNote, "packet filter");
  MachineFacts facts = with("socket", 0);
  facts.udp.signal = SIGSYS;
  expect(check_udp(facts), Verdict::kProblem, "socket: who tries it is killed by signal 31");
  facts.udp.was_tried = false;
  expect(check_udp(facts), Verdict::kNote, "unknown");
}

// Advice is of what failed: a profile of system calls has nothing to do with most of it.
TEST(ChecksTest, IoUringIsNotBlamedForOthers) {
  MachineFacts facts = with_uring_error(EMFILE);
  expect(check_uring(facts), Verdict::kNote, "ulimit -n");
  EXPECT_EQ(check_uring(with_uring_error(EBUSY)).advice, "leave it: recvmmsg serves");
  facts = good_machine();
  facts.uring.is_of_socket = true;
  facts.uring.begin("a datagram over loopback");
  facts.uring.end(ENETUNREACH);
  expect(check_uring(facts), Verdict::kNote, "unknown, for want of datagrams");
  expect(check_uring(facts), Verdict::kNote, "ip link set lo up");
  facts.uring.signal = SIGSYS;
  expect(check_uring(facts), Verdict::kNote, "see the line system calls");
  for (const int error : {EMFILE, ENFILE, ENETUNREACH, ENOMEM, ETIME, EBUSY}) {
    for (const bool is_of_socket : {false, true}) {
      facts = with_uring_error(error);
      facts.uring.is_of_socket = is_of_socket;
      EXPECT_EQ(check_uring(facts).advice.find("seccomp profile"), std::string::npos) << error;
    }
  }
}

// 832 bytes a packet of 64: the kernel's own charge, not the payload.
TEST(ChecksTest, TheReceiveBufferInPacketsAndMilliseconds) {
  ASSERT_EQ(wait::kernel_charge(64), 832U);
  MachineFacts facts = good_machine();
  facts.sockets.rmem_max = 212'992;
  facts.sockets.receive_granted = 425'984;
  DoctorPlan plan;
  const auto room = room_of_buffer(facts, plan);
  ASSERT_TRUE(room);
  EXPECT_EQ(room->packets, 512U);
  EXPECT_DOUBLE_EQ(room->ms, 5.12);
  expect(check_receive_buffer(facts, plan), Verdict::kProblem, "512 packets, 5.1 ms");
  expect(check_receive_buffer(facts, plan), Verdict::kProblem, "net.core.rmem_max=2097152");
  plan.pause_ms = 5.2;
  expect(check_receive_buffer(facts, plan), Verdict::kProblem);
  plan.pause_ms = 5.1;
  expect(check_receive_buffer(facts, plan), Verdict::kNote);
  plan.pause_ms = 1.8;
  expect(check_receive_buffer(facts, plan), Verdict::kNote);
  plan.pause_ms = 1.7;
  expect(check_receive_buffer(facts, plan), Verdict::kOk);
  plan.packet_size = 1200;
  expect(check_receive_buffer(facts, plan), Verdict::kNote, "184 packets");
}

// What it advises is enough: with it the check is content.
TEST(ChecksTest, TheAdviceForTheReceiveBufferHelps) {
  for (const double rate : {1e3, 1e5, 1e6, 1e7}) {
    for (const std::size_t size : {1, 64, 1200, 65507}) {
      DoctorPlan plan;
      plan.rate = rate;
      plan.packet_size = size;
      MachineFacts facts = good_machine();
      facts.sockets.rmem_max = 212'992;
      facts.sockets.receive_granted = 425'984;
      const Finding finding = check_receive_buffer(facts, plan);
      if (finding.verdict == Verdict::kOk) continue;
      const std::string name = "rmem_max=";
      ASSERT_NE(finding.advice.find(name), std::string::npos) << finding.advice;
      const std::int64_t advised =
          std::stoll(finding.advice.substr(finding.advice.find(name) + name.size()));
      EXPECT_EQ(finding.advice.find("socket_receive_buffer") != std::string::npos,
                advised > *facts.sockets.receive_asked);
      facts.sockets.receive_granted = 2 * advised;
      EXPECT_EQ(check_receive_buffer(facts, plan).verdict, Verdict::kOk) << finding.advice;
    }
  }
}

TEST(ChecksTest, WhatAPrivilegeGrantsIsSaid) {
  MachineFacts facts = good_machine();
  facts.sockets.rmem_max = 212'992;
  expect(check_receive_buffer(facts, DoctorPlan()), Verdict::kOk,
         "without CAP_NET_ADMIN only 416 KiB");
}

TEST(ChecksTest, OtherPlacesWhereDatagramsWait) {
  MachineFacts facts = good_machine();
  DoctorPlan plan;
  expect(check_send_buffer(facts, plan), Verdict::kOk, "256 packets");
  facts.sockets.udp_memory = 1 << 20;
  expect(check_udp_memory(facts), Verdict::kProblem, "udp_mem");
  plan.rate = 1e6;
  expect(check_backlog(facts, plan), Verdict::kNote, "netdev_max_backlog=8000");
  facts.sockets.buffer_drops = 7;
  expect(check_drops(facts), Verdict::kNote, "7 of 1,000,007");
  facts.sockets.buffer_drops = 0;
  facts.sockets.backlog_drops = 9;
  expect(check_drops(facts), Verdict::kNote, "9 in the backlog");
}

TEST(ChecksTest, Limits) {
  MachineFacts facts = good_machine();
  DoctorPlan plan;
  facts.limits.memlock = LimitFacts::kUnlimited;
  expect(check_memlock(facts), Verdict::kOk, "unlimited");
  facts.limits.memlock = 64 << 10;
  expect(check_memlock(facts), Verdict::kNote, "64 KiB may be locked");
  facts.limits.descriptors_soft = 1063;
  expect(check_descriptors(facts, plan), Verdict::kNote, "ulimit -n 1064");
  facts.limits.descriptors_soft = 1064;
  expect(check_descriptors(facts, plan), Verdict::kOk);
  facts.limits.descriptors_soft = facts.limits.descriptors_hard = 256;
  expect(check_descriptors(facts, plan), Verdict::kProblem, "256 may be open");
  plan.clients = 192;
  expect(check_descriptors(facts, plan), Verdict::kOk);
  facts.limits.ports = 100;
  expect(check_ports(facts, plan), Verdict::kProblem, "ip_local_port_range");
  plan.clients = 95;
  expect(check_ports(facts, plan), Verdict::kNote);
  plan.clients = 90;
  expect(check_ports(facts, plan), Verdict::kOk);
}

TEST(ChecksTest, IdleProcessors) {
  MachineFacts facts = good_machine();
  facts.processors.deepest_idle_us = 133;
  expect(check_idle(facts), Verdict::kNote, "cpupower idle-set -D 100");
  facts.processors.deepest_idle_us = 90;
  expect(check_idle(facts), Verdict::kOk, "90 us");
  facts.processors.is_guest = true;
  facts.processors.idle_driver = "none";
  expect(check_idle(facts), Verdict::kNote, "cpuidle_haltpoll");
  facts.processors.idle_driver = "haltpoll";
  expect(check_idle(facts), Verdict::kOk, "polls before");
  facts.processors.halt_poll_us = 200;
  expect(check_idle(facts), Verdict::kOk, "200 us");
}

TEST(ChecksTest, Processors) {
  MachineFacts facts = good_machine();
  facts.processors.usable = 1;
  expect(check_processors(facts), Verdict::kNote, "two at least");
  for (const char* governor : {"powersave", "conservative"}) {
    facts.processors.frequency_governor = governor;
    expect(check_frequency(facts), Verdict::kNote, governor);
  }
  facts.processors.frequency_governor = "performance";
  expect(check_frequency(facts), Verdict::kOk, "performance");
  facts.processors.steal_percent = 4.9;
  expect(check_steal(facts), Verdict::kOk, "4.9 %");
  facts.processors.steal_percent = 5;
  expect(check_steal(facts), Verdict::kNote);
  facts.processors.steal_percent = 20;
  expect(check_steal(facts), Verdict::kProblem);
}

TEST(ChecksTest, Clocks) {
  MachineFacts facts = good_machine();
  for (const char* source : {"tsc", "kvm-clock", "arch_sys_counter"}) {
    facts.processors.clock_source = source;
    expect(check_clock(facts), Verdict::kOk, source);
  }
  for (const char* source : {"hpet", "acpi_pm", "jiffies"}) {
    facts.processors.clock_source = source;
    expect(check_clock(facts), Verdict::kNote, "current_clocksource");
  }
  facts.processors.clock_source = "tsc";
  facts.processors.clock_ns = 500;
  expect(check_clock(facts), Verdict::kNote, "500 ns");
}

// Four processors use 50 ms of every 100 up in 12.5 ms, and stand still for 87.5.
TEST(ChecksTest, AQuotaThatIsUsedUpStandsStill) {
  MachineFacts facts = good_machine();
  facts.processors.quota_us = 50'000;
  facts.processors.period_us = 100'000;
  facts.processors.periods_throttled = 0;
  DoctorPlan plan;
  expect(check_quota(facts, plan), Verdict::kNote, "88 ms stand still");
  facts.processors.periods_throttled = 3;
  expect(check_quota(facts, plan), Verdict::kNote, "used up 3 times");  // the buffer holds 201 ms
  facts.sockets.receive_granted = 425'984;
  expect(check_quota(facts, plan), Verdict::kProblem);
  facts.processors.quota_us = 400'000;
  expect(check_quota(facts, plan), Verdict::kOk, "4.00 processors");
  facts.processors.period_us = 0;
  expect(check_quota(facts, plan), Verdict::kOk);
}

TEST(ChecksTest, Interfaces) {
  const MachineFacts machine = good_machine();
  const DoctorPlan plan;
  InterfaceFacts facts;
  facts.name = "eth7";
  expect(check_interface(facts, machine, plan), Verdict::kOk, "ring unknown of unknown");
  facts = {.name = "eth7",
           .driver = "ixgbe",
           .receive_queues = 4,
           .send_queues = 4,
           .channels = 4,
           .channels_most = 4,
           .receive_ring = 512,
           .receive_ring_most = 4096,
           .merges_received = true,
           .segments_sent = true,
           .spreads_by_software = false,
           .missed = 0};
  expect(check_interface(facts, machine, plan), Verdict::kOk, "ring 512 of 4,096");
  DoctorPlan fast = plan;
  fast.rate = 1e6;
  expect(check_interface(facts, machine, fast), Verdict::kNote, "ethtool -G eth7 rx 4096");
  facts.missed = 3;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "ethtool -G eth7 rx 4096");
  facts.receive_ring = 4096;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "more queues");
  facts.missed = 0;
  facts.channels = 1;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "ethtool -L eth7 combined 4");
  facts.channels_most = facts.receive_queues = 1;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "rps_cpus");
  facts.spreads_by_software = true;
  expect(check_interface(facts, machine, plan), Verdict::kOk);
  facts.merges_received = false;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "gro on");
  facts.segments_sent = false;
  expect(check_interface(facts, machine, plan), Verdict::kNote, "gro on; ethtool -K eth7 gso on");
}

}  // namespace
}  // namespace ringpeer::tools
