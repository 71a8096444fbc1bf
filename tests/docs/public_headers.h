#ifndef RINGPEER_TESTS_DOCS_PUBLIC_HEADERS_H_
#define RINGPEER_TESTS_DOCS_PUBLIC_HEADERS_H_

#include <map>
#include <set>
#include <string>

namespace ringpeer::docs {

// Where what is included as "ringpeer/x.h" stands.
std::map<std::string, std::string> public_door();

// The files of the headers that docs/api.md names: "codec/value/variant.h", "engine/core/engine.h".
std::set<std::string> public_headers();

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_PUBLIC_HEADERS_H_
