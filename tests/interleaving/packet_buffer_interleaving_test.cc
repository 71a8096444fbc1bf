// PacketBuffer and BufferReturn in every interleaving: the worker that owns a buffer, and
// consumers that read datagrams in it and give back their references.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/tests/interleaving/explorer.h"
#include "ringpeer/tests/interleaving/trials.h"

namespace ringpeer::packet {
namespace {

using interleaving::expect;
using interleaving::Scenario;
using interleaving::Trial;
using interleaving::Trials;

// Two buffers with a datagram of one byte, and their worker.
class Buffers {
 public:
  static constexpr std::size_t kCount = 2;

  Buffers() {
    for (std::size_t i = 0; i < kCount; ++i) {
      buffers_[i].home = &home_;
      buffers_[i].memory = &bytes_[i];
      bytes_[i] = 1;
    }
  }

  PacketBuffer& at(std::size_t i) { return buffers_[i]; }

  // ---- The worker's.
  void lend(std::size_t i, std::int64_t references) {
    buffers_[i].references.store(references, std::memory_order_relaxed);
  }
  // The kernel gets a buffer and writes into it.
  void open(std::size_t i) {
    buffers_[i].open();
    *buffers_[i].memory = 1;
  }
  void issue(std::size_t i) {
    ++buffers_[i].issued;
    handed_over_[i].store(&buffers_[i], std::memory_order_release);
  }
  // For one datagram.
  void use(std::size_t i) {
    open(i);
    issue(i);
    buffers_[i].retire();
  }
  // What came home is nobody else's.
  std::size_t take_home() {
    std::size_t count = 0;
    for (PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
      PacketBuffer* const next = buffer->next;
      buffer->next = nullptr;
      *buffer->memory = 2;
      ++count;
      buffer = next;
    }
    came_home_ += count;
    return count;
  }

  // ---- The consumers'.
  static void read(const PacketBuffer& buffer) { expect(*buffer.memory == 1, "the datagram"); }
  void read_and_release(std::size_t i, std::int64_t references = 1) {
    read(buffers_[i]);
    buffers_[i].release(references);
  }
  void take_and_release(std::size_t i) {
    PacketBuffer* const buffer = handed_over_[i].exchange(nullptr, std::memory_order_acquire);
    if (buffer == nullptr) return;
    read(*buffer);
    buffer->release();
  }

  // ---- At the end.
  void expect_home(std::size_t count) {
    take_home();
    expect(came_home_ == count, "each comes home once");
  }
  void expect_none_out(std::size_t i) {
    expect(*buffers_[i].memory == 2, "it is at home");
    expect(take_home() == 0, "once");
  }

 private:
  BufferReturn home_;
  std::array<PacketBuffer, kCount> buffers_;
  std::array<std::uint8_t, kCount> bytes_{};
  std::array<Atomic<PacketBuffer*>, kCount> handed_over_{};
  std::size_t came_home_ = 0;
};

Trials lent_trials() {
  return {
      {"two references, two consumers",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         buffers.lend(0, 2);
         test.thread([&] { buffers.take_home(); });
         for (int i = 0; i < 2; ++i) test.thread([&] { buffers.read_and_release(0); });
         test.at_end([&] { buffers.expect_home(1); });
       }},
      {"two buffers, two consumers",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         for (std::size_t i = 0; i < 2; ++i) {
           buffers.lend(i, 1);
           test.thread([&, i] { buffers.read_and_release(i); });
         }
         test.thread([&] {
           for (int i = 0; i < 2; ++i) buffers.take_home();
         });
         test.at_end([&] { buffers.expect_home(2); });
       },
       1},
      {"a run of references, and one by one",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         buffers.lend(0, 4);
         test.thread([&] {
           PacketRelease release;
           for (int i = 0; i < 2; ++i) {
             Buffers::read(buffers.at(0));
             release.add(&buffers.at(0));
           }
         });
         test.thread([&] {
           for (int i = 0; i < 2; ++i) buffers.read_and_release(0);
         });
         test.thread([&] { buffers.take_home(); });
         test.at_end([&] { buffers.expect_home(1); });
       }},
      {"a reference more, for who has one",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         buffers.lend(0, 2);
         test.thread([&] {
           buffers.at(0).add_references(1);
           buffers.read_and_release(0);
           buffers.read_and_release(0);
         });
         test.thread([&] { buffers.read_and_release(0); });
         test.thread([&] { buffers.take_home(); });
         test.at_end([&] { buffers.expect_home(1); });
       }},
  };
}

Trials open_trials() {
  return {
      {"an open buffer, retired and used again",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         test.thread([&] {
           buffers.use(0);
           for (int i = 0; i < 2; ++i) {
             if (buffers.take_home() > 0) buffers.use(0);
           }
         });
         test.thread([&] {
           for (int i = 0; i < 2; ++i) buffers.take_and_release(0);
         });
         test.at_end([&] {
           buffers.take_and_release(0);
           buffers.take_home();
           buffers.expect_none_out(0);
         });
       }},
      {"an open buffer, two consumers",
       [](Scenario& test) {
         auto& buffers = test.make<Buffers>();
         buffers.open(0);
         buffers.issue(0);
         buffers.issue(0);
         for (int i = 0; i < 2; ++i) test.thread([&] { buffers.read_and_release(0); });
         test.thread([&] {
           buffers.at(0).retire();
           buffers.take_home();
         });
         test.at_end([&] { buffers.expect_home(1); });
       }},
  };
}

const Trials& trials() {
  static const Trials trials = [] {
    Trials all = lent_trials();
    for (const Trial& trial : open_trials()) all.push_back(trial);
    return all;
  }();
  return trials;
}

TEST(PacketBufferInterleavings, AreAllRightAndNeedEveryOrder) {
  interleaving::expect_right_and_tight(trials(), {"packet_buffer.h"});
}

}  // namespace
}  // namespace ringpeer::packet
