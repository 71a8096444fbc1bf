#include "ringpeer/engine/server/server_views.h"

namespace ringpeer::internal {
namespace {

// What the packets that its peers have shown last may hold of the payload budget, all together.
constexpr std::size_t kViewsShareOfBudget = 4;

}  // namespace

ServerViews::ServerViews(std::size_t payload_budget, packet::PacketRelease& release)
    : limit_(payload_budget / kViewsShareOfBudget), release_(release) {}

void ServerViews::hold(packet::PacketBuffer* buffer, std::span<const std::uint8_t>* packet,
                       HeldView* view) {
  const bool is_empty = packet->empty();
  if (!is_empty && limit_.admit(buffer)) [[likely]] {
    view->hold_counted(buffer);
  } else if (is_empty || view->copy(packet)) {
    release_.add(buffer);
  } else {
    view->hold(buffer);  // no memory to be had: rather a little too much than not valid
  }
}

void ServerViews::let_go(HeldView* view) {
  stop_counting(view);
  view->let_go_to(&release_);
}

void ServerViews::stop_counting(HeldView* view) {
  if (const packet::PacketBuffer* buffer = view->take_counted()) limit_.let_go(buffer);
}

}  // namespace ringpeer::internal
