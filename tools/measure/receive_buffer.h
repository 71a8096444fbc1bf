#ifndef RINGPEER_TOOLS_MEASURE_RECEIVE_BUFFER_H_
#define RINGPEER_TOOLS_MEASURE_RECEIVE_BUFFER_H_

#include <string>

namespace ringpeer::tools {

// What to do about a receive buffer that is smaller than it was asked for; an empty text when it is
// not. `granted` is what the kernel says that the socket has: it counts its own records, too, and
// so makes it twice what was asked for. Threads: any.
std::string complaint_about_receive_buffer(int asked, int granted);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_MEASURE_RECEIVE_BUFFER_H_
