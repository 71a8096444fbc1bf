#ifndef RINGPEER_TOOLS_LOAD_RECORDED_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_RECORDED_PAYLOAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/varying_field.h"

namespace ringpeer::tools {

// Packets that were recorded, one after another and again from the first, with fields of their
// own. Replies are told apart where there is a field of the sequence and one of the time; one that
// has both of a packet and other bytes besides is that packet, corrupted. Threads, lifetime and
// failure: as LoadPayload.
class RecordedPayload : public LoadPayload {
 public:
  // `packets` are one at least; `fields` have passed check_varying_fields().
  RecordedPayload(std::vector<std::vector<std::uint8_t>> packets, std::vector<VaryingField> fields,
                  std::uint64_t seed);

  std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) override;
  LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const override;
  std::optional<std::uint64_t> digest() const override;
  std::unique_ptr<LoadPayload> clone() const override {
    return std::make_unique<RecordedPayload>(*this);
  }
  // Whether an echo can be told from another packet, and its time be known: both fields have
  // 8 bytes in every packet.
  bool identifies_echoes() const { return echo_fields_.has_value(); }

 private:
  using Packets = std::vector<std::vector<std::uint8_t>>;

  std::shared_ptr<const Packets> packets_;  // of all clones
  std::vector<VaryingField> fields_;
  std::uint64_t seed_;
  std::optional<EchoFields> echo_fields_;
  std::vector<std::uint8_t> packet_;
  // What a reply is held against; of read(), which is const to its callers.
  mutable std::vector<std::uint8_t> expected_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_RECORDED_PAYLOAD_H_
