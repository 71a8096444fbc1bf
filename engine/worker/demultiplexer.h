#ifndef RINGPEER_ENGINE_WORKER_DEMULTIPLEXER_H_
#define RINGPEER_ENGINE_WORKER_DEMULTIPLEXER_H_

#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ringpeer/engine/admission/admission_options.h"
#include "ringpeer/engine/admission/cookie.h"
#include "ringpeer/engine/admission/handshake_packet.h"
#include "ringpeer/engine/admission/sent_beginnings.h"
#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_ring.h"
#include "ringpeer/engine/remotes/remote.h"
#include "ringpeer/engine/remotes/remote_table.h"
#include "ringpeer/engine/send/send_errors.h"
#include "ringpeer/engine/wait/consumer_pace.h"
#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/engine/worker/arrival_metadata.h"
#include "ringpeer/engine/worker/consumer_signal.h"
#include "ringpeer/engine/worker/datagram_sink.h"
#include "ringpeer/engine/worker/error_pause.h"
#include "ringpeer/engine/worker/fork_generation.h"
#include "ringpeer/engine/worker/gate.h"
#include "ringpeer/engine/worker/shared_source_list.h"
#include "ringpeer/engine/worker/stray_errors.h"
#include "ringpeer/engine/worker/untaken_remotes.h"

namespace ringpeer::worker {

// What all workers of one server share with its consumer.
struct ServerShared {
  ConsumerSignal signal;
  wait::ConsumerPace pace;
  std::atomic<int> max_pending{16};
  std::atomic<int> pending{0};  // remotes announced and not yet taken
  // Bytes that one remote may have waiting, in Godot's counting.
  std::atomic<std::uint64_t> max_bytes_per_remote{65535};
  ForkLife life;  // of the receiving
  SharedSourceList source_list;

  // Constant once a socket is open.
  AdmissionOptions admission;
  std::optional<admission::CookieKeys> cookies;  // where they are asked for
  bool per_remote = true;  // false: one queue of all senders, and no remote is known
  ArrivalOptions arrival;
  bool read_errors = false;  // the sockets have error queues
  bool several = false;      // workers

  // How the packets began that each socket has sent, where errors are read.
  std::vector<const admission::SentBeginnings*> sent;
  SendErrors send_errors;  // of packets to the remotes
  StrayErrors stray_errors;
};

// One worker's part of a server: sorts datagrams by sender into one ring to the
// server's consumer. No more than max_pending remotes wait to be taken, and when so many do, few
// strangers take the place of one, so a flood of spoofed senders costs a table look-up each and
// little more; and while they wait, half of the ring is not theirs, nor is more than a share of the
// memory for copies (SlabPool::Use::kStranger), nor more than kMaxPendingBytes each.
//
// What AdmissionOptions ask for is asked on a path of its own (Path::kGuarded); a list is asked
// about strangers alone, and about those who are known when it changes.
//
// Together, a datagram's sender is looked at by nobody here and no sender costs any
// memory.
//
// A ring element is a packet (source: its Remote, or a record of that and of the address that it
// was sent to; together: its sockaddr) or, with no buffer and no payload, an event whose size
// says which.
//
// Threads: the DatagramSink side is the worker's; consumer() and close() belong
// to the consumer. After the worker has let go, for_each_remote() is the consumer's.
class Demultiplexer final : public DatagramSink {
 public:
  enum Event : std::uint16_t {
    kNewRemote = 1,       // the consumer may hand it out; with the time when it came
    kRemoteRetired = 2,   // nothing after this names the remote: free it
    kRemoteReplaced = 3,  // it is pending no more: close it
  };

  // Of one remote before it is taken, as a queue counts: a burst of small packets, or one datagram
  // of any size. 100 of them hold a few megabytes, the smallest packets lying in blocks of 128
  // bytes.
  static constexpr std::uint64_t kMaxPendingBytes = 8192;

  // What `shared` says of admission is read here. Throws where there is no memory.
  Demultiplexer(std::uint16_t shard, std::size_t max_packets, ServerShared* shared);
  ~Demultiplexer() override;

  void deliver(const DatagramRun& run, Delivery& delivery) override;
  void publish() override {
    if (to_retire_ != nullptr) [[unlikely]]
      announce_retired();
    ring_.producer().publish();
  }
  bool notify() override { return shared_->signal.notify_if_waiting(); }
  wait::Inflow* inflow() override { return &inflow_; }
  bool is_behind() const override { return ring_.is_half_full(); }
  // An unconnected socket reports errors of its error queue only.
  void on_socket_error(int /*error*/, std::uint64_t now_us) override { check_errors(now_us); }
  bool wants_control() const override { return shared_->arrival.any(); }
  bool wants_error_checks() const override { return shared_->read_errors; }
  void check_errors(std::uint64_t now_us) override;
  void maintain() override;
  void on_worker_stopped() override;

  // The socket whose error queue is to be read and that challenges leave by; before it is attached,
  // and it outlives this.
  void set_socket(const net::Socket* socket) { socket_ = socket; }

  packet::PacketRing::Consumer consumer() { return ring_.consumer(); }
  static bool is_event(const packet::PacketDescriptor& descriptor) {
    return descriptor.payload == nullptr && descriptor.buffer == nullptr;
  }
  // Not together: who sent a packet, or whom an event is about.
  Remote& remote_of(const packet::PacketDescriptor& element) const {
    assert(shared_->per_remote);
    if (shared_->arrival.local_addresses && !is_event(element)) [[unlikely]]
      return *recorded_remote(element);
    return *static_cast<Remote*>(const_cast<void*>(element.source));
  }

