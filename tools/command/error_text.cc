#include "ringpeer/tools/command/error_text.h"

#include <cstring>

namespace ringpeer::tools {

std::string error_number_name(int number) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
  if (const char* const name = ::strerrorname_np(number)) return name;
#endif
  return "errno " + std::to_string(number);
}

}  // namespace ringpeer::tools
