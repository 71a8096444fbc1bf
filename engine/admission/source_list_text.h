#ifndef RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_TEXT_H_
#define RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/admission/source_list.h"

namespace ringpeer {

// Prefixes as lines: 192.0.2.0/24, 2001:db8::/32, or one address alone. Blanks, empty lines and
// what follows a '#' are left out, and what follows a ';', too, as published lists have it. Lines
// may end as on any system. An address in full, as IpAddress::parse() takes it: no name, no
// interface.
//
// Threads: any.

// As large as a list of SourceList::kMaxPrefixes is with comments of its own.
inline constexpr std::size_t kMaxSourceListText = std::size_t{64} << 20;

// False, and *error says in which line what is wrong and what to write there, in one line of text;
// then *prefixes is as it was. Without memory it is false, too.
bool parse_source_list(std::string_view text, std::vector<SourcePrefix>* prefixes,
                       std::string* error);

// The shortest text that parse_source_list() takes for the prefix: "192.0.2.0/24", "2001:db8::/32",
// "192.0.2.1".
std::string source_prefix_text(const SourcePrefix& prefix);

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_ADMISSION_SOURCE_LIST_TEXT_H_
