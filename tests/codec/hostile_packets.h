#ifndef RINGPEER_TESTS_CODEC_HOSTILE_PACKETS_H_
#define RINGPEER_TESTS_CODEC_HOSTILE_PACKETS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace ringpeer {

struct HostilePacket {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

// Datagrams of the largest size in the shapes that cost a decoder most: many values
// with little on the wire, keys that collide, and deep nesting.
std::vector<HostilePacket> hostile_packets();

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_CODEC_HOSTILE_PACKETS_H_
