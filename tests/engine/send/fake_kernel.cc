#include "ringpeer/tests/engine/send/fake_kernel.h"

#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103  // linux/udp.h, since Linux 4.18
#endif

namespace ringpeer::test {
namespace {

FakeKernel* present = nullptr;

std::uint16_t segment_size_of(const msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&message), c)) {
    if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_SEGMENT) continue;
    std::uint16_t size = 0;
    std::memcpy(&size, CMSG_DATA(c), sizeof(size));
    return size;
  }
  return 0;
}

bool has_source(const msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(const_cast<msghdr*>(&message), c)) {
    if (c->cmsg_level != IPPROTO_UDP) return true;
  }
  return false;
}

std::vector<std::uint8_t> joined(const msghdr& message) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
    const auto* part = static_cast<const std::uint8_t*>(message.msg_iov[i].iov_base);
    bytes.insert(bytes.end(), part, part + message.msg_iov[i].iov_len);
  }
  return bytes;
}

}  // namespace

const worker::SendCalls FakeKernel::kCalls{&FakeKernel::send_batch, &FakeKernel::has_port};

FakeKernel::FakeKernel() { present = this; }
FakeKernel::~FakeKernel() { present = nullptr; }

bool FakeKernel::has_port(int descriptor) { return !present->without_port.contains(descriptor); }

int FakeKernel::send_batch(int descriptor, std::span<mmsghdr> messages) {
  return present->send(descriptor, messages);
}

int FakeKernel::send(int descriptor, std::span<const mmsghdr> messages) {
  ++calls;
  if (closed.contains(descriptor)) ++calls_on_closed;
  if (auto& errors = once[descriptor]; !errors.empty()) {
    const int error = errors.back();
    errors.pop_back();
    return -error;
  }
  if (full.contains(descriptor) || without_port.contains(descriptor)) return -EAGAIN;
  if (most_a_call) messages = messages.first(std::min<std::size_t>(messages.size(), most_a_call()));
  int taken = 0;
  for (const mmsghdr& message : messages) {
    const int error = take(descriptor, message.msg_hdr);
    if (error != 0) return taken > 0 ? taken : -error;
    ++taken;
  }
  return taken > 0 ? taken : -EAGAIN;
}

int FakeKernel::take(int descriptor, const msghdr& message) {
  SentPacket packet{descriptor, {}, has_source(message), false, {}};
  if (message.msg_name != nullptr) {
    packet.destination = net::endpoint_from_socket_address(message.msg_name);
  }
  if (forbidden.contains(packet.destination.port)) return EACCES;
  const std::vector<std::uint8_t> bytes = joined(message);
  const std::uint16_t segment = segment_size_of(message);
  if (segment == 0) {
    packet.payload = bytes;
    sent.push_back(packet);
    return 0;
  }
  if (narrow.contains(packet.destination.port)) {
    ++trains_refused;
    return EINVAL;
  }
  packet.in_train = true;
  for (std::size_t begin = 0; begin < bytes.size(); begin += segment) {
    const std::size_t end = std::min(bytes.size(), begin + segment);
    packet.payload.assign(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                          bytes.begin() + static_cast<std::ptrdiff_t>(end));
    sent.push_back(packet);
  }
  return 0;
}

}  // namespace ringpeer::test
