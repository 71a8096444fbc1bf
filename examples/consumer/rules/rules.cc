#include "rules/rules.h"

#include "ringpeer/codec/dictionary.h"

namespace rules {

ringpeer::Variant message_of(const Move& move) {
  return ringpeer::Dictionary{{"number", move.number}, {"direction", move.direction}};
}

std::optional<Move> read_move(const ringpeer::Variant& message) {
  const ringpeer::Variant number = message["number"];
  const ringpeer::Variant direction = message["direction"];
  const auto* const counted = number.get_if<std::int64_t>();
  const auto* const pointed = direction.get_if<ringpeer::Vector2>();
  if (counted == nullptr || pointed == nullptr) return std::nullopt;
  return Move{*counted, *pointed};
}

}  // namespace rules
