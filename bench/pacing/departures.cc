#include "ringpeer/bench/pacing/departures.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace ringpeer::bench {
namespace {

using std::chrono::nanoseconds;

// Headers only: what is looked at is the time.
constexpr int kSnapshotBytes = 64;
// A second of 200,000 packets and their notes, in case the reader does not run.
constexpr int kBufferBytes = 64 << 20;
// The reader looks seldom: it shares the processors with what it watches. It does not wait for
// packets, since there may be none.
constexpr std::chrono::milliseconds kLookInterval{50};
// How long the kernel may keep a block of packets to itself.
constexpr int kBlockTimeoutMs = 20;
// Ethernet, IPv4 and UDP, as the loopback interface has them.
constexpr std::size_t kHeaderBytes = 14 + 20 + 8;

void record_time(u_char* times, const pcap_pkthdr* header, const u_char*) {
  // With times in nanoseconds the second field has those.
  reinterpret_cast<std::vector<nanoseconds>*>(times)->push_back(
      std::chrono::seconds(header->ts.tv_sec) + nanoseconds(header->ts.tv_usec));
}

}  // namespace

struct Departures::Capture {
  pcap_t* pcap = nullptr;
  std::thread reader;
  std::atomic<bool> is_over = false;
  std::vector<nanoseconds> times;
  std::uint64_t dropped = 0;

  ~Capture() {
    end();
    if (pcap != nullptr) pcap_close(pcap);
  }

  void end() {
    is_over = true;
    if (reader.joinable()) reader.join();
  }

  void read() {
    auto* const user = reinterpret_cast<u_char*>(&times);
    // Once more after the end: what is in the buffer counts.
    for (bool last = false; !last;) {
      last = is_over;
      std::this_thread::sleep_for(kLookInterval);
      while (pcap_dispatch(pcap, -1, record_time, user) > 0) {
      }
    }
    pcap_stat counted{};
    if (pcap_stats(pcap, &counted) == 0) dropped = counted.ps_drop;
  }
};

Departures::Departures() = default;
Departures::~Departures() = default;

std::string Departures::start(std::uint16_t port, std::size_t payload_bytes) {
  char words[PCAP_ERRBUF_SIZE] = "";
  auto capture = std::make_unique<Capture>();
  capture->pcap = pcap_create("lo", words);
  if (capture->pcap == nullptr) return words;
  pcap_t* const pcap = capture->pcap;
  pcap_set_snaplen(pcap, kSnapshotBytes);
  pcap_set_timeout(pcap, kBlockTimeoutMs);
  pcap_set_buffer_size(pcap, kBufferBytes);
  pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
  if (pcap_activate(pcap) < 0) return fmt::format("capture on lo: {}", pcap_geterr(pcap));
  const std::string filter =
      fmt::format("udp dst port {} and len >= {}", port, kHeaderBytes + payload_bytes);
  bpf_program program{};
  if (pcap_compile(pcap, &program, filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0 ||
      pcap_setfilter(pcap, &program) != 0 || pcap_setnonblock(pcap, 1, words) != 0) {
    return fmt::format("capture on lo: {}", pcap_geterr(pcap));
  }
  pcap_freecode(&program);
  capture_ = std::move(capture);
  capture_->reader = std::thread([capture = capture_.get()] { capture->read(); });
  return "";
}

std::vector<nanoseconds> Departures::stop() {
  capture_->end();
  // Two processors may have sent at the same moment.
  std::sort(capture_->times.begin(), capture_->times.end());
  return std::move(capture_->times);
}

std::uint64_t Departures::dropped() const { return capture_->dropped; }

}  // namespace ringpeer::bench
