#include "ringpeer/engine/net/steering.h"

#include <netinet/in.h>

#include <span>

#include "ringpeer/engine/net/secret.h"

namespace ringpeer::net {
namespace {

// Offsets from the IP header, which is where it is whatever the program is attached to; the UDP
// header is not.
constexpr std::uint32_t kHeader = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t kIpv4Source = kHeader + 12;
constexpr std::uint32_t kIpv6NextHeader = kHeader + 6;
constexpr std::uint32_t kIpv6Source = kHeader + 8;
constexpr std::uint32_t kIpv6HeaderSize = 40;
constexpr std::size_t kIpv6Words = 4;
// Extension headers that a packet may have in front of UDP's: more than hosts send. Beyond them
// nobody knows the port, so that a forged packet would choose the worker.
constexpr int kMaxExtensionHeaders = 4;

// Odd and without a pattern: each bit of a hash comes to bear on those that choose.
constexpr std::array<std::uint32_t, 2> kMixers = {0x9e3779b1, 0x85157af5};
constexpr std::uint32_t kKeepAll = UINT32_MAX;

// Places of the program's memory.
constexpr std::uint32_t kNextHeader = 0;
constexpr std::uint32_t kSizeOfHeader = 1;

// The hash goes from word to word in X.
struct Program {
  void add(int code, std::uint32_t operand, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    steps.push_back({static_cast<std::uint16_t>(code), if_true, if_false, operand});
  }
  void append(const FilterProgram& more) { steps.insert(steps.end(), more.begin(), more.end()); }

  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  // The offset of a header is in X, what it is in memory. Unless it is UDP's, on to the next;
  // what is no extension header ends the program with 0: the first socket, which drops it.
  void pass_extension_header() {
    add(BPF_LD | BPF_MEM, kNextHeader);
    add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 16, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_FRAGMENT, 8, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, 3, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, 2, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ROUTING, 1, 0);
    add(BPF_RET | BPF_K, 0);
    add(BPF_LD | BPF_B | BPF_IND, kHeader + 1);  // its size, in 8 bytes beyond the first 8
    add(BPF_ALU | BPF_ADD | BPF_K, 1);
    add(BPF_ALU | BPF_LSH | BPF_K, 3);
    add(BPF_JMP | BPF_JA, 1);
    add(BPF_LD | BPF_IMM, 8);  // a fragment's
    add(BPF_ST, kSizeOfHeader);
    add(BPF_LD | BPF_B | BPF_IND, kHeader);
    add(BPF_ST, kNextHeader);
    add(BPF_LD | BPF_MEM, kSizeOfHeader);
    add(BPF_ALU | BPF_ADD | BPF_X, 0);
    add(BPF_MISC | BPF_TAX, 0);
  }
  // A is the next word of the sender.
  void take_word(std::uint32_t factor) {
    add(BPF_ALU | BPF_XOR | BPF_X, 0);
    multiply(factor);
  }
  void multiply(std::uint32_t factor) {
    add(BPF_ALU | BPF_MUL | BPF_K, factor);
    add(BPF_MISC | BPF_TAX, 0);
    add(BPF_ALU | BPF_RSH | BPF_K, 16);
    add(BPF_ALU | BPF_XOR | BPF_X, 0);
    add(BPF_MISC | BPF_TAX, 0);
  }

  FilterProgram steps;
};

}  // namespace

Steering::Steering(std::size_t sockets) : sockets_(static_cast<std::uint32_t>(sockets)) {
  draw_secret(std::as_writable_bytes(std::span(&start_, 1)));
  draw_secret(std::as_writable_bytes(std::span(factors_)));
  for (std::uint32_t& factor : factors_) factor |= 1;  // an even one would forget bits
}

FilterProgram Steering::choice() const { return choice_with({BPF_STMT(BPF_RET | BPF_A, 0)}); }

FilterProgram Steering::filter_of(std::size_t socket) const {
  return choice_with({BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(socket), 0, 1),
                      BPF_STMT(BPF_RET | BPF_K, kKeepAll), BPF_STMT(BPF_RET | BPF_K, 0)});
}

FilterProgram Steering::choice_with(const FilterProgram& ending) const {
  Program end;
  for (const std::uint32_t mixer : kMixers) end.multiply(mixer);
  end.add(BPF_ALU | BPF_MOD | BPF_K, sockets_);
  end.append(ending);

  Program ipv6;
  ipv6.add(BPF_LD | BPF_B | BPF_ABS, kIpv6NextHeader);
  ipv6.add(BPF_ST, kNextHeader);
  ipv6.add(BPF_LDX | BPF_IMM, kIpv6HeaderSize);
  for (int i = 0; i < kMaxExtensionHeaders; ++i) ipv6.pass_extension_header();
  ipv6.add(BPF_LD | BPF_MEM, kNextHeader);
  ipv6.add(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 1, 0);
  ipv6.add(BPF_RET | BPF_K, 0);
  ipv6.add(BPF_LD | BPF_H | BPF_IND, kHeader);
  ipv6.add(BPF_LDX | BPF_IMM, start_);
  ipv6.take_word(factors_[0]);
  for (std::uint32_t i = 0; i < kIpv6Words; ++i) {
    ipv6.load(kIpv6Source + 4 * i);
    ipv6.take_word(factors_[1 + i]);
  }
  ipv6.append(end.steps);

  Program ipv4;
  ipv4.add(BPF_LDX | BPF_B | BPF_MSH, kHeader);  // its length
  ipv4.add(BPF_LD | BPF_H | BPF_IND, kHeader);
  ipv4.add(BPF_LDX | BPF_IMM, start_);
  ipv4.take_word(factors_[0]);
  ipv4.load(kIpv4Source);
  ipv4.take_word(factors_[1]);
  ipv4.append(end.steps);

  // A dual-stack socket gets both.
  Program whole;
  whole.add(BPF_LD | BPF_B | BPF_ABS, kHeader);
  whole.add(BPF_ALU | BPF_RSH | BPF_K, 4);
  whole.add(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, static_cast<std::uint8_t>(ipv4.steps.size()));
  whole.append(ipv4.steps);
  whole.append(ipv6.steps);
  return whole.steps;
}

}  // namespace ringpeer::net
