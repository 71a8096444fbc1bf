// PacketRing in every interleaving: the worker, the consumer, and a third thread that asks how much
// there is.

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ringpeer/engine/packet/packet_descriptor.h"
#include "ringpeer/engine/packet/packet_ring.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::packet {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Trials;

constexpr std::uint16_t kSize = 76;
constexpr std::uint64_t kCharge = kSize + kRecordOverhead;
// The times of arrival that descriptors hold wrap between the first packet and the second.
constexpr std::uint64_t kFirstArrivalUs = (std::uint64_t{3} << 32) - 1;

// The ends of a ring through which packets 0, 1, 2 and so on go, each a microsecond after the last.
class Ends {
 public:
  Ends(std::size_t capacity, std::uint64_t max_packets_by_bytes)
      : ring_(capacity, max_packets_by_bytes * kCharge) {}

  // ---- The worker's.
  // A batch of up to so many packets.
  void deliver(int count) {
    const PacketRing::Producer ring = ring_.producer();
    const bool is_empty = ring_.slots_in_use() == 0;
    if (is_empty) expect(ring.has_bytes_for_run(kCharge), "an empty ring has room for bytes");
    ring.record_time(arrival_us(pushed_ + count - 1));
    for (int i = 0; i < count && ring.has_slots() && ring.has_bytes_for_run(kCharge); ++i) {
      PacketDescriptor packet{};
      packet.source = &ring_;
      packet.received_at_us = static_cast<std::uint32_t>(arrival_us(pushed_));
      packet.size = kSize;
      ring.push(packet);
      ++pushed_;
    }
    ring.publish();
  }
  void deliver_times(int times, int count) {
    for (int i = 0; i < times; ++i) deliver(count);
  }
  void look_how_full() {
    if (ring_.is_nearly_empty()) expect(!ring_.is_half_full(), "one or the other");
  }

  // ---- The consumer's.
  bool take() {
    const PacketRing::Consumer ring = ring_.consumer();
    const PacketDescriptor* const packet = ring.front();
    if (packet == nullptr) return false;
    expect(packet->source == &ring_ && packet->size == kSize, "the packet");
    expect(ring.arrival_us(packet->received_at_us) == arrival_us(taken_), "when it came");
    ring.take(1, 1, kCharge);
    ++taken_;
    return true;
  }
  void take_up_to(int count) {
    for (int i = 0; i < count; ++i) take();
  }
  void take_run() {
    const PacketRing::Consumer ring = ring_.consumer();
    const std::span<PacketDescriptor> run = ring.front_run(4);
    for (const PacketDescriptor& packet : run) {
      expect(ring.arrival_us(packet.received_at_us) == arrival_us(taken_), "when it came");
      ++taken_;
    }
    if (!run.empty()) ring.take(run.size(), run.size(), run.size() * kCharge);
  }
  // What an application does that is told how many wait.
  void take_what_is_there() {
    for (std::size_t left = ring_.depth(); left > 0; --left) {
      expect(take(), "what depth() says can be taken");
    }
  }

  // ---- Any thread's.
  std::size_t depth() const { return ring_.depth(); }

  // ---- At the end.
  void expect_all_to_arrive() {
    expect(ring_.depth() == static_cast<std::size_t>(pushed_ - taken_), "the depth");
    while (take()) {
    }
    expect(taken_ == pushed_, "all have come");
    expect(ring_.depth() == 0 && ring_.is_nearly_empty(), "it is empty");
  }

 private:
  static std::uint64_t arrival_us(int packet) {
    return kFirstArrivalUs + static_cast<std::uint64_t>(packet);
  }

  PacketRing ring_;
  int pushed_ = 0;  // the worker's
  int taken_ = 0;   // the consumer's
};

template <typename Worker, typename Consumer>
Ends& two_threads(Scenario& test, std::size_t capacity, std::uint64_t max_packets, Worker worker,
                  Consumer consumer) {
  auto& ends = test.make<Ends>(capacity, max_packets);
  test.thread([&ends, worker] { worker(ends); });
  test.thread([&ends, consumer] { consumer(ends); });
  test.at_end([&ends] { ends.expect_all_to_arrive(); });
  return ends;
}

const Trials& trials() {
  static const Trials trials{
      {"two packets, one by one",
       [](Scenario& test) {
         two_threads(
             test, 2, 2, [](Ends& ends) { ends.deliver_times(2, 1); },
             [](Ends& ends) { ends.take_up_to(2); });
       }},
      {"as many as depth() says",
       [](Scenario& test) {
         two_threads(
             test, 2, 2, [](Ends& ends) { ends.deliver_times(2, 1); },
             [](Ends& ends) {
               for (int i = 0; i < 2; ++i) ends.take_what_is_there();
             });
       }},
      {"room for one packet by bytes",
       [](Scenario& test) {
         two_threads(
             test, 4, 1, [](Ends& ends) { ends.deliver_times(3, 2); },
             [](Ends& ends) { ends.take_up_to(3); });
       }},
      {"room for one packet by slots",
       [](Scenario& test) {
         two_threads(
             test, 1, 4, [](Ends& ends) { ends.deliver_times(3, 1); },
             [](Ends& ends) { ends.take_up_to(3); });
       }},
      {"batches and runs",
       [](Scenario& test) {
         two_threads(
             test, 4, 3, [](Ends& ends) { ends.deliver_times(3, 2); },
             [](Ends& ends) {
               for (int i = 0; i < 3; ++i) ends.take_run();
             });
       }},
      {"a worker that looks how full it is",
       [](Scenario& test) {
         two_threads(
             test, 4, 4,
             [](Ends& ends) {
               for (int i = 0; i < 2; ++i) {
                 ends.deliver(2);
                 ends.look_how_full();
               }
             },
             [](Ends& ends) { ends.take_up_to(4); });
       }},
      {"a third thread that asks for the depth",
       [](Scenario& test) {
         auto& ends = two_threads(
             test, 2, 2, [](Ends& e) { e.deliver_times(2, 1); }, [](Ends& e) { e.take_up_to(2); });
         test.thread([&ends] { expect(ends.depth() <= 2, "no more than was ever there"); });
       }},
  };
  return trials;
}

TEST(PacketRingInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"packet_ring.h", "spsc_ring.h"});
}

}  // namespace
}  // namespace ringpeer::packet
