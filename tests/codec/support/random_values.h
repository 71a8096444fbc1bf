#ifndef RINGPEER_TESTS_CODEC_SUPPORT_RANDOM_VALUES_H_
#define RINGPEER_TESTS_CODEC_SUPPORT_RANDOM_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::testing {

// Values of all types for model tests of the codec: numbers at the edges of what they are kept
// and written as, texts of the sizes at which Strings and packets hold them otherwise, containers
// small and large, typed and not. Zero draws give the simplest.
std::int64_t random_integer(test::Draws& draws);
double random_double(test::Draws& draws);
float random_float(test::Draws& draws);
// UTF-8 without NUL and byte order mark; quotes, escapes and control characters among them.
std::string random_text(test::Draws& draws);
std::string random_class_name(test::Draws& draws);

// Holds no other values.
Variant random_leaf(test::Draws& draws, VariantType type);
// Any value. A key holds no object: those that are nothing else on the wire may meet there.
Variant random_value(test::Draws& draws, std::size_t depth = 0, bool in_key = false);
// Elements that an Array takes as they are.
Array random_array(test::Draws& draws, std::size_t depth, bool in_key);
Dictionary random_dictionary(test::Draws& draws, std::size_t depth, bool in_key);

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_SUPPORT_RANDOM_VALUES_H_
