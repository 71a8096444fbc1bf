// Random datagrams of a few senders through a Demultiplexer and a Delivery, beside the rules in
// plain words: who is let in, what is dropped and why, what stays in the kernel's buffer and what
// is copied, what the consumer gets; accepted, closed and forgotten remotes, and memory refused.

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "ringpeer/engine/worker/demultiplexer.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer::worker {
namespace {

using test::Draws;

constexpr std::size_t kSenders = 9;
constexpr std::size_t kEventReserve = 64;  // slots that packets leave free
constexpr std::uint16_t kShard = 3;
constexpr std::size_t kPayload = 65535;

// Some differ in the port alone, some in the address alone.
net::Endpoint sender(std::size_t index) {
  net::Endpoint endpoint;
  endpoint.address =
      net::IpAddress::from_ipv4(htonl(0x0a000001u + static_cast<std::uint32_t>(index / 3)));
  endpoint.port = static_cast<std::uint16_t>(5000 + index % 3);
  return endpoint;
}

// A remote, from its first packet until it is retired.
struct Life {
  std::size_t sender;
  Remote* remote = nullptr;  // once the consumer has learnt of it
  bool accepted = false;
  bool closed = false;
  std::uint64_t bytes = 0;  // that wait, as a receive buffer counts
};

// What the ring is to hold.
struct Expected {
  enum Kind { kNew, kRetired, kPacket } kind;
  Life* life;
  std::size_t sender;
  std::uint16_t size;
  std::uint16_t segment;
  std::uint8_t mark;
  bool copied;
  bool strangers;
  std::uint32_t arrival_us;
};

class DemultiplexerModel final : public test::Model {
 public:
  enum Kind {
    kDeliver,
    kDeliverRun,
    kDeliverWithoutMemory,
    kTake,
    kAccept,
    kClose,
    kMaintain,
    kSet,
    kComeBack
  };

  DemultiplexerModel(std::size_t slots, bool per_remote, bool lends, std::size_t budget)
      : slots_(std::bit_ceil(slots)),
        reserve_(slots / 2),
        share_(slots / Demultiplexer::kShareOfOne * packet::kRecordOverhead),
        per_remote_(per_remote),
        lends_(lends),
        has_memory_(budget > 0),
        slabs_(budget, &home_),
        memory_(3 * kPayload) {
    shared_.per_remote = per_remote;
    shared_.max_pending.store(3);
    shared_.admission.keep_pending = true;
    buffer_.home = &home_;
    buffer_.open();
    demultiplexer_ = std::make_unique<Demultiplexer>(kShard, slots, &shared_);
  }
  ~DemultiplexerModel() override {
    while (const packet::PacketDescriptor* front = demultiplexer_->consumer().front()) {
      if (Demultiplexer::is_event(*front)) {
        if (front->size == Demultiplexer::kRemoteRetired) {
          delete static_cast<Remote*>(const_cast<void*>(front->source));
        }
      } else {
        front->buffer->release(front->packet_count());
      }
      demultiplexer_->consumer().pop();
    }
    demultiplexer_.reset();
    buffer_.retire();
    bool is_home = false;
    for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      packet::PacketBuffer* const next = buffer->next;
      is_home = is_home || buffer == &buffer_;
      if (buffer != &buffer_) slabs_.free(buffer);
      buffer = next;
    }
    EXPECT_TRUE(is_home) << "a reference to the buffer was lost";
    EXPECT_TRUE(slabs_.pages_in_use() == 0 || has_memory_);
  }

