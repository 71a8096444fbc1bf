#include "ringpeer/bench/rivals/raw_ring.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace ringpeer::bench {
namespace {

// Only arming ever submits, one entry at a time.
constexpr unsigned kSubmissionEntries = 4;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::string failed(const char* call) { return fmt::format("{}: {}", call, std::strerror(errno)); }

int register_with_ring(int ring, unsigned operation, const void* argument, unsigned count) {
  return static_cast<int>(syscall(__NR_io_uring_register, ring, operation, argument, count));
}

// The rings' fields are 32-bit words at byte offsets that the kernel tells.
unsigned* word(const Mapping& mapping, std::uint32_t offset) {
  return static_cast<unsigned*>(static_cast<void*>(mapping.data() + offset));
}

}  // namespace

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

bool Mapping::map(std::size_t size, int fd, std::uint64_t offset) {
  const int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, static_cast<off_t>(offset));
  if (memory == MAP_FAILED) return false;
  data_ = static_cast<std::byte*>(memory);
  size_ = size;
  if (fd < 0 && size >= kHugePage) madvise(memory, size, MADV_HUGEPAGE);
  return true;
}

RawReceiveRing::~RawReceiveRing() {
  // The ring's end cancels the multishot, which would otherwise hold the port.
  if (fd_ >= 0) close(fd_);
}

std::string RawReceiveRing::open(int socket, const RawRingOptions& options) {
  options_ = options;
  message_.msg_namelen = sizeof(sockaddr_in6);
  message_.msg_controllen = options.control_bytes;
  if (std::string error = set_up(); !error.empty()) return error;
  if (std::string error = register_socket(socket); !error.empty()) return error;
  if (std::string error = register_buffers(); !error.empty()) return error;
  arm();
  return "";
}

std::string RawReceiveRing::set_up() {
  const std::size_t smallest = sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_in6) + 32;
  const std::size_t in_flight = options_.buffers * (options_.buffer_bytes / smallest);
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  // More completions than this cannot be waiting; 16,384 keeps the ring's memory small,
  // and the socket's buffer holds fewer packets anyway.
  parameters.cq_entries =
      static_cast<std::uint32_t>(std::min<std::size_t>(std::bit_ceil(2 * in_flight), 16384));
  fd_ = static_cast<int>(syscall(__NR_io_uring_setup, kSubmissionEntries, &parameters));
  if (fd_ < 0) return failed("io_uring_setup");
  if ((parameters.features & kFeatureMinTimeout) == 0 && options_.min_wait_usec != 0) {
    return "the floor needs io_uring_enter's min_wait_usec: Linux 6.12 or newer";
  }
  return map_rings(parameters);
}

std::string RawReceiveRing::map_rings(const io_uring_params& parameters) {
  const std::size_t submission_bytes =
      parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
  const std::size_t completion_bytes =
      parameters.cq_off.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
  if (!rings_.map(std::max(submission_bytes, completion_bytes), fd_, IORING_OFF_SQ_RING) ||
      !entries_.map(parameters.sq_entries * sizeof(io_uring_sqe), fd_, IORING_OFF_SQES)) {
    return failed("mmap of the rings");
  }
  submission_tail_ = word(rings_, parameters.sq_off.tail);
  submission_mask_ = *word(rings_, parameters.sq_off.ring_mask);
  submission_array_ = word(rings_, parameters.sq_off.array);
  completion_head_ = word(rings_, parameters.cq_off.head);
  completion_tail_ = word(rings_, parameters.cq_off.tail);
  completion_mask_ = *word(rings_, parameters.cq_off.ring_mask);
  completions_ =
      static_cast<io_uring_cqe*>(static_cast<void*>(rings_.data() + parameters.cq_off.cqes));
  return "";
}

std::string RawReceiveRing::register_socket(int socket) {
  const std::int32_t files[] = {socket};
  if (register_with_ring(fd_, IORING_REGISTER_FILES, files, 1) != 0) {
    return failed("IORING_REGISTER_FILES");
  }
  return "";
}

