// PacketPeerExtension: a transport of your own gets put_var and get_var.
#include "ringpeer/packet_peer_extension.h"

#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace ringpeer;  // NOLINT(google-build-using-namespace)

// example: transport
// Packets to oneself: what is put is got.
class LocalPeer final : public PacketPeerExtension {
  Error do_get_packet(std::span<const std::uint8_t>* packet) override {
    if (waiting_.empty()) return Error::ERR_UNAVAILABLE;
    last_ = std::move(waiting_.front());  // valid until the next call
    waiting_.pop_front();
    *packet = last_;
    return Error::OK;
  }
  Error do_put_packet(std::span<const std::uint8_t> packet) override {
    waiting_.emplace_back(packet.begin(), packet.end());
    return Error::OK;
  }
  int do_get_available_packet_count() const override { return static_cast<int>(waiting_.size()); }
  int do_get_max_packet_size() const override { return 1 << 20; }

  std::deque<std::vector<std::uint8_t>> waiting_;
  std::vector<std::uint8_t> last_;
};
// end

}  // namespace

int main() {
  LocalPeer peer;
  if (peer.put_var(Array{1, "two", 3.5}) != Error::OK) return 1;
  return peer.get_var().at(1) == Variant("two") ? 0 : 1;
}
