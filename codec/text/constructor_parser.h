#ifndef RINGPEER_CODEC_TEXT_CONSTRUCTOR_PARSER_H_
#define RINGPEER_CODEC_TEXT_CONSTRUCTOR_PARSER_H_

#include <vector>

#include "ringpeer/codec/text/token_cursor.h"
#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// Reads what is written as a constructor, Vector2(1, 2) or PackedByteArray("AAE="), and holds no
// other values.
//
// Each function ends at the ')', not behind it. Threads: one. Lifetime: the cursor must outlive
// it. Failure: false, and the cursor knows why.
class ConstructorParser {
 public:
  explicit ConstructorParser(TokenCursor* tokens) : tokens_(tokens) {}

  // Behind the '('.
  bool parse(VariantType type, Variant* value);

  // At the name, in Resource("res://path"); only what names a script has a meaning here.
  bool parse_resource(String* path);

  // At what must be the ')'.
  bool parse_end();

 private:
  bool parse_number(Variant* number);
  bool parse_numbers(std::vector<Variant>* numbers);
  template <typename T>
  bool parse_math(T* value);
  template <typename T>
  bool parse_packed(CompactVector<T>* values);
  bool parse_bytes(PackedByteArray* values);
  bool parse_strings(PackedStringArray* values);
  bool parse_node_path(Variant* value);
  bool parse_rid(RID* rid);

  TokenCursor* tokens_;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_CONSTRUCTOR_PARSER_H_
