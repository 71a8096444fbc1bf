#ifndef RINGPEER_ENGINE_WORKER_GATE_H_
#define RINGPEER_ENGINE_WORKER_GATE_H_

#include <cstdint>
#include <memory>

#include "ringpeer/engine/admission/admission_options.h"
#include "ringpeer/engine/admission/source_buckets.h"
#include "ringpeer/engine/admission/token_bucket.h"
#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/engine/remotes/remote.h"

namespace ringpeer::worker {

// How much each sender may send to one worker of a server, with AdmissionOptions::limit_rates, and
// how many challenges the worker sends. Each question takes what it grants.
//
// Threads: the worker's. Nothing allocates after the constructor.
class Gate {
 public:
  // Challenges of a worker, and as many at once. Each takes a system call, so a flood of hellos
  // takes a tenth of a worker's time at most; and of 100,000 hellos a second 3 of 10 are answered,
  // so a client that says hello 10 times is in with a chance of 97 %.
  static constexpr double kMaxChallengesPerSecond = 30'000;

  // Whether rates and bursts are what a bucket can count, or 0.
  static bool is_valid(const AdmissionOptions& options);

  // With valid options. Throws where there is no memory.
  explicit Gate(const AdmissionOptions& options);

  bool limits_rates() const { return sources_ != nullptr; }

  // ---- With limits.

  // A single packet of a remote that the application has taken, before its arrival is recorded;
  // also without limits.
  bool lets_packet_pass(Remote& remote, std::uint32_t size, std::uint64_t now_us) {
    return admission::take_paid_off(remote.bucket, remote_rate_, now_us, size) ||
           admission::take_owing(remote.bucket, remote_rate_, now_us,
                                 remote.heard_us.load(std::memory_order_relaxed), size, 1);
  }
  // The same of any datagram, trains among them.
  bool lets_pass(Remote& remote, const backend::Datagram& datagram, std::uint64_t now_us) {
    const packet::PacketDescriptor& packet = datagram.packet;
    return admission::take(remote.bucket, remote_rate_, now_us,
                           remote.heard_us.load(std::memory_order_relaxed), packet.size,
                           packet.packet_count());
  }
  // Any other sender.
  bool lets_stranger_pass(const net::IpAddress& source, const backend::Datagram& datagram,
                          std::uint64_t now_us) {
    const packet::PacketDescriptor& packet = datagram.packet;
    return sources_->take(source, now_us, packet.size, packet.packet_count());
  }
  // One that is new, or was not asked by its own bucket: it owes nothing from now on.
  static void forgive(Remote& remote, std::uint64_t now_us);
  // A stranger that would be a remote; without limits always.
  bool lets_newcomer_in(std::uint64_t now_us);

  // ----

  bool lets_challenge(std::uint64_t now_us);

 private:
  // A bucket that nobody shares.
  struct Allowance {
    admission::BucketRate rate;
    admission::Bucket bucket{};
    std::uint64_t asked_us = 0;

    bool take(std::uint64_t now_us);
  };

  const admission::BucketRate remote_rate_;
  const std::unique_ptr<admission::SourceBuckets> sources_;
  Allowance newcomers_;
  Allowance challenges_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_GATE_H_
