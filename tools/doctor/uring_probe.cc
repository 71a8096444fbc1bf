#include "ringpeer/tools/doctor/uring_probe.h"

#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>

#include "ringpeer/engine/backend/uring.h"
#include "ringpeer/engine/backend/uring_abi.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/engine/net/socket.h"

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

void fail(std::string_view step, int error, UringFacts* facts) {
  facts->error = error == 0 ? EIO : error;
  const std::size_t size = std::min(step.size(), UringFacts::kMaxStep - 1);
  std::copy_n(step.begin(), size, facts->step.begin());
  facts->step[size] = '\0';
}

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

// A socket of loopback, of whichever family there is.
int open_loopback(net::Socket* socket) {
  const int error = socket->open(net::SocketFamily::kIpv4);
  if (error == 0) return socket->bind({net::IpAddress::parse("127.0.0.1").value(), 0});
  const int other = socket->open(net::SocketFamily::kIpv6);
  return other != 0 ? error : socket->bind({net::IpAddress::parse("::1").value(), 0});
}

int send_datagrams(const net::Socket& receiver) {
  const std::optional<net::Endpoint> to = receiver.local_endpoint();
  net::Socket sender;
  if (!to) return ENOTCONN;
  if (const int error = open_loopback(&sender); error != 0) return error;
  if (const int error = sender.connect(*to); error != 0) return error;
  constexpr std::array<std::uint8_t, 4> kPayload = {'p', 'i', 'n', 'g'};
  for (int i = 0; i < kDatagrams; ++i) {
    if (const int error = sender.send(kPayload); error != 0) return error;
  }
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

void try_multishot(backend::Uring* uring, UringFacts* facts) {
  net::Socket socket;
  if (const int error = open_loopback(&socket); error != 0) {
    return fail("a UDP socket of loopback", error, facts);
  }
  io_uring_sqe* const request = uring->next_request();
  if (request == nullptr) return fail("a request to io_uring", EAGAIN, facts);
  msghdr shape{};
  shape.msg_namelen = sizeof(sockaddr_in6);
  io_uring_prep_recvmsg_multishot(request, socket.descriptor(), &shape, 0);
  request->flags |= IOSQE_BUFFER_SELECT;
  request->buf_group = kGroup;
  if (const int error = send_datagrams(socket); error != 0) {
    return fail("a datagram over loopback", error, facts);
  }
  const int received = receive(uring);
  if (received < kDatagrams) {
    fail("a multishot receive into registered buffers", received < 0 ? -received : ETIME, facts);
  }
}

// The child's last words, and its end.
[[noreturn]] void tell(int pipe, const UringFacts& facts) {
  // Less than PIPE_BUF: in one piece, or not at all.
  const bool is_told = ::write(pipe, &facts, sizeof(facts)) == sizeof(facts);
  ::_exit(is_told ? 0 : 1);
}

}  // namespace

UringFacts try_uring() {
  UringFacts facts;
  facts.was_tried = true;
  const SharedPages pages;
  backend::Uring uring;
  backend::BackendFailure failure;
  if (!pages.is_there()) {
    fail("mmap of the packet buffers", ENOMEM, &facts);
  } else if (!uring.create(&failure)) {
    fail(failure.what, failure.error, &facts);
  } else if (const int enabled = uring.enable(); enabled != 0) {
    fail("io_uring_register", enabled, &facts);
  } else if (const int entered = uring.try_out(); entered != 0) {
    fail("io_uring_enter", entered, &facts);
  } else if (const int buffers = register_buffers(uring, pages, &facts); buffers != 0) {
    fail("io_uring_register of the packet buffers", buffers, &facts);
  } else {
    facts.has_min_wait = uring.has_min_wait();
    try_multishot(&uring, &facts);
  }
  return facts;
}

UringFacts probe_uring() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) tell(ends[1], try_uring());
  ::close(ends[1]);
  UringFacts facts;
  if (child > 0) {
    UringFacts told;
    ssize_t size = 0;
    do {
      size = ::read(ends[0], &told, sizeof(told));
    } while (size < 0 && errno == EINTR);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (size == static_cast<ssize_t>(sizeof(told))) facts = told;
    if (WIFSIGNALED(status)) {
      facts.was_tried = true;
      facts.signal = WTERMSIG(status);
    }
  }
  ::close(ends[0]);
  return facts;
}

}  // namespace ringpeer::tools
