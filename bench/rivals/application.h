#ifndef RINGPEER_BENCH_RIVALS_APPLICATION_H_
#define RINGPEER_BENCH_RIVALS_APPLICATION_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ringpeer/bench/rivals/payload.h"
#include "ringpeer/tools/measure/latency_histogram.h"

namespace ringpeer::bench {

// What a game would do with a packet, the same for every peer: read the header and
// eight bytes of content, keep counts per remote, check the order, and for a sample
// of the packets take the time it was on its way.
//
// Threads: the receiving process' application thread only.
class Application {
 public:
  // latency_sample: one packet in so many (a power of two) has its latency taken; a
  // look at the clock costs about as much as the rest of the work.
  explicit Application(std::uint32_t latency_sample)
      : sample_mask_(latency_sample - 1), remotes_(kMaxRemotes) {}

  // Makes each packet cost so much of the thread's time: the overload case.
  void set_work(std::chrono::nanoseconds duration);
  // Packets a second that this work leaves room for on a CPU of its own, by doing it for a
  // while: less than its duration says, which is that of the fastest try.
  double measure_work_rate();

  void consume(const std::byte* data, std::size_t size) {
    ++packets_;
    if (size < sizeof(PayloadHeader)) {
      ++without_header_;
      return;
    }
    PayloadHeader header;
    std::memcpy(&header, data, sizeof(header));
    Remote& remote = remotes_[header.remote % kMaxRemotes];
    remote.content += header.content;
    reordered_ +=
        static_cast<std::uint64_t>(remote.packets != 0 && header.sequence <= remote.last_sequence);
    remote.last_sequence = header.sequence;
    ++remote.packets;
    if ((sampler_++ & sample_mask_) == 0) record_latency(header.sent_at_ns);
    if (work_rounds_ != 0) content_ += spin(work_rounds_);
  }

  // A train of equal packets, the last of which may be shorter.
  void consume_train(const std::byte* data, std::size_t size, std::size_t segment) {
    for (std::size_t offset = 0; offset < size; offset += segment) {
      const std::size_t left = size - offset;
      consume(data + offset, left < segment ? left : segment);
    }
  }

  std::uint64_t packets() const { return packets_; }
  // Zero-length packets: nothing else is shorter than the header.
  std::uint64_t without_header() const { return without_header_; }
  // Packets of a remote that came after a later one of the same remote.
  std::uint64_t reordered() const { return reordered_; }
  const tools::LatencyHistogram& latencies() const { return latencies_; }
  void forget_latencies() { latencies_ = {}; }

 private:
  struct Remote {
    std::uint64_t packets = 0;
    std::uint64_t content = 0;
    std::uint32_t last_sequence = 0;
  };

  void record_latency(std::uint64_t sent_at_ns) {
    const std::uint64_t now = steady_now_ns();
    latencies_.record(std::chrono::nanoseconds(
        now > sent_at_ns ? static_cast<std::int64_t>(now - sent_at_ns) : 0));
  }
  // Busy for so many rounds: not for a time, which would pass while others have the CPU.
  static std::uint64_t spin(std::uint64_t rounds);

  std::uint32_t sample_mask_;
  std::uint32_t sampler_ = 0;
  std::uint64_t work_rounds_ = 0;
  std::uint64_t content_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t without_header_ = 0;
  std::uint64_t reordered_ = 0;
  std::vector<Remote> remotes_;
  tools::LatencyHistogram latencies_;
};

}  // namespace ringpeer::bench

#endif  // RINGPEER_BENCH_RIVALS_APPLICATION_H_
