// The files of a machine, those of others, and nonsense in their place.

#include "ringpeer/tools/doctor/file_facts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/tools/doctor/checks.h"

namespace ringpeer::tools {
namespace {

class FakeFiles : public MachineFiles {
 public:
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> links;

  std::optional<std::string> read(const std::string& path) const override {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> list(const std::string& folder) const override {
    std::set<std::string> names;
    for (const auto& [path, text] : files) {
      if (!path.starts_with(folder + "/")) continue;
      const std::string rest = path.substr(folder.size() + 1);
      names.insert(rest.substr(0, rest.find('/')));
    }
    return {names.begin(), names.end()};
  }
  std::optional<std::string> link_name(const std::string& path) const override {
    const auto found = links.find(path);
    return found == links.end() ? std::nullopt : std::optional(found->second);
  }
};

FakeFiles machine() {
  FakeFiles files;
  files.files = {
      {"/proc/self/status",
       "Name:\tx\nGid:\t1000\t1000\t1000\t1000\nGroups:\t4 27 990\nCapEff:\t0000000000001000\n"
       "Seccomp:\t2\nSeccomp_filters:\t1\n"},
      {"/proc/sys/kernel/io_uring_disabled", "1\n"},
      {"/proc/sys/kernel/io_uring_group", "990\n"},
      {"/proc/sys/net/core/rmem_max", "212992\n"},
      {"/proc/sys/net/core/netdev_max_backlog", "1000\n"},
      {"/proc/sys/net/ipv4/udp_mem", "10\t20\t30\n"},
      {"/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"},
      {"/proc/sys/net/ipv4/ip_local_reserved_ports", "8080,32768-32777,60000,60990-61010\n"},
      {"/proc/net/snmp",
       "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\n"
       "Udp: 5 6 7 8 9\nUdpLite: InDatagrams\nUdpLite: 0\n"},
      {"/proc/net/softnet_stat", "0000000a 00000002 00000000\n0000000b 00000010 00000001\n"},
      {"/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor avx\n"},
      {"/sys/devices/system/cpu/cpuidle/current_driver", "haltpoll\n"},
      {"/sys/devices/system/cpu/cpuidle/current_governor", "haltpoll\n"},
      {"/sys/module/haltpoll/parameters/guest_halt_poll_ns", "200000\n"},
      {"/sys/devices/system/cpu/cpu0/cpuidle/state0/latency", "0\n"},
      {"/sys/devices/system/cpu/cpu0/cpuidle/state1/latency", "85\n"},
      {"/sys/devices/system/cpu/cpu0/cpuidle/state2/latency", "133\n"},
      {"/sys/devices/system/cpu/cpu0/cpuidle/state2/disable", "1\n"},
      {"/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"},
      {"/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"},
      {"/proc/self/cgroup", "0::/shop/web\n"},
      {"/sys/fs/cgroup/shop/web/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/shop/cpu.max", "150000 100000\n"},
      {"/sys/fs/cgroup/shop/cpu.stat", "usage_usec 1\nnr_periods 9\nnr_throttled 4\n"},
      {"/sys/class/net/lo/flags", "0x9\n"},
      {"/sys/class/net/eth0/flags", "0x1003\n"},
      {"/sys/class/net/eth0/queues/rx-0/rps_cpus", "00000000,00000000\n"},
      {"/sys/class/net/eth0/queues/rx-1/rps_cpus", "00000000,00000003\n"},
      {"/sys/class/net/eth0/queues/tx-0/xps_cpus", "3\n"},
      {"/sys/class/net/eth0/statistics/rx_missed_errors", "5\n"},
      {"/sys/class/net/eth0/statistics/rx_fifo_errors", "6\n"},
      {"/sys/class/net/down0/flags", "0x1002\n"}};
  files.links = {{"/sys/class/net/eth0/device/driver", "virtio_net"}};
  return files;
}

TEST(FileFactsTest, Releases) {
  EXPECT_EQ(parse_release("6.18.44-fc-v782"), (KernelVersion{6, 18}));
  EXPECT_EQ(parse_release("6.1.0-13-amd64"), (KernelVersion{6, 1}));
  EXPECT_EQ(parse_release("5.4"), (KernelVersion{5, 4}));
  EXPECT_EQ(parse_release("6.12-rc1"), (KernelVersion{6, 12}));
  for (const char* wrong : {"", "6", ".", "6.", "x.1", "6.x", "99999999999.1"}) {
    EXPECT_FALSE(parse_release(wrong)) << wrong;
  }
}

TEST(FileFactsTest, Sandboxes) {
  FakeFiles files = machine();
  SandboxFacts facts;
  read_sandbox(files, &facts);
  EXPECT_EQ(facts.seccomp_mode, 2);
  EXPECT_EQ(facts.uring_disabled, 1);
  EXPECT_EQ(facts.is_in_uring_group, true);
  EXPECT_EQ(facts.may_administer_network, true);
  files.files["/proc/sys/kernel/io_uring_group"] = "-1\n";
  read_sandbox(files, &facts);
  EXPECT_EQ(facts.is_in_uring_group, false);
}

TEST(FileFactsTest, Sockets) {
  SocketFacts facts;
  read_sockets(machine(), &facts);
  EXPECT_EQ(facts.rmem_max, 212'992);
  EXPECT_EQ(facts.backlog, 1000);
  EXPECT_EQ(facts.udp_memory.value_or(0) % 30, 0);
  EXPECT_GE(facts.udp_memory.value_or(0), 30 * 4096);
  EXPECT_EQ(facts.received, 5U);
  EXPECT_EQ(facts.buffer_drops, 9U);
  EXPECT_EQ(facts.backlog_drops, 0x12U);
}

// Of 28,232: ten, one, and of the last range ten, which goes beyond.
TEST(FileFactsTest, PortsAreWithoutThoseReserved) {
  FakeFiles files = machine();
  LimitFacts facts;
  read_ports(files, &facts);
  EXPECT_EQ(facts.ports, 28'232U - 21U);
  files.files["/proc/sys/net/ipv4/ip_local_reserved_ports"] = "1-65535,x,9-,-\n";
  read_ports(files, &facts);
  EXPECT_EQ(facts.ports, 0U);
}

TEST(FileFactsTest, ProcessorsAndQuotas) {
  FakeFiles files = machine();
  ProcessorFacts facts;
  read_processors(files, &facts);
  EXPECT_EQ(facts.is_guest, true);
  EXPECT_EQ(facts.idle_driver, "haltpoll");
  EXPECT_EQ(facts.halt_poll_us, 200U);
  EXPECT_EQ(facts.deepest_idle_us, 85U);
  EXPECT_EQ(facts.frequency_governor, "powersave");
  EXPECT_EQ(facts.clock_source, "hpet");
  EXPECT_EQ(facts.quota_us, 150'000U);
  EXPECT_EQ(facts.period_us, 100'000U);
  EXPECT_EQ(facts.periods_throttled, 4U);

  files.files["/sys/fs/cgroup/shop/web/cpu.max"] = "20000 50000\n";  // tighter
  facts = {};
  read_processors(files, &facts);
  EXPECT_EQ(facts.quota_us, 20'000U);
  EXPECT_FALSE(facts.periods_throttled);

  files.files["/proc/self/cgroup"] = "3:cpu,cpuacct:/a\n1:name=systemd:/\n0::/\n";
  files.files["/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us"] = "-1\n";
  files.files["/sys/fs/cgroup/cpu/a/cpu.cfs_period_us"] = "100000\n";
  facts = {};
  read_processors(files, &facts);
  EXPECT_FALSE(facts.quota_us);
  files.files["/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us"] = "30000\n";
  facts = {};
  read_processors(files, &facts);
  EXPECT_EQ(facts.quota_us, 30'000U);
}

TEST(FileFactsTest, InterfacesThatAreUp) {
  const std::vector<InterfaceFacts> all = read_interfaces(machine());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "eth0");
  EXPECT_EQ(all[0].driver, "virtio_net");
  EXPECT_EQ(all[0].receive_queues, 2);
  EXPECT_EQ(all[0].send_queues, 1);
  EXPECT_EQ(all[0].spreads_by_software, true);
  EXPECT_EQ(all[0].missed, 11U);
}

// What a kernel of another make may write: nothing makes it crash, and what is left is checked.
TEST(FileFactsTest, NonsenseIsNotKnown) {
  std::mt19937 random(20'261'129);
  const std::string letters = "0123456789abcx-:, \t\n\xff/";
  for (int round = 0; round < 3000; ++round) {
    FakeFiles files = machine();
    for (auto& [path, text] : files.files) {
      if (random() % 4 == 0) text.clear();
      for (std::uint32_t i = random() % 4; i > 0 && !text.empty(); --i) {
        text[random() % text.size()] = letters[random() % letters.size()];
      }
      if (random() % 8 == 0) text.resize(random() % (text.size() + 1));
      if (random() % 8 == 0) text.insert(random() % (text.size() + 1), 30, '9');
    }
    MachineFacts facts;
    read_sandbox(files, &facts.sandbox);
    read_sockets(files, &facts.sockets);
    read_ports(files, &facts.limits);
    read_processors(files, &facts.processors);
    facts.interfaces = read_interfaces(files);
    EXPECT_LE(facts.limits.ports.value_or(0), 65'536U);
    for (const Finding& finding : check_machine(facts, DoctorPlan())) EXPECT_NE(finding.found, "");
  }
}

TEST(FileFactsTest, NoFilesAtAll) {
  MachineFacts facts;
  read_sandbox(FakeFiles(), &facts.sandbox);
  read_sockets(FakeFiles(), &facts.sockets);
  read_ports(FakeFiles(), &facts.limits);
  read_processors(FakeFiles(), &facts.processors);
  EXPECT_TRUE(read_interfaces(FakeFiles()).empty());
  EXPECT_FALSE(facts.sandbox.seccomp_mode);
  EXPECT_FALSE(facts.limits.ports);
}

}  // namespace
}  // namespace ringpeer::tools