  void step(std::size_t kind, Draws& draws) override {
    switch (static_cast<Kind>(kind)) {
      case kDeliver:
        now_us_ += draws.below(1000);
        deliver(1 + draws.below(8), draws, false);
        break;
      case kDeliverRun:
        deliver(backend::kBatchSize, draws, false);
        break;
      case kDeliverWithoutMemory:
        deliver(1, draws, !has_page_);  // with a page there is memory for a copy or not: who knows
        break;
      case kTake:
        take(1 + draws.below(300));
        break;
      case kAccept:
        accept(draws.below(kSenders));
        break;
      case kClose:
        close(draws.below(kSenders));
        break;
      case kMaintain:
        maintain();
        break;
      case kSet:
        shared_.max_pending.store(static_cast<int>(draws.below(6)));
        shared_.max_bytes_per_remote.store(
            std::array<std::uint64_t, 4>{65535, 300, 2000, std::uint64_t{1} << 30}[draws.below(4)]);
        break;
      case kComeBack:
        come_back(draws.below(kSenders), draws);
    }
    check();
  }
  void end() override {
    take(SIZE_MAX);
    check();
  }

 private:
  struct Packet {
    std::size_t sender;
    std::uint16_t size;
    std::uint16_t segment;
    std::uint16_t tail;
    std::uint8_t mark;
    std::uint32_t count() const {
      return segment == 0 ? 1u : static_cast<std::uint32_t>((size + segment - 1) / segment);
    }
    std::uint32_t charge() const { return size + count() * packet::kRecordOverhead; }
  };

  std::size_t free_slots() const { return slots_ - expected_.size(); }
  bool is_half_full() const { return expected_.size() >= slots_ / 2; }

  Packet any_packet(Draws& draws, std::size_t from) {
    Packet packet{from, static_cast<std::uint16_t>(draws.below(200)), 0, 0, ++next_mark_};
    if (draws.one_in(4)) packet.size = static_cast<std::uint16_t>(draws.below(30000));
    if (draws.one_in(3)) packet.segment = static_cast<std::uint16_t>(1 + draws.below(100));
    if (packet.segment >= packet.size) packet.segment = 0;
    if (draws.one_in(6)) packet.tail = static_cast<std::uint16_t>(draws.up_to(packet.size));
    return packet;
  }

