#include "ringpeer/tests/engine/backend/backend_fixture.h"

#include <array>
#include <chrono>
#include <cstring>

namespace ringpeer::test {

using backend::Datagram;
using backend::DatagramFault;

std::vector<BackendVariant> backend_variants() {
  return {{"io_uring", true, true, true},
          {"io_uring_without_min_wait", true, false, true},
          {"io_uring_without_incremental_buffers", true, true, false},
          {"io_uring_as_in_linux_6_1", true, false, false},
          {"recvmmsg", false, true, true}};
}

std::string variant_name(const testing::TestParamInfo<BackendVariant>& info) {
  return info.param.name;
}

void BackendTest::SetUp() {
  packet::BufferReturn home;
  backend::BackendFailure failure;
  if (uses_uring() && backend::make_uring_backend({}, &home, &failure) == nullptr) {
    GTEST_SKIP() << "io_uring is not to be had here: " << failure.what << ": "
                 << std::strerror(failure.error);
  }
  ASSERT_TRUE(restart());
}

void BackendTest::TearDown() { release_held(); }

bool BackendTest::restart(backend::BackendOptions options) {
  release_held();
  received_.clear();
  backend_.reset();
  while (home_.take_all() != nullptr) continue;
  options.use_min_wait = GetParam().use_min_wait;
  options.use_incremental_buffers = GetParam().use_incremental_buffers;
  backend::BackendFailure failure;
  backend_ = uses_uring() ? backend::make_uring_backend(options, &home_, &failure)
                          : backend::make_mmsg_backend(options, &home_, &failure);
  if (backend_ == nullptr) {
    ADD_FAILURE() << failure.what << ": " << std::strerror(failure.error);
    return false;
  }
  const bool started = backend_->start(&failure);
  EXPECT_TRUE(started) << failure.what << ": " << std::strerror(failure.error);
  return started;
}

void BackendTest::attach(const net::Socket& socket, backend::SocketSlot slot) {
  ASSERT_EQ(backend_->attach(slot, socket.descriptor()), 0);
  step();
}

bool BackendTest::detach(backend::SocketSlot slot) {
  backend_->begin_detach(slot);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!backend_->is_detached(slot)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    step();
  }
  return true;
}

void BackendTest::wait(const backend::WaitPolicy& policy) {
  backend::BackendFailure failure;
  EXPECT_TRUE(backend_->wait(policy, &failure))
      << failure.what << ": " << std::strerror(failure.error);
}

void BackendTest::step(const backend::WaitPolicy& policy) {
  wait(policy);
  drain();
  reclaim();
}

bool BackendTest::receive_until(std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (received_.size() < count) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    step({.budget = std::chrono::microseconds(200), .idle = std::chrono::milliseconds(10)});
  }
  return true;
}

void BackendTest::step_a_while() {
  for (int i = 0; i < 20; ++i) step();
}

void BackendTest::drain() {
  std::array<Datagram, backend::kBatchSize> batch;
  while (const std::size_t count = backend_->receive(batch).count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Datagram& datagram = batch[i];
      Received copy;
      copy.slot = datagram.slot;
      copy.fault = datagram.fault;
      copy.error = datagram.error;
      if (datagram.fault == DatagramFault::kNone) {
        const packet::PacketDescriptor& packet = datagram.packet;
        copy.source = net::endpoint_from_socket_address(packet.source);
        copy.segment_size = packet.segment_size;
        const std::size_t head_size = packet.size - std::size_t{datagram.tail_size};
        copy.payload.assign(packet.payload, packet.payload + head_size);
        if (datagram.tail_size > 0) {
          copy.payload.insert(copy.payload.end(), datagram.tail,
                              datagram.tail + datagram.tail_size);
        }
      }
      received_.push_back(std::move(copy));
      if (datagram.packet.buffer == nullptr) continue;
      if (hold_) {
        held_.push_back({datagram.packet.buffer, datagram.packet.payload, datagram.packet.size,
                         received_.size() - 1});
      } else {
        datagram.packet.buffer->release();
      }
    }
    reclaim();
  }
}

void BackendTest::reclaim() {
  for (packet::PacketBuffer* buffer = home_.take_all(); buffer != nullptr;) {
    packet::PacketBuffer* const next = buffer->next;
    backend_->recycle(buffer);
    buffer = next;
  }
}

void BackendTest::release_held() {
  for (const Held& entry : held_) entry.buffer->release();
  held_.clear();
  if (backend_ != nullptr) reclaim();
}

}  // namespace ringpeer::test
