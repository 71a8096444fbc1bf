#include "ringpeer/tests/docs/api_entries.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "ringpeer/tests/docs/page.h"

namespace ringpeer::docs {
namespace {

struct Entry {
  std::string owner;
  std::string name;
  bool has_parameters = false;
  std::vector<Parameter> parameters;
  std::optional<std::string> initial;
  int line = 0;
};

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \n") - first + 1));
}

std::string without(std::string text, std::string_view characters) {
  std::erase_if(text, [&](char c) { return characters.find(c) != std::string_view::npos; });
  return text;
}

// One spelling of a value, whether it is the code's or the page's: "524288", "200 us", "kAuto".
class Values {
 public:
  explicit Values(const std::vector<Symbol>& symbols) {
    // Constants may stand before those that they are made of.
    for (int round = 0; round < 3; ++round) {
      for (const Symbol& symbol : symbols) {
        const std::string name = unqualified(symbol.name);
        const auto value = evaluate(symbol.initial, constants_);
        if (symbol.kind == Symbol::Kind::kVariable && name.starts_with("k") && value) {
          constants_[name] = *value;
        }
      }
    }
  }

  std::string of_code(const std::string& type, const std::string& initial) const {
    if (initial.find("numeric_limits<std::size_t>") != std::string::npos) return "no limit";
    if (initial.find("numeric_limits<std::uint32_t>") != std::string::npos) return "4294967295";
    if (type.ends_with("Options") || type.ends_with("Limits")) return "its own";
    if (initial.empty()) return "empty";
    if (initial == "{}") return initial;
    if (initial.starts_with("{.")) return without(initial, ", ");
    if (const auto number = evaluate(initial, constants_)) {
      std::string unit;
      if (type.find("microseconds") != std::string::npos) unit = " us";
      if (type.find("milliseconds") != std::string::npos) unit = " ms";
      return std::to_string(*number) + unit;
    }
    return unqualified(initial);
  }

  std::string of_page(std::string text) const {
    text = without(std::move(text), "`,");
    if (text.starts_with("{.")) return without(std::move(text), " ");
    for (const auto& [unit, size] : {std::pair{" KiB", 1 << 10}, std::pair{" MiB", 1 << 20}}) {
      if (!text.ends_with(unit)) continue;
      const auto count = evaluate(text.substr(0, text.size() - 4), constants_);
      if (count) return std::to_string(*count * size);
    }
    if (const auto number = evaluate(text, constants_)) return std::to_string(*number);
    return unqualified(text);
  }

 private:
  static std::string unqualified(const std::string& name) {
    return name.substr(name.rfind(':') + 1);
  }

  std::map<std::string, std::int64_t> constants_;
};

std::vector<Parameter> parameters_of(std::string_view list) {
  std::vector<Parameter> parameters;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const char c = i < list.size() ? list[i] : ',';
    if (c == '{' || c == '(') ++depth;
    if (c == '}' || c == ')') --depth;
    if (c != ',' || depth != 0) continue;
    const std::string_view part = list.substr(begin, i - begin);
    begin = i + 1;
    const std::size_t equals = part.find('=');
    Parameter parameter{without(trimmed(part.substr(0, equals)), "&"), {}};
    if (equals != std::string_view::npos) parameter.initial = trimmed(part.substr(equals + 1));
    if (!parameter.name.empty()) parameters.push_back(std::move(parameter));
  }
  return parameters;
}

// "get_/set_size" as get_size and set_size.
std::vector<std::string> expanded(const std::string& name) {
  const std::size_t slash = name.find("_/");
  if (slash == std::string::npos) return {name};
  const std::string second = name.substr(slash + 2);
  return {name.substr(0, slash) + second.substr(second.find('_')), second};
}

std::vector<Entry> entries_of_span(const std::string& span, const std::string& owner, int line) {
  Entry entry;
  entry.line = line;
  entry.owner = owner;
  const std::size_t open = span.find('(');
  const std::size_t equals = span.find(" = ");
  std::string name = trimmed(span.substr(0, std::min(open, equals)));
  if (open < equals) {
    entry.has_parameters = true;
    entry.parameters = parameters_of(span.substr(open + 1, span.rfind(')') - open - 1));
  } else if (equals != std::string::npos) {
    entry.initial = span.substr(equals + 3);
  }
  const std::size_t qualified = name.rfind("::");
  if (qualified != std::string::npos && !name.starts_with("net::")) {
    entry.owner = name.substr(0, qualified);
    name = name.substr(qualified + 2);
  }
  std::vector<Entry> entries;
  for (const std::string& one : expanded(name)) {
    entry.name = one;
    entries.push_back(entry);
  }
  return entries;
}

class Comparison {
 public:
  Comparison(std::string_view page, const std::vector<Symbol>& symbols)
      : symbols_(symbols), values_(symbols) {
    for (const Symbol& symbol : symbols) {
      if (symbol.kind == Symbol::Kind::kType) types_.insert(qualified(symbol));
    }
    for (const Table& table : tables_of(page)) read(table);
  }

