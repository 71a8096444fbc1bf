#include "ringpeer/tests/simulation/packet_filter.h"

#include <netinet/in.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "ringpeer/tests/simulation/failure.h"

namespace ringpeer::simulation {
namespace {

// The headers that a program can look at: IP's and UDP's.
struct Headers {
  std::array<std::uint8_t, 48> bytes{};
  std::size_t size = 0;

  Headers(const net::Endpoint& source, const net::Endpoint& destination) {
    if (source.address.is_ipv4()) {
      bytes[0] = 0x45;  // version 4, five words
      bytes[9] = IPPROTO_UDP;
      std::memcpy(&bytes[12], &source.address.bytes()[12], 4);
      std::memcpy(&bytes[16], &destination.address.bytes()[12], 4);
      size = 20;
    } else {
      bytes[0] = 0x60;
      bytes[6] = IPPROTO_UDP;
      std::memcpy(&bytes[8], source.address.bytes().data(), 16);
      std::memcpy(&bytes[24], destination.address.bytes().data(), 16);
      size = 40;
    }
    for (const std::uint16_t port : {source.port, destination.port}) {
      bytes[size++] = static_cast<std::uint8_t>(port >> 8);
      bytes[size++] = static_cast<std::uint8_t>(port);
    }
  }

  // Big endian; offsets are from the IP header (SKF_NET_OFF).
  std::uint32_t load(std::uint32_t offset, std::size_t width) const {
    const std::uint32_t at = offset - static_cast<std::uint32_t>(SKF_NET_OFF);
    check(at + width <= bytes.size(), "a filter reads beyond the headers");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes[at + i];
    return value;
  }
};

std::size_t width_of(std::uint16_t code) {
  switch (BPF_SIZE(code)) {
    case BPF_W:
      return 4;
    case BPF_H:
      return 2;
    default:
      return 1;
  }
}

std::uint32_t compute(std::uint16_t operation, std::uint32_t a, std::uint32_t operand) {
  switch (operation) {
    case BPF_ADD:
      return a + operand;
    case BPF_MUL:
      return a * operand;
    case BPF_MOD:
      return a % operand;
    case BPF_XOR:
      return a ^ operand;
    case BPF_LSH:
      return a << operand;
    case BPF_RSH:
      return a >> operand;
    default:
      fail("a filter has an operation that is not known here");
  }
}

struct Machine {
  const Headers& headers;
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> memory{};

  void load(const sock_filter& step) {
    switch (BPF_MODE(step.code)) {
      case BPF_ABS:
        a = headers.load(step.k, width_of(step.code));
        return;
      case BPF_IND:
        a = headers.load(step.k + x, width_of(step.code));
        return;
      case BPF_IMM:
        a = step.k;
        return;
      case BPF_MEM:
        a = memory.at(step.k);
        return;
      default:
        fail("a filter loads in a way that is not known here");
    }
  }
  void load_index(const sock_filter& step) {
    switch (BPF_MODE(step.code)) {
      case BPF_MSH:
        x = (headers.load(step.k, 1) & 0xf) * 4;
        return;
      case BPF_IMM:
        x = step.k;
        return;
      default:
        fail("a filter loads X in a way that is not known here");
    }
  }
};

}  // namespace

std::uint32_t run_filter(const std::vector<sock_filter>& program, const net::Endpoint& source,
                         const net::Endpoint& destination) {
  const Headers headers(source, destination);
  Machine machine{headers};
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    const std::uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
    switch (BPF_CLASS(step.code)) {
      case BPF_LD:
        machine.load(step);
        break;
      case BPF_LDX:
        machine.load_index(step);
        break;
      case BPF_ST:
        machine.memory.at(step.k) = machine.a;
        break;
      case BPF_ALU:
        machine.a = compute(BPF_OP(step.code), machine.a, operand);
        break;
      case BPF_JMP:
        if (BPF_OP(step.code) == BPF_JA) {
          at += step.k;
        } else {
          check(BPF_OP(step.code) == BPF_JEQ, "a filter has a jump that is not known here");
          at += machine.a == operand ? step.jt : step.jf;
        }
        break;
      case BPF_MISC:
        if (BPF_MISCOP(step.code) == BPF_TAX) {
          machine.x = machine.a;
        } else {
          machine.a = machine.x;
        }
        break;
      default:
        return BPF_RVAL(step.code) == BPF_A ? machine.a : step.k;
    }
  }
  fail("a filter runs beyond its end");
}

}  // namespace ringpeer::simulation
