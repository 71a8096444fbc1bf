#include "ringpeer/tools/arena/arena_protocol.h"

#include <cmath>
#include <limits>

namespace ringpeer::tools {
namespace {

// Sequence numbers and counts stay far from where arithmetic on them could overflow: at a
// million packets a second this lasts for 285 years.
constexpr std::int64_t kMaxCount = std::numeric_limits<std::int64_t>::max() / 1024;

// Reads dictionary[key] into *number when it is an int in [smallest, kMaxCount].
bool read_count(const Dictionary& dictionary, const char* key, std::int64_t smallest,
                std::int64_t* number) {
  const auto* value = dictionary[key].get_if<std::int64_t>();
  if (value == nullptr || *value < smallest || *value > kMaxCount) return false;
  *number = *value;
  return true;
}

bool read_time(const Dictionary& dictionary, std::int64_t* time) {
  const auto* value = dictionary["t"].get_if<std::int64_t>();
  if (value == nullptr) return false;
  *time = *value;
  return true;
}

}  // namespace

Variant to_variant(const ArenaInput& input) {
  Dictionary dictionary;
  dictionary["seq"] = input.sequence;
  dictionary["t"] = input.time;
  dictionary["move"] = input.move;
  if (input.leave) dictionary["leave"] = true;
  return dictionary;
}

std::optional<ArenaInput> input_from_variant(const Variant& value) {
  const auto* dictionary = value.get_if<Dictionary>();
  if (dictionary == nullptr) return std::nullopt;
  ArenaInput input;
  const auto* move = (*dictionary)["move"].get_if<Vector2>();
  if (!read_count(*dictionary, "seq", 0, &input.sequence) || !read_time(*dictionary, &input.time) ||
      move == nullptr || !std::isfinite(move->x) || !std::isfinite(move->y)) {
    return std::nullopt;
  }
  input.move = *move;
  input.leave = (*dictionary)["leave"].as_bool();
  return input;
}

Variant to_variant(const ArenaSnapshot& snapshot, std::span<const ArenaWorld::Player> neighbours) {
  PackedInt32Array ids;
  PackedVector2Array positions;
  ids.reserve(neighbours.size());
  positions.reserve(neighbours.size());
  for (const ArenaWorld::Player& neighbour : neighbours) {
    ids.push_back(static_cast<std::int32_t>(neighbour.id));
    positions.push_back(neighbour.position);
  }
  Dictionary dictionary;
  dictionary["tick"] = snapshot.tick;
  dictionary["seq"] = snapshot.sequence;
  dictionary["t"] = snapshot.time;
  dictionary["received"] = snapshot.received;
  dictionary["number"] = snapshot.number;
  dictionary["session"] = snapshot.session;
  dictionary["you"] = snapshot.position;
  dictionary["ids"] = std::move(ids);
  dictionary["positions"] = std::move(positions);
  if (snapshot.left) dictionary["left"] = true;
  return dictionary;
}

std::optional<ArenaSnapshot> snapshot_from_variant(const Variant& value) {
  const auto* dictionary = value.get_if<Dictionary>();
  if (dictionary == nullptr) return std::nullopt;
  ArenaSnapshot snapshot;
  const auto* position = (*dictionary)["you"].get_if<Vector2>();
  const auto* ids = (*dictionary)["ids"].get_if<PackedInt32Array>();
  const auto* positions = (*dictionary)["positions"].get_if<PackedVector2Array>();
  if (!read_count(*dictionary, "tick", 0, &snapshot.tick) ||
      !read_count(*dictionary, "seq", 0, &snapshot.sequence) ||
      !read_time(*dictionary, &snapshot.time) ||
      !read_count(*dictionary, "received", 0, &snapshot.received) ||
      !read_count(*dictionary, "number", 1, &snapshot.number) || position == nullptr ||
      ids == nullptr || positions == nullptr || ids->size() != positions->size()) {
    return std::nullopt;
  }
  // Stays 0 of a server that has no sessions.
  read_count(*dictionary, "session", 0, &snapshot.session);
  snapshot.position = *position;
  snapshot.left = (*dictionary)["left"].as_bool();
  return snapshot;
}

}  // namespace ringpeer::tools
