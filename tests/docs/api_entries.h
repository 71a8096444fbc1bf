#ifndef RINGPEER_TESTS_DOCS_API_ENTRIES_H_
#define RINGPEER_TESTS_DOCS_API_ENTRIES_H_

#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tests/docs/header_scanner.h"

namespace ringpeer::docs {

// What docs/api.md and the public headers do not say alike; one line for each difference.
//
// How the page makes entries: a table whose first head cell is a type in backticks, "function",
// "constant" or "type" has them in its first column; "method" stands for the type of the heading.
// An entry is a name, or a name with parameters and their defaults, which then is that overload.
// "a_/b_c" is a_c and b_c. "X::y" belongs to X. A row of a "type" table names types, and in its
// second cell their members. In a column "default" or "value" stands the initial value; options,
// budgets and limits must have one.
std::vector<std::string> differences(std::string_view page, const std::vector<Symbol>& symbols);

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_API_ENTRIES_H_
