#ifndef RINGPEER_TOOLS_LOAD_HEX_LINES_H_
#define RINGPEER_TOOLS_LOAD_HEX_LINES_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace ringpeer::tools {

// Packets as lines of hexadecimal digits. Blanks between bytes, empty lines and what follows a '#'
// are left out; "-" is a packet without a byte. Lines may end as on any system.
//
// Threads: one.
inline constexpr std::size_t kMaxHexPackets = 1'000'000;
// Of all packets together.
inline constexpr std::size_t kMaxHexBytes = std::size_t{256} << 20;

// False, with the line and what is wrong with it in *error.
bool read_hex_lines(std::istream& input, std::vector<std::vector<std::uint8_t>>* packets,
                    std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_HEX_LINES_H_
