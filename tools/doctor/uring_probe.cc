#include "ringpeer/tools/doctor/uring_probe.h"

#include <liburing.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ringpeer/engine/backend/uring.h"
#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/doctor/trial_process.h"
#include "ringpeer/tools/doctor/udp_probe.h"

namespace ringpeer::tools {
namespace {

constexpr std::size_t kBuffers = 4;
constexpr std::size_t kBufferSize = 4096;
constexpr std::uint32_t kMinLeft = 1024;
constexpr std::size_t kRingMemory = 4096;  // of the buffers' ring: page-aligned, as it has to be
constexpr std::uint16_t kGroup = 1;
constexpr int kDatagrams = 2;  // the second shows that the first did not end the receive
constexpr std::chrono::milliseconds kPatience{200};
constexpr int kTries = 4;

// Memory that the kernel shares, until the ring is closed: so it is made before the ring.
class SharedPages {
 public:
  SharedPages()
      : data_(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~SharedPages() {
    if (is_there()) ::munmap(data_, kSize);
  }
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;

  bool is_there() const { return data_ != MAP_FAILED; }
  io_uring_buf_ring* ring() const { return static_cast<io_uring_buf_ring*>(data_); }
  unsigned char* buffer(std::size_t index) const {
    return static_cast<unsigned char*>(data_) + kRingMemory + index * kBufferSize;
  }

 private:
  static constexpr std::size_t kSize = kRingMemory + kBuffers * kBufferSize;
  void* const data_;
};

// As the engine asks: incremental buffers that are retired with little left, else plain ones.
int register_buffers(const backend::Uring& uring, const SharedPages& pages, UringFacts* facts) {
  io_uring_buf_ring_init(pages.ring());
  backend::abi::BufferRingRegistration registration{};
  registration.ring_address = reinterpret_cast<std::uint64_t>(pages.ring());
  registration.ring_entries = kBuffers;
  registration.group = kGroup;
  registration.flags = backend::abi::kBufferRingIncremental;
  registration.min_left = kMinLeft;
  int error = backend::abi::register_buffer_ring(uring.descriptor(), registration);
  facts->has_incremental_buffers = error == 0;
  if (error == EINVAL) {
    registration.flags = 0;
    registration.min_left = 0;
    error = backend::abi::register_buffer_ring(uring.descriptor(), registration);
  }
  if (error != 0) return error;
  for (std::size_t i = 0; i < kBuffers; ++i) {
    io_uring_buf_ring_add(pages.ring(), pages.buffer(i), kBufferSize,
                          static_cast<unsigned short>(i), io_uring_buf_ring_mask(kBuffers),
                          static_cast<int>(i));
  }
  io_uring_buf_ring_advance(pages.ring(), static_cast<int>(kBuffers));
  return 0;
}

// How many completions brought a datagram in a buffer, with more to come; or -errno.
int receive(backend::Uring* uring) {
  int received = 0;
  for (int i = 0; i < kTries && received < kDatagrams; ++i) {
    uring->enter(static_cast<unsigned>(kDatagrams - received), std::chrono::microseconds(0),
                 kPatience);
    if (uring->failure().error != 0) return -uring->failure().error;
    for (auto batch = uring->completions(kDatagrams); !batch.run.empty();
         batch = uring->completions(kDatagrams)) {
      for (const io_uring_cqe& completion : batch.run) {
        if (completion.res < 0) return completion.res;
        constexpr unsigned kWanted = IORING_CQE_F_BUFFER | IORING_CQE_F_MORE;
        if ((completion.flags & kWanted) != kWanted) return -EOPNOTSUPP;
        ++received;
      }
      uring->pop(batch.run.size());
    }
  }
  return received;
}

// The steps that are no matter of io_uring.
bool open_and_send(net::Socket* socket, UringFacts* facts) {
  facts->begin("a UDP socket of loopback");
  if (!facts->end(open_loopback(socket))) return false;
  facts->begin("a datagram over loopback");
  return facts->end(send_over_loopback(*socket, kDatagrams));
}

void try_multishot(backend::Uring* uring, UringFacts* facts) {
  net::Socket socket;
  facts->is_of_socket = true;
  if (!open_and_send(&socket, facts)) return;
  facts->is_of_socket = false;
  facts->begin("a request to io_uring");
  io_uring_sqe* const request = uring->next_request();
  if (!facts->end(request == nullptr ? EAGAIN : 0)) return;
  facts->begin("a multishot receive into registered buffers");
  msghdr shape{};
  shape.msg_namelen = sizeof(sockaddr_in6);
  io_uring_prep_recvmsg_multishot(request, socket.descriptor(), &shape, 0);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = kGroup;
  const int received = receive(uring);
  facts->end(received < 0 ? -received : received < kDatagrams ? ETIME : 0);
}

// Whatever becomes of it; each step is known before it is taken.
void try_steps(UringFacts* facts) {
  const SharedPages pages;
  backend::Uring uring;
  backend::BackendFailure failure;
  facts->begin("mmap of the packet buffers");
  if (!facts->end(pages.is_there() ? 0 : ENOMEM)) return;
  facts->begin("io_uring_setup");
  if (!uring.create(&failure)) {
    facts->begin(failure.what);
    facts->end(failure.error == 0 ? EIO : failure.error);
    return;
  }
  facts->begin("io_uring_register");
  if (!facts->end(uring.enable())) return;
  facts->begin("io_uring_enter");
  if (!facts->end(uring.try_out())) return;
  facts->begin("io_uring_register of the packet buffers");
  if (!facts->end(register_buffers(uring, pages, facts))) return;
  facts->has_min_wait = uring.has_min_wait();
  try_multishot(&uring, facts);
}

}  // namespace

void try_uring(UringFacts* facts) {
  facts->was_tried = true;
  try_steps(facts);
  if (facts->error == 0) facts->begin("");
}

UringFacts probe_uring() {
  auto [end, facts] = try_apart<UringFacts>(try_uring);
  facts.signal = end.signal;
  return facts;
}

}  // namespace ringpeer::tools
