#include "ringpeer/codec/value/node_path.h"

#include <algorithm>
#include <vector>

namespace ringpeer {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

NodePath::NodePath(std::string_view path) {
  if (path.empty()) return;
  CompactVector<String> parts;
  const bool absolute = path.front() == '/';
  const std::size_t colon = path.find(':');
  // Empty names, as in "a//b", are left out.
  for (std::string_view name : split(path.substr(0, colon), '/')) {
    if (!name.empty()) parts.push_back(String(name));
  }
  const std::size_t name_count = parts.size();
  if (colon != std::string_view::npos) {
    const std::vector<std::string_view> subnames = split(path.substr(colon + 1), ':');
    for (std::size_t i = 0; i < subnames.size(); ++i) {
      if (!subnames[i].empty()) {
        parts.push_back(String(subnames[i]));
      } else if (i + 1 < subnames.size()) {
        return;  // Godot: "Invalid NodePath", and the path stays empty
      }
    }
  }
  if (parts.empty() && !absolute) return;
  parts_ = std::move(parts);
  name_count_ = static_cast<std::uint32_t>(name_count);
  absolute_ = absolute;
}

std::string NodePath::str() const {
  std::string text;
  if (absolute_) text.push_back('/');
  for (std::size_t i = 0; i < names().size(); ++i) {
    if (i > 0) text.push_back('/');
    text.append(names()[i].view());
  }
  // Subnames that are all together empty leave no colon.
  std::string property;
  for (std::size_t i = 0; i < subnames().size(); ++i) {
    if (i > 0) property.push_back(':');
    property.append(subnames()[i].view());
  }
  if (!property.empty()) text.append(":").append(property);
  return text;
}

bool operator==(const NodePath& a, const NodePath& b) {
  return a.absolute_ == b.absolute_ && std::ranges::equal(a.names(), b.names()) &&
         std::ranges::equal(a.subnames(), b.subnames());
}

}  // namespace ringpeer