std::string RawReceiveRing::register_buffers() {
  if (!buffers_.map(options_.buffers * options_.buffer_bytes, -1, 0) ||
      !buffer_ring_.map(options_.buffers * sizeof(io_uring_buf), -1, 0)) {
    return failed("mmap of the buffers");
  }
  consumed_.resize(options_.buffers);
  BufferRingRegistration registration;
  registration.ring_address = reinterpret_cast<std::uint64_t>(buffer_ring_.data());
  registration.ring_entries = options_.buffers;
  registration.group = kGroup;
  registration.flags = kBufferRingIncremental;
  registration.min_left =
      static_cast<std::uint32_t>(options_.largest_datagram + sizeof(io_uring_recvmsg_out) +
                                 message_.msg_namelen + message_.msg_controllen);
  incremental_ = register_with_ring(fd_, IORING_REGISTER_PBUF_RING, &registration, 1) == 0;
  if (!incremental_) {
    registration.flags = 0;
    registration.min_left = 0;
    if (register_with_ring(fd_, IORING_REGISTER_PBUF_RING, &registration, 1) != 0) {
      return failed("IORING_REGISTER_PBUF_RING");
    }
  }
  for (unsigned i = 0; i < options_.buffers; ++i) give_back(static_cast<std::uint16_t>(i));
  publish_buffers();
  return "";
}

void RawReceiveRing::give_back(std::uint16_t index) {
  auto* ring = static_cast<io_uring_buf*>(static_cast<void*>(buffer_ring_.data()));
  io_uring_buf& entry = ring[buffer_tail_ & (options_.buffers - 1)];
  entry.addr = reinterpret_cast<std::uint64_t>(buffer(index));
  entry.len = static_cast<std::uint32_t>(options_.buffer_bytes);
  entry.bid = index;
  consumed_[index] = 0;
  ++buffer_tail_;
}

void RawReceiveRing::publish_buffers() {
  auto* ring = static_cast<io_uring_buf*>(static_cast<void*>(buffer_ring_.data()));
  // The ring's tail lies where the first entry's reserved field is.
  std::atomic_ref(ring[0].resv).store(buffer_tail_, std::memory_order_release);
}

void RawReceiveRing::arm() {
  const unsigned tail = *submission_tail_;
  const unsigned index = tail & submission_mask_;
  auto* entries = static_cast<io_uring_sqe*>(static_cast<void*>(entries_.data()));
  io_uring_sqe& entry = entries[index];
  entry = {};
  entry.opcode = IORING_OP_RECVMSG;
  entry.flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  entry.ioprio = IORING_RECV_MULTISHOT;
  entry.fd = 0;  // of the registered files
  entry.addr = reinterpret_cast<std::uint64_t>(&message_);
  entry.len = 1;
  entry.buf_group = kGroup;
  submission_array_[index] = index;
  std::atomic_ref(*submission_tail_).store(tail + 1, std::memory_order_release);
  armed_ = enter(1, 0, 0, 1) >= 0;
}

int RawReceiveRing::enter(unsigned submit, unsigned min_complete, unsigned min_wait_usec,
                          std::uint64_t timeout_ns) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000);
  timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
  GetEventsArgument argument;
  argument.min_wait_usec = min_wait_usec;
  argument.timeout = reinterpret_cast<std::uint64_t>(&timeout);
  const unsigned flags = IORING_ENTER_EXT_ARG | (submit == 0 ? IORING_ENTER_GETEVENTS : 0U);
  return static_cast<int>(
      syscall(__NR_io_uring_enter, fd_, submit, min_complete, flags, &argument, sizeof(argument)));
}

void RawReceiveRing::wait(std::uint64_t timeout_ns) {
  if (!armed_) arm();
  enter(0, options_.min_complete, options_.min_wait_usec, timeout_ns);
}

void RawReceiveRing::poll() {
  if (!armed_) arm();
  // More than can ever complete and no time: the kernel does all work that it has,
  // where a minimum of 0 or 1 stops after 33 packets.
  constexpr unsigned kAll = 65536;
  enter(0, kAll, 0, 1);
}

}  // namespace ringpeer::bench
