#ifndef RINGPEER_TESTS_CODEC_TEXT_PLAIN_WRITER_H_
#define RINGPEER_TESTS_CODEC_TEXT_PLAIN_WRITER_H_

#include <string>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer::testing {

// What var_to_str() says, as simply as it can be written: only numbers come from there, which are
// looked at by themselves.
std::string write_plainly(const Variant& value);

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_TEXT_PLAIN_WRITER_H_
