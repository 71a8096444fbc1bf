#ifndef RINGPEER_TESTS_ENGINE_BACKEND_BACKEND_FIXTURE_H_
#define RINGPEER_TESTS_ENGINE_BACKEND_BACKEND_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ringpeer/engine/backend/backend.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/engine/packet/packet_buffer.h"
#include "ringpeer/tests/engine/support/loopback.h"

namespace ringpeer::test {

// A backend, and the kernel features that it is allowed to use: what is forced off
// is what older kernels do not have.
struct BackendVariant {
  std::string name;
  bool use_uring;
  bool use_min_wait;
  bool use_incremental_buffers;

  friend void PrintTo(const BackendVariant& variant, std::ostream* out) { *out << variant.name; }
};

// A datagram as it was received, copied out of its buffer.
struct Received {
  backend::SocketSlot slot = 0;
  net::Endpoint source;
  std::vector<std::uint8_t> payload;
  std::uint16_t segment_size = 0;
  backend::DatagramFault fault = backend::DatagramFault::kNone;
  int error = 0;
};

// Plays the worker: one backend, driven by the test's thread. Every test runs over
// every variant; those that the machine does not offer skip.
class BackendTest : public testing::TestWithParam<BackendVariant> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Makes the backend again. Only what the variant does not decide is taken from
  // options. False on failure.
  bool restart(backend::BackendOptions options = {});

  backend::Backend& backend() { return *backend_; }

  // Attaches and begins to receive.
  void attach(const net::Socket& socket, backend::SocketSlot slot = 0);
  // Begins to detach and waits for the end of it.
  bool detach(backend::SocketSlot slot = 0);

  // One wait that must not fail.
  void wait(const backend::WaitPolicy& policy);
  // The same and everything that can be received after it.
  void step(const backend::WaitPolicy& policy = {.poll = true});
  // Steps until so many have been received. False when they do not come.
  bool receive_until(std::size_t count);
  // A few steps that do not wait, for what must not come.
  void step_a_while();

  // What came so far; stays until cleared.
  std::vector<Received>& received() { return received_; }

  // Whether received buffers stay out, as a consumer that does not read keeps them.
  void hold_buffers(bool hold) { hold_ = hold; }
  struct Held {
    packet::PacketBuffer* buffer;
    const std::uint8_t* payload;  // without the tail
    std::size_t size;
    std::size_t index;  // in received()
  };
  const std::vector<Held>& held() const { return held_; }
  void release_held();
  // Takes back the buffers that came home; step() does it as well.
  void reclaim();

  static bool uses_uring() { return GetParam().use_uring; }

 private:
  void drain();

  packet::BufferReturn home_;
  std::unique_ptr<backend::Backend> backend_;
  std::vector<Received> received_;
  std::vector<Held> held_;
  bool hold_ = false;
};

std::vector<BackendVariant> backend_variants();
std::string variant_name(const testing::TestParamInfo<BackendVariant>& info);

}  // namespace ringpeer::test

#define RINGPEER_TEST_ON_EVERY_BACKEND(fixture)                                   \
  INSTANTIATE_TEST_SUITE_P(Backends, fixture,                                     \
                           testing::ValuesIn(ringpeer::test::backend_variants()), \
                           ringpeer::test::variant_name)

#endif  // RINGPEER_TESTS_ENGINE_BACKEND_BACKEND_FIXTURE_H_
