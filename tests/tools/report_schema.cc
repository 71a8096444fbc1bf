#include "ringpeer/tests/tools/report_schema.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace ringpeer::tools {
namespace {

using Json = ReportSchema::Json;

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number_float();
  if (type == "null") return value.is_null();
  throw std::runtime_error("the schema has an unknown type: " + type);
}

bool is_of_types(const Json& value, const Json& types) {
  if (types.is_string()) return is_of_type(value, types);
  return std::any_of(types.begin(), types.end(),
                     [&value](const Json& type) { return is_of_type(value, type); });
}

// A word that the checker does not know would be a promise that nobody keeps.
void expect_known_words(const Json& schema) {
  static const auto& known =
      *new std::set<std::string>{"type",  "enum", "properties", "required", "additionalProperties",
                                 "items", "unit", "description"};
  for (const auto& [word, value] : schema.items()) {
    if (known.count(word) == 0) throw std::runtime_error("the schema has an unknown word: " + word);
  }
}

}  // namespace

std::string read_runfile(const std::string& path) {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  const std::string folder = runfiles == nullptr || workspace == nullptr
                                 ? ""
                                 : std::string(runfiles) + "/" + workspace + "/";
  std::ifstream file(folder + path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) throw std::runtime_error("cannot read " + path);
  return text.str();
}

ReportSchema::ReportSchema() : root_(Json::parse(read_runfile("docs/schema/reports.json"))) {}

const Json& ReportSchema::resolved(const Json& schema) const {
  if (!schema.contains("$ref")) return schema;
  const std::string reference = schema.at("$ref");
  return root_.at(Json::json_pointer(reference.substr(1)));  // without the #
}

std::string ReportSchema::complaint(const std::string& definition_name, const Json& value) const {
  return complaint(definition(definition_name), value, definition_name);
}

std::string ReportSchema::complaint(const Json& reference, const Json& value,
                                    const std::string& path) const {
  const Json& schema = resolved(reference);
  expect_known_words(schema);
  if (!is_of_types(value, schema.at("type"))) {
    return path + " is " + value.dump() + " and not of type " + schema.at("type").dump();
  }
  if (schema.contains("enum")) {
    const Json& words = schema.at("enum");
    if (std::find(words.begin(), words.end(), value) == words.end()) {
      return path + " is " + value.dump() + " and not one of " + words.dump();
    }
  }
  if (value.is_array()) return complaint_of_items(schema, value, path);
  return value.is_object() ? complaint_of_object(schema, value, path) : "";
}

std::string ReportSchema::complaint_of_items(const Json& schema, const Json& value,
                                             const std::string& path) const {
  for (const Json& item : value) {
    std::string inside = complaint(schema.at("items"), item, path + "[]");
    if (!inside.empty()) return inside;
  }
  return "";
}

std::string ReportSchema::complaint_of_object(const Json& schema, const Json& value,
                                              const std::string& path) const {
  if (schema.at("additionalProperties") != false) return path + " allows fields without a name";
  for (const Json& name : schema.at("required")) {
    if (!value.contains(name.get<std::string>())) return path + " lacks " + name.dump();
  }
  for (const auto& [name, member] : value.items()) {
    if (!schema.at("properties").contains(name)) return path + " has the unknown field " + name;
    std::string inside = complaint(schema.at("properties").at(name), member, path + "." + name);
    if (!inside.empty()) return inside;
  }
  return "";
}

void ReportSchema::visit_fields(const std::string& definition_name, const Json& value,
                                const Visit& visit) const {
  visit_fields(definition(definition_name), value, definition_name, visit);
}

void ReportSchema::visit_fields(const Json& reference, const Json& value, const std::string& path,
                                const Visit& visit) const {
  const Json& schema = resolved(reference);
  visit(path, schema, value);
  if (value.is_array()) {
    for (const Json& item : value) visit_fields(schema.at("items"), item, path + "[]", visit);
  }
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    visit_fields(schema.at("properties").at(name), member, path + "." + name, visit);
  }
}

}  // namespace ringpeer::tools
