#ifndef RINGPEER_TESTS_TOOLS_REPORT_SCHEMA_H_
#define RINGPEER_TESTS_TOOLS_REPORT_SCHEMA_H_

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

namespace ringpeer::tools {

// docs/schema/reports.json, and the part of JSON Schema that it uses: type, enum, properties,
// required, additionalProperties (always false), items and $ref to its own definitions. Stricter in
// one point: a "number" is one that is written with a fraction, so that no integer passes for it.
class ReportSchema {
 public:
  using Json = nlohmann::ordered_json;

  // From the test's data.
  ReportSchema();

  const Json& root() const { return root_; }
  const Json& definition(const std::string& name) const { return root_.at("$defs").at(name); }
  // What `schema` refers to, or itself.
  const Json& resolved(const Json& schema) const;
  // An empty text when `value` is one of that definition, otherwise the first thing wrong.
  std::string complaint(const std::string& definition_name, const Json& value) const;

  // Calls visit(path, schema, value) for every field of the schema that `value` has.
  using Visit = std::function<void(const std::string&, const Json&, const Json&)>;
  void visit_fields(const std::string& definition_name, const Json& value,
                    const Visit& visit) const;

 private:
  std::string complaint(const Json& schema, const Json& value, const std::string& path) const;
  std::string complaint_of_items(const Json& schema, const Json& value,
                                 const std::string& path) const;
  std::string complaint_of_object(const Json& schema, const Json& value,
                                  const std::string& path) const;
  void visit_fields(const Json& schema, const Json& value, const std::string& path,
                    const Visit& visit) const;

  Json root_;
};

// The text of a file of the repository that is a data dependency of the test.
std::string read_runfile(const std::string& path);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_REPORT_SCHEMA_H_
