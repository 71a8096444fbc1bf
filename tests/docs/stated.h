#ifndef RINGPEER_TESTS_DOCS_STATED_H_
#define RINGPEER_TESTS_DOCS_STATED_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace ringpeer::docs {

// The whole number that a constant of a file has; fails the test when there is none.
std::int64_t constant_of(const std::string& path, const std::string& name);

// As people write it: "524,288".
std::string with_commas(std::int64_t number);

// The first number of a cell like "13,991" or "**39 (0)**"; NaN without one.
double number_in(std::string cell);

// The text on one line, its words one space apart.
std::string on_one_line(std::string_view text);

// Whether a page says these words, wherever its lines break.
bool says(std::string_view page, std::string_view words);

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_STATED_H_