  // Of the ring's slots, and of the memory for copies: what one remote may hold at most while half
  // of it is in use and the server knows others, so that a few who are not read, or who flood,
  // leave the others room. A single packet of any size is let in all the same.
  static constexpr std::size_t kShareOfOne = 8;

  // Consumer: the remote is done with. It comes back as kRemoteRetired after the
  // worker's next maintain().
  void close(Remote* remote);

  std::size_t remote_count() const { return count_.load(std::memory_order_relaxed); }

 private:
  // Slots of the ring that packets leave free, so that events always find room soon.
  static constexpr std::size_t kEventReserve = 64;

  // What a datagram passes on its way.
  enum class Path { kPlain, kGuarded, kTogether };

  struct Arrival {
    const backend::Datagram& datagram;
    const net::Endpoint& sender;
  };

  template <Path kPath>
  Remote* let_in(const Arrival& arrival, Remote* remote, Delivery& delivery);
  template <Path kPath>
  void deliver_per_remote(std::span<const backend::Datagram> datagrams, Delivery& delivery);
  void deliver_together(std::span<const backend::Datagram> datagrams, Delivery& delivery);
  Remote* find(const net::Endpoint& endpoint);
  void find_all(std::span<const backend::Datagram> datagrams);

  // ---- Admission. A reason is the counter of what is dropped for it.

  static Path path_of(const ServerShared& shared);
  bool is_denied(const net::IpAddress& address) const {
    return list_ != nullptr && list_->refuses(address);
  }
  bool has_challenges() const { return shared_->cookies.has_value(); }
  std::optional<Counter> reason_against_anybody(const backend::Datagram& datagram,
                                                std::uint64_t now_us);
  bool passes_at_once(const backend::Datagram& datagram, Remote* remote, std::uint64_t now_us);
  std::optional<Counter> reason_against(const Arrival& arrival, Remote* remote, Delivery& delivery);
  std::optional<Counter> reason_against_rate(const Arrival& arrival, Remote* remote,
                                             std::uint64_t now_us);
  std::optional<Counter> take_handshake(const Arrival& arrival, Remote* remote, Delivery& delivery);
  Counter answer_stranger(const Arrival& arrival, std::optional<admission::HandshakeKind> kind,
                          Delivery& delivery);
  void challenge(const Arrival& arrival, Delivery& delivery);
  Remote* admit(const Arrival& arrival, Delivery& delivery, Counter* reason);
  bool take_place(Delivery& delivery, Counter* reason);
  bool replace_one(Delivery& delivery, Counter* reason);
  bool lets_newcomer_in(std::uint64_t now_us, Counter* reason);
  Remote* make_remote(const Arrival& arrival, std::uint64_t now_us);
  bool take_notes(const Arrival& arrival, Remote& remote) const;
  void take_list();

  // Bytes that one remote may have waiting, as a queue counts.
  struct QueueLimit {
    std::uint64_t whole;
    std::uint64_t now;  // less than `whole` while others need the room
  };
  QueueLimit limit_of_one(const Delivery& delivery) const;
  static bool has_bytes(Remote& remote, const QueueLimit& limit, std::uint32_t charge);
  static bool has_pending_bytes(Remote& remote, const QueueLimit& limit, std::uint32_t charge);
  static bool has_bytes_at_second_look(Remote& remote, std::uint64_t limit, std::uint64_t whole,
                                       std::uint32_t charge);
  void retire(Remote* remote);
  void announce_retired();
  bool announce(Remote* remote, Event event, std::uint64_t now_us = 0);
  void read_errors(std::uint64_t now_us);
  admission::QuoteVerdict judge(const net::ReturnedError& returned) const;
  bool record_error(const net::ReturnedError& returned, std::uint64_t now_us);

  const std::uint16_t shard_;
  const net::Socket* socket_ = nullptr;
  ServerShared* const shared_;
  const Path path_;
  const bool limits_replies_;
  // Of a remote whose packets need no look at what it is sent.
  const Remote::Standing least_of_known_;
  // Of a packet that may be a handshake.
  static constexpr std::size_t kNoSize = SIZE_MAX;
  const std::size_t size_to_look_at_;
  packet::PacketRing ring_;
  wait::Inflow inflow_{&shared_->pace};
  // Slots that packets of remotes nobody has taken yet leave free: however many bytes
  // they may have waiting, they cannot fill the ring against accepted peers.
  const std::size_t stranger_reserve_;
  const std::uint64_t share_of_ring_;  // of one remote, in bytes as a queue counts
  ArrivalClock arrival_clock_;
  RemoteTable table_;
  UntakenRemotes untaken_;
  std::optional<Gate> gate_;  // of Path::kGuarded, and together where rates are limited
  SharedSourceList::List list_;
  std::uint32_t list_version_ = 0;
  // The senders of the current batch.
  std::array<net::Endpoint, backend::kBatchSize> endpoints_;
  std::array<Remote*, backend::kBatchSize> remotes_;
  // The remote of the last datagram: trains of one sender need no look-up.
  Remote* last_ = nullptr;
  ErrorPause error_pause_;
  StrayErrors::Position stray_errors_seen_ = 0;
  Remote* to_retire_ = nullptr;  // waiting for room in the ring; linked by next_closed
  std::atomic<Remote*> closed_{nullptr};
  std::atomic<std::size_t> count_{0};
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_DEMULTIPLEXER_H_
