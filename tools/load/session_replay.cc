#include "ringpeer/tools/load/session_replay.h"

#include <algorithm>
#include <utility>

namespace ringpeer::tools {
namespace {

// Of packets that were recorded at one time: a rate without end cannot be replayed.
constexpr std::chrono::microseconds kLeastDistance{1};

std::chrono::nanoseconds period_of(const SessionRecording& recording) {
  const auto packets = static_cast<std::int64_t>(recording.sent().size());
  const std::chrono::nanoseconds span = recording.duration();
  const auto pause = packets > 1 ? span / (packets - 1) : std::chrono::seconds(1);
  return std::max<std::chrono::nanoseconds>(span + pause, kLeastDistance * packets);
}

}  // namespace

SessionReplay::SessionReplay(const SessionRecording* recording, std::vector<VaryingField> fields,
                             std::uint32_t clients, std::uint64_t seed)
    : recording_(recording),
      fields_(std::move(fields)),
      clients_(std::max<std::uint32_t>(clients, 1)),
      seed_(seed),
      period_(period_of(*recording)),
      answers_to_(recording->sent().size()) {
  const std::vector<RecordedPacket>& sent = recording->sent();
  for (const RecordedPacket& answer : recording->answers()) {
    // A server goes on sending to a client that has fallen silent.
    if (answer.offset >= sent.front().offset + period_) break;
    // The last that was sent before it; recorded at one time, an answer follows.
    const auto next = std::upper_bound(
        sent.begin(), sent.end(), answer.offset,
        [](std::chrono::nanoseconds offset, const auto& packet) { return offset < packet.offset; });
    if (next != sent.begin()) ++answers_to_[static_cast<std::size_t>(next - sent.begin() - 1)];
  }
}

std::chrono::nanoseconds SessionReplay::start(std::uint32_t client) const {
  const auto spread = std::min<std::chrono::nanoseconds>(period_, kMaxSpread);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(spread.count()) *
                                                            (client % clients_) / clients_));
}

std::chrono::nanoseconds SessionReplay::offset(std::uint64_t index) const {
  const std::vector<RecordedPacket>& sent = recording_->sent();
  const auto round = static_cast<std::int64_t>(index / sent.size());
  return period_ * round + sent[index % sent.size()].offset - sent.front().offset;
}

std::uint64_t SessionReplay::first_at(std::chrono::nanoseconds offset) const {
  if (offset.count() <= 0) return 0;
  const std::vector<RecordedPacket>& sent = recording_->sent();
  const std::chrono::nanoseconds in_round = offset % period_ + sent.front().offset;
  const auto found = std::ranges::lower_bound(sent, in_round, {}, &RecordedPacket::offset);
  return static_cast<std::uint64_t>(offset / period_) * sent.size() +
         static_cast<std::uint64_t>(found - sent.begin());
}

std::span<const std::uint8_t> SessionReplay::packet(const LoadStamp& stamp) {
  const std::vector<RecordedPacket>& sent = recording_->sent();
  const auto payload = recording_->payload(sent[stamp.index % sent.size()]);
  packet_.assign(payload.begin(), payload.end());
  write_fields(fields_, stamp, seed_, packet_);
  return packet_;
}

bool SessionReplay::is_echo(std::span<const std::uint8_t> reply, const LoadStamp& stamp) {
  return std::ranges::equal(packet(stamp), reply);
}

std::size_t SessionReplay::answers_to(std::uint64_t index) const {
  return answers_to_[index % answers_to_.size()];
}

double SessionReplay::packets_per_second() const {
  return static_cast<double>(clients_) * static_cast<double>(packets()) /
         std::chrono::duration<double>(period_).count();
}

std::vector<std::size_t> SessionReplay::useless_fields() const {
  std::size_t largest = 0;
  for (const RecordedPacket& packet : recording_->sent()) largest = std::max(largest, packet.size);
  std::vector<std::size_t> useless;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].place + fields_[i].width > largest) useless.push_back(i);
  }
  return useless;
}

}  // namespace ringpeer::tools
