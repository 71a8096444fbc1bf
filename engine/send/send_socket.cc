#include "ringpeer/engine/send/send_socket.h"

namespace ringpeer::worker {

void SendSocket::tell(const SendItem& item, int error) const {
  if (!item.tells) return;
  if (errors_ != nullptr) {
    errors_->set(item.destination, error);
  } else if (ErrorLatch* latch = item.connected ? connected_latch_ : unconnected_latch_) {
    latch->set(error);
  }
}

}  // namespace ringpeer::worker
