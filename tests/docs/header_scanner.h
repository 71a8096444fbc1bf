#ifndef RINGPEER_TESTS_DOCS_HEADER_SCANNER_H_
#define RINGPEER_TESTS_DOCS_HEADER_SCANNER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::docs {

struct Parameter {
  std::string name;
  std::string initial;  // its default as written, without spaces; "" without one
};

// What a header offers to who includes it.
struct Symbol {
  enum class Kind { kType, kFunction, kVariable, kValue };

  Kind kind = Kind::kType;
  std::string owner;  // the type it is a member of, "net::Endpoint"; "" of the namespace
  std::string name;   // of a constructor the type's
  std::vector<Parameter> parameters;
  std::string type;        // of a variable, without spaces
  std::string initial;     // of a variable or enum value
  bool overrides = false;  // or is another name of what stands elsewhere
  int line = 0;
};

struct Header {
  std::vector<Symbol> symbols;
  std::vector<std::string> errors;  // what is not written in the style that is understood
};

// Reads a header of this project's style: what is public, and pure virtual functions that are
// protected. Left out are friends, deleted and defaulted functions, destructors, comparisons,
// conversions and assignments, specialisations, concepts, types called Iterator, namespaces but
// ringpeer and ringpeer::net, and what stands behind a comment "For builders", "For the views
// themselves" or "For the classes of this library" up to
// the next access specifier or the end of its class.
Header scan_header(std::string_view text);

// The value of an expression of whole numbers, with + - * / << ( ) and the names in `constants`;
// casts like std::size_t{64} are seen through.
std::optional<std::int64_t> evaluate(std::string_view expression,
                                     const std::map<std::string, std::int64_t>& constants);

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_HEADER_SCANNER_H_
