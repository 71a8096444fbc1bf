#ifndef RINGPEER_TOOLS_COMMAND_DESCRIPTOR_LIMIT_H_
#define RINGPEER_TOOLS_COMMAND_DESCRIPTOR_LIMIT_H_

#include <cstdint>
#include <string>

namespace ringpeer::tools {

// Raises this process's limit of open files, where that is needed and allowed, for as many clients
// with a socket each. False with words that say what to do when it is not to be had.
// Threads: one.
bool allow_descriptors_for(std::uint32_t clients, std::string* error);

// The same for `clients` that there will be, and as many more, up to `most` in all, as this user
// may have: whoever can do with fewer is not turned away.
bool allow_descriptors_for(std::uint32_t clients, std::uint32_t most, std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_DESCRIPTOR_LIMIT_H_
