#include "ringpeer/tools/measure/receive_buffer.h"

#include <fmt/format.h>

namespace ringpeer::tools {

std::string complaint_about_receive_buffer(int asked, int granted) {
  if (granted / 2 >= asked) return "";
  return fmt::format(
      "the kernel grants a receive buffer of {} bytes of {}: run as root, or raise the limit "
      "(sysctl net.core.rmem_max={}).",
      granted / 2, asked, asked);
}

}  // namespace ringpeer::tools
