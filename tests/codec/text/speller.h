#ifndef RINGPEER_TESTS_CODEC_TEXT_SPELLER_H_
#define RINGPEER_TESTS_CODEC_TEXT_SPELLER_H_

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "ringpeer/codec/value/variant.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer::testing {

// A value's tokens, in one of the ways in which it may be written.
struct Spelling {
  std::vector<std::string> tokens;
  std::set<std::size_t> optional;  // of the tokens: those that may be left out
};

Spelling spell(const Variant& value, test::Draws* draws);

// With blanks between; *starts, if any, gets where each token begins.
std::string join_tokens(const std::vector<std::string>& tokens, test::Draws* draws,
                        std::vector<std::size_t>* starts = nullptr);

}  // namespace ringpeer::testing

#endif  // RINGPEER_TESTS_CODEC_TEXT_SPELLER_H_
