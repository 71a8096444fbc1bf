#ifndef CONSUMER_RULES_RULES_H_
#define CONSUMER_RULES_RULES_H_

#include <cstdint>
#include <optional>

#include "ringpeer/codec/math_types.h"
#include "ringpeer/codec/variant.h"

namespace rules {

struct Move {
  std::int64_t number;
  ringpeer::Vector2 direction;
};

// As the message that a client sends.
ringpeer::Variant message_of(const Move& move);

// Nothing, of what is no move.
std::optional<Move> read_move(const ringpeer::Variant& message);

}  // namespace rules

#endif  // CONSUMER_RULES_RULES_H_