  // A batch of one sender or of many; the payloads lie one after another.
  void deliver(std::size_t count, Draws& draws, bool without_memory) {
    const std::size_t one = draws.below(kSenders);
    deliver_of(draws.one_in(3) ? std::optional(one) : std::nullopt, count, draws, without_memory);
  }
  void deliver_of(std::optional<std::size_t> one, std::size_t count, Draws& draws,
                  bool without_memory) {
    std::vector<Packet> packets;
    std::vector<net::SocketAddress> addresses;
    std::size_t used = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Packet packet = any_packet(draws, one.has_value() ? *one : draws.below(kSenders));
      if (used + packet.size > memory_.size()) break;
      std::memset(memory_.data() + used, packet.mark, packet.size);
      used += packet.size;
      packets.push_back(packet);
      addresses.push_back(net::to_socket_address(sender(packet.sender), AF_INET6));
    }
    hand_over(packets, addresses, without_memory);
  }
  // The last to send is closed, and the next to send is he.
  void come_back(std::size_t which, Draws& draws) {
    deliver_of(which, 2, draws, false);
    take(SIZE_MAX);
    if (testing::Test::HasFatalFailure()) return;
    close(which);
    maintain();
    take(SIZE_MAX);
    if (testing::Test::HasFatalFailure()) return;
    deliver_of(which, 2, draws, false);
  }
  void hand_over(const std::vector<Packet>& packets,
                 const std::vector<net::SocketAddress>& addresses, bool without_memory) {
    std::vector<backend::Datagram> datagrams;
    DatagramRun run;
    std::size_t used = 0;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const Packet& packet = packets[i];
      backend::Datagram datagram{};
      datagram.packet = {memory_.data() + used, &buffer_,      &addresses[i].generic, 0,
                         packet.size,           packet.segment};
      datagram.tail_size = packet.tail;
      datagram.tail = memory_.data() + used;  // the same bytes as anywhere in it
      ++buffer_.issued;
      if (packet.count() > 1) buffer_.add_references(packet.count() - 1);
      run.packets += packet.count();
      run.bytes += packet.size;
      run.has_tails = run.has_tails || packet.tail > 0;
      used += packet.size;
      datagrams.push_back(datagram);
    }
    run.datagrams = datagrams;
    shares_ = is_half_full() && demultiplexer_->remote_count() >= 2;
    for (const Packet& packet : packets) expect(packet, without_memory);
    {
      Delivery delivery(counters_, slabs_, now_us_, lends_);
      const test::RefusedMemory refused(without_memory);
      demultiplexer_->deliver(run, delivery);
    }
    publish();
    std::set<std::size_t> senders;
    for (const Packet& packet : packets) senders.insert(packet.sender);
    for (const std::size_t each : senders) check_heard(each);
  }

  // ---- The rules.

  void drop(const Packet& packet, Counter reason) { dropped_[reason] += packet.count(); }

  void expect(const Packet& packet, bool without_memory) {
    if (!per_remote_) return expect_together(packet, without_memory);
    Life* life = current_[packet.sender];
    if (life == nullptr || life->closed) {
      if (shared_.pending.load() + new_pending_ >= shared_.max_pending.load()) {
        return drop(packet, Counter::kDropPendingFull);
      }
      if (free_slots() < reserve_ + 2) return drop(packet, Counter::kDropRingFull);
      if (without_memory) return drop(packet, Counter::kDropNoMemory);
      lives_.push_back(std::make_unique<Life>(Life{packet.sender}));
      life = current_[packet.sender] = lives_.back().get();
      ++new_pending_;
      push({Expected::kNew, life, packet.sender, 0, 0, 0, false, false, now32()});
    }
    if (free_slots() < (life->accepted ? kEventReserve : reserve_) + 1) {
      return drop(packet, Counter::kDropRingFull);
    }
    const std::uint64_t limit = shared_.max_bytes_per_remote.load();
    std::uint64_t most = life->accepted ? limit : std::min(limit, Demultiplexer::kMaxPendingBytes);
    if (shares_) most = std::min(most, share_);
    const bool fits = life->bytes + packet.charge() <= (life->bytes == 0 ? limit : most) ||
                      (life->bytes == 0 && limit >= packet::kTakesAnyDatagram);
    if (!fits) return drop(packet, Counter::kDropPeerFull);
    if (!expect_kept(packet, without_memory)) return;
    life->bytes += packet.charge();
    push({Expected::kPacket, life, packet.sender, packet.size, packet.segment, packet.mark,
          is_copied(packet), !life->accepted, now32()});
  }
  void expect_together(const Packet& packet, bool without_memory) {
    if (free_slots() == 0) return drop(packet, Counter::kDropRingFull);
    if (!expect_kept(packet, without_memory)) return;
    push({Expected::kPacket, nullptr, packet.sender, packet.size, packet.segment, packet.mark,
          is_copied(packet), false, now32()});
  }
  bool is_copied(const Packet& packet) const { return !lends_ || packet.tail > 0; }
  // A copy needs a page; there are some, or none, or no memory for the first.
  bool expect_kept(const Packet& packet, bool without_memory) {
    if (!is_copied(packet)) return true;
    if (!has_memory_) {
      drop(packet, Counter::kDropBudget);
      return false;
    }
    if (without_memory && !has_page_) {
      drop(packet, Counter::kDropNoMemory);
      return false;
    }
    has_page_ = true;
    return true;
  }
  std::uint32_t now32() const { return static_cast<std::uint32_t>(now_us_); }
  void push(const Expected& expected) { expected_.push_back(expected); }

  // ---- The worker's other calls.

  void publish() {
    new_pending_ = 0;
    for (; to_retire_ > 0 && free_slots() > 0; --to_retire_) {
      push({Expected::kRetired, nullptr, 0, 0, 0, 0, false, false, 0});
    }
    demultiplexer_->publish();
  }
  void maintain() {
    for (Life* life : closed_) {
      retiring_.insert(life->remote);
      if (current_[life->sender] == life) current_[life->sender] = nullptr;
    }
    to_retire_ += closed_.size();
    closed_.clear();
    for (; to_retire_ > 0 && free_slots() > 0; --to_retire_) {
      push({Expected::kRetired, nullptr, 0, 0, 0, 0, false, false, 0});
    }
    demultiplexer_->maintain();
  }

  // ---- The consumer.

  void take(std::size_t most) {
    for (; most > 0; --most) {
      const packet::PacketDescriptor* const front = demultiplexer_->consumer().front();
      ASSERT_EQ(front == nullptr, expected_.empty());
      if (front == nullptr) break;
      const Expected expected = expected_.front();
      expected_.pop_front();
      ASSERT_EQ(Demultiplexer::is_event(*front), expected.kind != Expected::kPacket);
      if (expected.kind == Expected::kPacket) {
        take_packet(*front, expected);
      } else {
        take_event(*front, expected);
      }
      demultiplexer_->consumer().pop();
      if (testing::Test::HasFatalFailure()) return;
    }
    reclaim();
  }
  void take_event(const packet::PacketDescriptor& event, const Expected& expected) {
    auto* const remote = static_cast<Remote*>(const_cast<void*>(event.source));
    if (expected.kind == Expected::kRetired) {
      ASSERT_EQ(event.size, Demultiplexer::kRemoteRetired);
      ASSERT_EQ(retiring_.erase(remote), 1u) << "it is named still, or was never closed";
      // As somebody else's memory, which may look like anything: it is not to be looked at.
      remote->closed.store(false);
      freed_.emplace_back(remote);
      return;
    }
    ASSERT_EQ(event.size, Demultiplexer::kNewRemote);
    ASSERT_EQ(event.received_at_us, expected.arrival_us);
    ASSERT_EQ(remote->endpoint, sender(expected.sender));
    ASSERT_EQ(remote->shard, kShard);
    ASSERT_FALSE(remote->closed.load());
    expected.life->remote = remote;
  }
  void take_packet(const packet::PacketDescriptor& packet, const Expected& expected) {
    ASSERT_EQ(packet.size, expected.size);
    ASSERT_EQ(packet.segment_size, expected.segment);
    ASSERT_EQ(packet.received_at_us, expected.arrival_us);
    ASSERT_EQ(packet.buffer != &buffer_, expected.copied);
    if (expected.copied) {
      ASSERT_EQ(packet.buffer->is_strangers, per_remote_ && expected.strangers);
      for (std::size_t i = 0; i < packet.size; ++i) ASSERT_EQ(packet.payload[i], expected.mark);
    }
    if (per_remote_) {
      ASSERT_EQ(packet.source, expected.life->remote);
      Remote& remote = *expected.life->remote;
      remote.taken_bytes.store(remote.taken_bytes.load() + packet.charge());
      expected.life->bytes -= packet.charge();
    } else if (expected.copied) {
      ASSERT_EQ(net::endpoint_from_socket_address(packet.source), sender(expected.sender));
    }
    packet.buffer->release(packet.packet_count());
  }
  // Copies alone come home: the kernel still has the buffer.
  void reclaim() {
    for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      packet::PacketBuffer* const next = buffer->next;
      ASSERT_NE(buffer, &buffer_) << "given back more than there was";
      slabs_.free(buffer);
      buffer = next;
    }
  }
  void accept(std::size_t which) {
    Life* const life = current_[which];
    if (life == nullptr || life->remote == nullptr || life->accepted || life->closed) return;
    life->accepted = true;
    life->remote->accept();
    shared_.pending.fetch_sub(1);
  }
  void close(std::size_t which) {
    Life* const life = current_[which];
    if (life == nullptr || life->remote == nullptr || life->closed) return;
    if (!life->accepted) shared_.pending.fetch_sub(1);
    life->closed = true;
    closed_.push_back(life);
    demultiplexer_->close(life->remote);
  }

  // ---- What must hold after each step.

  // It is heard of whatever becomes of the packet, and is there.
  void check_heard(std::size_t which) {
    const Life* const life = current_[which];
    if (life == nullptr || life->remote == nullptr || life->closed) return;
    ASSERT_EQ(life->remote->heard_us.load(), now_us_);
    constexpr std::uint64_t kLater = 2'000'000;
    ASSERT_FALSE(life->remote->errors.says_gone(now_us_ + kLater));
    life->remote->errors.record(admission::QuoteVerdict::kProved, now_us_);
    ASSERT_TRUE(life->remote->errors.says_gone(now_us_ + kLater));
  }
  void check() {
    ASSERT_EQ(demultiplexer_->consumer().slots_in_use(), expected_.size());
    std::size_t known = 0;
    std::size_t pending = 0;
    for (const auto& [which, life] : current_) {
      known += life != nullptr ? 1 : 0;
      pending += life != nullptr && !life->accepted && !life->closed ? 1 : 0;
    }
    ASSERT_EQ(demultiplexer_->remote_count(), known);
    ASSERT_EQ(static_cast<std::size_t>(shared_.pending.load()), pending);
    ASSERT_EQ(demultiplexer_->is_behind(), is_half_full());
    const CounterSnapshot counted = counters_.snapshot();
    for (const Counter reason :
         {Counter::kDropPendingFull, Counter::kDropRingFull, Counter::kDropPeerFull,
          Counter::kDropBudget, Counter::kDropNoMemory, Counter::kDropClosed}) {
      ASSERT_EQ(counted[reason], dropped_[reason]) << static_cast<int>(reason);
    }
  }

  const std::size_t slots_;
  const std::size_t reserve_;
  // Of one remote, while the ring is half full and there are others.
  const std::uint64_t share_;
  const bool per_remote_;
  const bool lends_;
  const bool has_memory_;
  ServerShared shared_;
  packet::BufferReturn home_;
  packet::PacketBuffer buffer_;
  packet::SlabPool slabs_;
  Counters counters_;
  std::vector<std::uint8_t> memory_;
  std::unique_ptr<Demultiplexer> demultiplexer_;

  std::uint64_t now_us_ = (std::uint64_t{1} << 32) - 500;  // about to wrap in a descriptor
  std::uint8_t next_mark_ = 0;
  int new_pending_ = 0;    // of the batch under way
  bool shares_ = false;    // as it begins
  bool has_page_ = false;  // for copies
  std::vector<std::unique_ptr<Life>> lives_;
  std::map<std::size_t, Life*> current_;  // by sender: what the table names
  std::vector<Life*> closed_;             // that the worker has not seen
  std::set<Remote*> retiring_;
  std::vector<std::unique_ptr<Remote>> freed_;
  std::size_t to_retire_ = 0;  // without room in the ring
  std::deque<Expected> expected_;
  std::map<Counter, std::uint64_t> dropped_;
};

void run(bool per_remote) {
  test::ModelPlan plan;
  plan.kinds = {{"deliver", 6},  {"deliver_run", 2}, {"deliver_without_memory", 1},
                {"take", 4},     {"accept", 3},      {"close", 2},
                {"maintain", 2}, {"set", 1},         {"come_back", 1}};
  plan.sequences = 600;
  plan.make = [per_remote](Draws& draws) {
    constexpr std::array<std::size_t, 3> kSlots{256, 128, 512};
    // Enough for all copies that a ring may hold, or nothing.
    const std::size_t budget = draws.one_in(4) ? 0 : std::size_t{64} << 20;
    const std::size_t slots = draws.one_of(kSlots);
    return std::make_unique<DemultiplexerModel>(slots, per_remote, draws.one_in(2), budget);
  };
  run_model(plan);
}

TEST(DemultiplexerModelTest, SortsBySenderAndDropsByTheRules) { run(true); }
TEST(DemultiplexerModelTest, LeavesAllTogetherWhenAsked) { run(false); }

}  // namespace
}  // namespace ringpeer::worker
