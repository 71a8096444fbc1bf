#ifndef RINGPEER_TOOLS_ARENA_ARENA_PROTOCOL_H_
#define RINGPEER_TOOLS_ARENA_ARENA_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <span>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tools/arena/arena_world.h"

namespace ringpeer::tools {

// What the arena's clients and its server say to each other: Dictionaries in Godot's wire
// format, so that a Godot project can play with put_var and get_var.
//
// Threads: any; plain values. Failure: what is no message gives nothing.

// client -> server: {"seq": int, "t": int, "move": Vector2}, and "leave": true at the end.
struct ArenaInput {
  std::int64_t sequence = 0;  // counts this client's inputs from 0
  std::int64_t time = 0;      // the client's own clock, given back as it is
  Vector2 move;
  bool leave = false;
};

Variant to_variant(const ArenaInput& input);
// Nothing when `value` is no input: another shape, a negative sequence, a move that is not
// finite. Members that are not known are ignored.
std::optional<ArenaInput> input_from_variant(const Variant& value);

// server -> client, once a tick: {"tick": int, "seq": int, "t": int, "received": int,
// "number": int, "session": int, "you": Vector2, "ids": PackedInt32Array, "positions":
// PackedVector2Array}, and "left": true once the server knows that the client leaves.
struct ArenaSnapshot {
  std::int64_t tick = 0;
  std::int64_t sequence = 0;  // of the newest input of this client, with its time
  std::int64_t time = 0;
  std::int64_t received = 0;  // inputs of this session that reached the game, each counted once
  std::int64_t number = 0;    // counts this session's snapshots from 1
  // Which one the two are of. A client has another one after the server has started again, after
  // its own address has changed on the way, and after it was silent for too long.
  std::int64_t session = 0;
  Vector2 position;  // the client's own player
  bool left = false;
};

Variant to_variant(const ArenaSnapshot& snapshot, std::span<const ArenaWorld::Player> neighbours);
// Without the neighbours, which a load generator only checks for their shape. Nothing when
// `value` is no snapshot.
std::optional<ArenaSnapshot> snapshot_from_variant(const Variant& value);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_ARENA_ARENA_PROTOCOL_H_
