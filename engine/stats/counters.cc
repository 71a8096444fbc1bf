#include "ringpeer/engine/stats/counters.h"

namespace ringpeer {
namespace {

// In the order of the enum.
constexpr std::array<CounterInfo, kCounterCount> kInfo = {{
    {"received_packets", "Datagrams taken from the kernel.", false},
    {"received_bytes", "Payload bytes of those.", false},
    {"delivered_packets", "Packets that the application took.", false},
    {"delivered_bytes", "Payload bytes of those.", false},
    {"drop_peer_full", "Dropped: the peer's receive buffer was full.", true},
    {"drop_ring_full", "Dropped: the ring to the consumer was full.", true},
    {"drop_budget", "Dropped: the engine's payload budget was used up.", true},
    {"drop_pending_full", "Dropped: a new remote beyond max_pending_connections.", true},
    {"drop_denied", "Dropped: a list refuses the sender.", true},
    {"drop_source_rate", "Dropped: the strangers of an address sent more than they may.", true},
    {"drop_remote_rate", "Dropped: a remote sent more than it may.", true},
    {"drop_new_rate", "Dropped: more new remotes a second than may come.", true},
    {"drop_unverified", "Dropped: a stranger without a valid cookie.", true},
    {"drop_handshake", "Hellos and answers of clients, which are no packets of theirs.", true},
    {"drop_truncated", "Dropped: larger than max_datagram.", true},
    {"drop_malformed", "Dropped: the kernel's completion made no sense.", true},
    {"drop_closed", "Dropped: the socket or peer was closed before delivery.", true},
    {"drop_wrong_worker", "Dropped: a remote with an open peer turned up on another worker.", true},
    {"drop_no_memory", "Dropped: no memory for a new remote, a queue or a copy.", true},
    {"kernel_drops",
     "Dropped by the kernel: no room in the socket buffer, or the copies of a broadcast for other "
     "workers.",
     false},
    {"pending_replaced", "Remotes that lost their place before they were taken.", false},
    {"challenges_sent", "Challenges to strangers, for a cookie.", false},
    {"challenges_unsent", "Challenges not sent: too many a second, or refused by the kernel.",
     false},
    {"send_requested_packets", "Packets given to put_packet that passed its checks.", false},
    {"sent_packets", "Packets that the kernel accepted.", false},
    {"sent_bytes", "Payload bytes of those.", false},
    {"send_failed_queue_full", "Not sent: the send queue or socket buffer was full.", false},
    {"send_failed_refused", "Not sent: refused by the remote's ICMP error.", false},
    {"send_failed_unverified", "Not sent: more than a remote may be sent before it has replied.",
     false},
    {"send_failed_other", "Not sent: any other error of the kernel.", false},
    {"send_failed_closed", "Not sent: still queued when the socket or engine was closed.", false},
    {"wakeups", "Times a worker returned from its wait.", false},
    {"buffer_starved", "Times the kernel found no receive buffer; nothing is lost.", false},
    {"rearms", "Times a multishot receive had to be armed again.", false},
    {"sleeps_cut", "Times a worker slept less than it would because a socket buffer would fill.",
     false},
}};

static_assert(kInfo.back().name == "sleeps_cut", "counter table and enum must agree");

}  // namespace

const CounterInfo& counter_info(Counter counter) {
  return kInfo[static_cast<std::size_t>(counter)];
}

CounterSnapshot& CounterSnapshot::operator+=(const CounterSnapshot& other) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += other.values[i];
  return *this;
}

std::uint64_t CounterSnapshot::dropped_packets() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kInfo[i].is_drop) sum += values[i];
  }
  return sum;
}

std::uint64_t CounterSnapshot::unsent_packets() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kInfo[i].name.starts_with("send_failed_")) sum += values[i];
  }
  return sum;
}

CounterSnapshot Counters::snapshot() const {
  CounterSnapshot result;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    result.values[i] = values_[i].load(std::memory_order_relaxed);
  }
  return result;
}

}  // namespace ringpeer
