#include "ringpeer/tests/engine/worker/worker_fixture.h"

#include <cstring>
#include <utility>

namespace ringpeer::test {

Consumer::Consumer(worker::Worker& worker, std::size_t max_packets, std::uint64_t max_bytes)
    : Consumer(worker, open_receiver(), max_packets, max_bytes) {}

Consumer::Consumer(worker::Worker& worker, net::Socket socket, std::size_t max_packets,
                   std::uint64_t max_bytes)
    : worker_(worker), socket_(std::move(socket)), queue_(max_packets, max_bytes) {
  const int error = worker_.attach(socket_.descriptor(), &queue_, &slot_);
  EXPECT_EQ(error, 0) << std::strerror(error);
  attached_ = error == 0;
}

Consumer::~Consumer() {
  detach();
  take_all();
}

void Consumer::detach() {
  if (std::exchange(attached_, false)) worker_.detach(slot_);
}

std::size_t Consumer::take_all(const Visit& visit) {
  packet::PacketRelease release;
  std::size_t packets = 0;
  while (const packet::PacketDescriptor* front = queue_.consumer().front()) {
    packet::PacketDescriptor descriptor = *front;
    const net::Endpoint source = net::endpoint_from_socket_address(descriptor.source);
    const std::uint32_t count = descriptor.packet_count();
    const std::uint32_t charge = descriptor.charge();
    do {
      const auto packet = descriptor.take_packet();
      if (visit) visit(source, packet);
    } while (descriptor.size > 0);
    release.add(descriptor.buffer, count);
    queue_.consumer().take(1, count, charge);
    packets += count;
  }
  taken_ += packets;
  return packets;
}

void WorkerTest::SetUp() {
  packet::BufferReturn home;
  backend::BackendFailure failure;
  if (GetParam().use_uring && backend::make_uring_backend({}, &home, &failure) == nullptr) {
    GTEST_SKIP() << "io_uring is not to be had here: " << failure.what << ": "
                 << std::strerror(failure.error);
  }
}

worker::WorkerOptions WorkerTest::with_variant(worker::WorkerOptions options) {
  options.use_uring = GetParam().use_uring;
  options.backend.use_min_wait = GetParam().use_min_wait;
  options.backend.use_incremental_buffers = GetParam().use_incremental_buffers;
  options.epoch = std::chrono::steady_clock::now();
  return options;
}

std::unique_ptr<worker::Worker> WorkerTest::make(const worker::WorkerOptions& options) {
  backend::BackendFailure failure;
  auto worker = worker::Worker::create(with_variant(options), &failure);
  EXPECT_NE(worker, nullptr) << failure.what << ": " << std::strerror(failure.error);
  return worker;
}

}  // namespace ringpeer::test
