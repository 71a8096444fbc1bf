#ifndef RINGPEER_TOOLS_LOAD_RAW_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_RAW_PAYLOAD_H_

#include <cstddef>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// Packets of plain bytes: a mark, the client, the sequence number and the time when it
// was due (little-endian), then a pattern that depends on the sequence number, so that a reply
// with another packet's bytes in it is noticed.
// Threads, lifetime and failure: as LoadPayload.
class RawPayload : public LoadPayload {
 public:
  // `size` is kSmallestRawPacket at least.
  explicit RawPayload(std::size_t size) : packet_(size) {}

  std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) override;
  LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const override;
  std::unique_ptr<LoadPayload> clone() const override {
    return std::make_unique<RawPayload>(*this);
  }

 private:
  std::vector<std::uint8_t> packet_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_RAW_PAYLOAD_H_