  std::vector<std::string> run() {
    std::vector<bool> used(entries_.size(), false);
    for (const Symbol& symbol : symbols_) {
      bool found = false;
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (!is_of(entries_[i], symbol)) continue;
        used[i] = true;
        found = true;
        compare_initial(entries_[i], symbol);
      }
      found |= symbol.kind == Symbol::Kind::kType && named_.contains(qualified(symbol));
      if (!found && !symbol.overrides) differences_.push_back("no entry of " + described(symbol));
    }
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!used[i]) {
        differences_.push_back("line " + std::to_string(entries_[i].line) + ": nothing is " +
                               (entries_[i].owner.empty() ? "" : entries_[i].owner + "::") +
                               entries_[i].name + " with these parameters and defaults");
      }
    }
    return std::move(differences_);
  }

 private:
  static std::string qualified(const Symbol& symbol) {
    return symbol.owner.empty() ? symbol.name : symbol.owner + "::" + symbol.name;
  }
  static std::string described(const Symbol& symbol) {
    std::string text = qualified(symbol);
    if (symbol.kind == Symbol::Kind::kFunction) {
      text += "(";
      for (const Parameter& parameter : symbol.parameters) {
        if (text.back() != '(') text += ", ";
        text += parameter.name;
        if (!parameter.initial.empty()) text += " = " + parameter.initial;
      }
      text += ")";
    }
    return text;
  }

  void read(const Table& table) {
    const std::string head = table.head.cells.empty() ? "" : table.head.cells[0];
    const std::vector<std::string> head_spans = code_spans(head);
    std::string owner;
    if (head_spans.size() == 1 && types_.contains(head_spans[0])) {
      owner = head_spans[0];
    } else if (head == "method") {
      owner = table.heading;
      if (!types_.contains(owner)) {
        differences_.push_back("line " + std::to_string(table.head.line) +
                               ": a table of methods under no type's heading");
      }
    } else if (head != "function" && head != "constant" && head != "type") {
      return;
    }
    if (!owner.empty()) named_.insert(owner);
    for (const Row& row : table.rows) {
      head == "type" ? read_types(row) : read_members(table, row, owner);
    }
  }

  void read_types(const Row& row) {
    for (const std::string& type : code_spans(row.cells[0])) {
      add({{}, type, false, {}, {}, row.line});
      if (row.cells.size() < 3) continue;
      for (const std::string& member : code_spans(row.cells[1])) {
        for (Entry& entry : entries_of_span(member, type, row.line)) add(std::move(entry));
      }
    }
  }

  void read_members(const Table& table, const Row& row, const std::string& owner) {
    const std::vector<std::string>& head = table.head.cells;
    const auto column = std::find_if(head.begin(), head.end(), [](const std::string& cell) {
      return cell == "default" || cell == "value";
    });
    for (const std::string& span : code_spans(row.cells[0])) {
      for (Entry& entry : entries_of_span(span, owner, row.line)) {
        if (column != head.end()) {
          entry.initial = row.cells.at(static_cast<std::size_t>(column - head.begin()));
        }
        add(std::move(entry));
      }
    }
  }

  void add(Entry entry) { entries_.push_back(std::move(entry)); }

  bool is_of(const Entry& entry, const Symbol& symbol) const {
    if (entry.owner.empty() && symbol.kind == Symbol::Kind::kType) {
      return entry.name == qualified(symbol);
    }
    if (entry.owner != symbol.owner || entry.name != symbol.name) return false;
    if (!entry.has_parameters) return true;
    if (symbol.kind != Symbol::Kind::kFunction) return false;
    return std::equal(entry.parameters.begin(), entry.parameters.end(), symbol.parameters.begin(),
                      symbol.parameters.end(), [&](const Parameter& page, const Parameter& code) {
                        if (page.name != code.name || page.initial.empty() != code.initial.empty())
                          return false;
                        return page.initial.empty() ||
                               values_.of_page(page.initial) == values_.of_code({}, code.initial);
                      });
  }

  void compare_initial(const Entry& entry, const Symbol& symbol) {
    if (symbol.kind != Symbol::Kind::kVariable) return;
    const std::string& owner = symbol.owner;
    const bool must = owner.ends_with("Options") || owner.ends_with("Budget") ||
                      owner.ends_with("Limits") ||
                      symbol.type.find("constexpr") != std::string::npos;
    const std::string code = values_.of_code(symbol.type, symbol.initial);
    if (entry.initial ? values_.of_page(*entry.initial) != code : must) {
      differences_.push_back("line " + std::to_string(entry.line) + ": " + qualified(symbol) +
                             " is " + code + ", not " + entry.initial.value_or("without a value"));
    }
  }

  const std::vector<Symbol>& symbols_;
  Values values_;
  std::set<std::string> types_;
  std::set<std::string> named_;  // types that have a table
  std::vector<Entry> entries_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> differences(std::string_view page, const std::vector<Symbol>& symbols) {
  return Comparison(page, symbols).run();
}

}  // namespace ringpeer::docs
