#ifndef RINGPEER_TESTS_ENGINE_WORKER_WORKER_FIXTURE_H_
#define RINGPEER_TESTS_ENGINE_WORKER_WORKER_FIXTURE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_release.h"
#include "ringpeer/engine/worker/socket_queue.h"
#include "ringpeer/engine/worker/worker.h"
#include "ringpeer/tests/engine/backend/backend_fixture.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::test {

// A socket, its queue, and the consumer's side of it. Detaches when it ends, so it
// must not outlive the worker.
class Consumer {
 public:
  Consumer(worker::Worker& worker, std::size_t max_packets, std::uint64_t max_bytes);
  // Takes over a bound socket.
  Consumer(worker::Worker& worker, net::Socket socket, std::size_t max_packets,
           std::uint64_t max_bytes);
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  std::uint16_t port() const { return port_of(socket_); }
  const net::Socket& socket() const { return socket_; }
  std::size_t depth() const { return queue_.depth(); }
  worker::SocketQueue& queue() { return queue_; }

  using Visit = std::function<void(const net::Endpoint& source, std::span<const std::uint8_t>)>;
  // Takes everything that waits; returns the number of packets.
  std::size_t take_all(const Visit& visit = nullptr);
  std::uint64_t taken() const { return taken_; }

  void detach();

 private:
  worker::Worker& worker_;
  net::Socket socket_;
  worker::SocketQueue queue_;
  backend::SocketSlot slot_ = 0;
  bool attached_ = false;
  std::uint64_t taken_ = 0;
};

// A worker on each backend, with a thread unless a test asks for none.
class WorkerTest : public testing::TestWithParam<BackendVariant> {
 protected:
  void SetUp() override;

  // Only what the variant does not decide is taken from options.
  static worker::WorkerOptions with_variant(worker::WorkerOptions options);
  static std::unique_ptr<worker::Worker> make(const worker::WorkerOptions& options = {});

  static std::uint64_t counted(const worker::Worker& worker, Counter counter) {
    return worker.snapshot()[counter];
  }
};

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_WORKER_WORKER_FIXTURE_H_
