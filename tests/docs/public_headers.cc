#include "tests/docs/public_headers.h"

#include <string_view>

#include "tests/docs/page.h"

namespace ringpeer::docs {
namespace {

// "codec/variant.h" or "engine/peer/engine.h" of what is included as "ringpeer/...".
std::string path_of(const std::string& included) {
  const std::string inner = included.substr(std::string_view("ringpeer/").size());
  if (inner.find('/') == std::string::npos) return "engine/peer/" + inner;
  return inner.starts_with("codec/") ? inner : "engine/" + inner;
}

}  // namespace

std::set<std::string> public_headers() {
  std::set<std::string> paths;
  for (const std::string& span : code_spans(read_page("docs/api.md"))) {
    if (span.starts_with("ringpeer/") && span.ends_with(".h")) paths.insert(path_of(span));
  }
  return paths;
}

}  // namespace ringpeer::docs
