#ifndef RINGPEER_TOOLS_LOAD_VAR_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_VAR_PAYLOAD_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// The arena's inputs in Godot's wire format. A server may answer with the same value
// (echo) or with the arena's snapshots.
// Threads, lifetime and failure: as LoadPayload.
class VarPayload : public LoadPayload {
 public:
  // Without a size, inputs are as small as they come. With one they are as large at least:
  // a "padding" PackedByteArray fills them up, where there is room for its own head.
  explicit VarPayload(std::optional<std::size_t> size);

  std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) override;
  LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const override;
  std::unique_ptr<LoadPayload> clone() const override {
    return std::make_unique<VarPayload>(*this);
  }

 private:
  std::vector<std::uint8_t> packet_;
  std::optional<std::size_t> padding_;  // bytes in the PackedByteArray
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_VAR_PAYLOAD_H_
