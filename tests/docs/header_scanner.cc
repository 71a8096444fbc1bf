#include "ringpeer/tests/docs/header_scanner.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

namespace ringpeer::docs {
namespace {

struct Token {
  std::string text;
  int line = 0;
};

// Stands for a comment behind which nothing is for applications.
constexpr std::string_view kInternal = "@internal";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name(const Token& token) {
  return is_word(token.text[0]) && std::isdigit(static_cast<unsigned char>(token.text[0])) == 0;
}

bool is_internal_mark(std::string_view comment) {
  while (!comment.empty() && (comment[0] == '/' || comment[0] == '-' || comment[0] == ' ')) {
    comment.remove_prefix(1);
  }
  return comment.starts_with("For builders") || comment.starts_with("For the views themselves") ||
         comment.starts_with("For the classes of this library");
}

std::vector<Token> tokens_of(std::string_view text) {
  static constexpr std::string_view kLong[] = {"<=>", "<<=", "...", "::", "->", "<<",
                                               "==",  "!=",  "<=",  "&&", "||", "++"};
  std::vector<Token> tokens;
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::string_view rest = text.substr(i);
    std::size_t size = 1;
    if (c == '\n') {
      ++line;
    } else if (rest.starts_with("//")) {
      size = std::min(rest.find('\n'), rest.size());
      if (is_internal_mark(rest.substr(0, size))) tokens.push_back({std::string(kInternal), line});
    } else if (c == '#') {
      size = std::min(rest.find('\n'), rest.size());
    } else if (c == '"' || c == '\'') {
      while (size < rest.size() && rest[size] != c) size += rest[size] == '\\' ? 2 : 1;
      tokens.push_back({std::string(rest.substr(0, ++size)), line});
    } else if (is_word(c)) {
      const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
      while (size < rest.size() && (is_word(rest[size]) || (number && rest[size] == '\''))) ++size;
      tokens.push_back({std::string(rest.substr(0, size)), line});
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      for (const std::string_view operator_text : kLong) {
        if (size == 1 && rest.starts_with(operator_text)) size = operator_text.size();
      }
      tokens.push_back({std::string(rest.substr(0, size)), line});
    }
    i += size;
  }
  return tokens;
}

std::string joined(const std::vector<Token>& tokens, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += tokens[i].text;
  return text;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : tokens_(tokens_of(text)) {}

  Header run() {
    Scope top;
    while (at_ < tokens_.size()) declaration(&top);
    return std::move(header_);
  }

 private:
  enum class Access { kPublic, kProtected, kPrivate };
  struct Scope {
    std::string prefix;  // "net::" within ringpeer::net
    std::string type;    // "" in a namespace
    std::string name;    // of the type, alone
    Access access = Access::kPublic;
    bool hidden = false;
  };

  bool is(std::string_view text, std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead].text == text;
  }
  void fail(const std::string& why) {
    const int line = tokens_.empty() ? 0 : tokens_[std::min(at_, tokens_.size() - 1)].line;
    header_.errors.push_back("line " + std::to_string(line) + ": " + why);
    at_ = tokens_.size();
  }
  // Past what closes the bracket that stands here.
  void skip_balanced(std::string_view open, std::string_view close) {
    int depth = 0;
    do {
      if (at_ >= tokens_.size()) return fail("no " + std::string(close));
      if (is(open)) ++depth;
      if (is(close)) --depth;
      ++at_;
    } while (depth > 0);
  }
  // Past the next ';', or past a body in braces.
  void skip_declaration() {
    while (at_ < tokens_.size() && !is(";")) {
      if (is("(")) {
        skip_balanced("(", ")");
      } else if (is("{")) {
        skip_balanced("{", "}");
        if (!is(";")) return;
      } else {
        ++at_;
      }
    }
    ++at_;
  }
  // Past the next ';' outside of brackets.
  void skip_initializer() {
    while (at_ < tokens_.size() && !is(";")) {
      if (is("{")) {
        skip_balanced("{", "}");
      } else {
        ++at_;
      }
    }
    ++at_;
  }
  void add(Symbol symbol, const Scope& scope, int line) {
    if (scope.hidden || scope.access == Access::kPrivate) return;
    symbol.owner = scope.type;
    if (scope.type.empty()) symbol.name = scope.prefix + symbol.name;
    symbol.line = line;
    header_.symbols.push_back(std::move(symbol));
  }

  void declaration(Scope* scope) {
    if (is("namespace")) return name_space(*scope);
    if (is("template")) {
      ++at_;
      skip_balanced("<", ">");
      if (is("requires")) {
        ++at_;
        skip_balanced("(", ")");
      }
      return declaration(scope);
    }
    if (is("class") || is("struct")) return type(*scope);
    if (is("enum")) return enumeration(*scope);
    if (is("using")) return alias(*scope);
    if (is("[") && is("[", 1)) return skip_attribute(scope);
    if (is(kInternal)) {
      scope->hidden = true;
      ++at_;
      return;
    }
    if (is(";")) {
      ++at_;
      return;
    }
    if (is("friend") || is("static_assert") || is("concept")) return skip_declaration();
    if (is("union")) return skip_initializer();
    entity(*scope);
  }
  void skip_attribute(Scope* scope) {
    skip_balanced("[", "]");
    declaration(scope);
  }

  void name_space(const Scope& scope) {
    std::string name;
    for (++at_; at_ < tokens_.size() && !is("{"); ++at_) name += tokens_[at_].text;
    if (name != "ringpeer" && name != "ringpeer::net" && name != "net") {
      return skip_balanced("{", "}");
    }
    Scope inner = scope;
    inner.prefix = name == "ringpeer" ? "" : "net::";
    ++at_;
    while (at_ < tokens_.size() && !is("}")) declaration(&inner);
    ++at_;
  }

  void type(const Scope& scope) {
    const int line = tokens_[at_].line;
    Scope inner{scope.prefix, {}, {}, is("class") ? Access::kPrivate : Access::kPublic, false};
    ++at_;
    if (is("alignas")) {
      ++at_;
      skip_balanced("(", ")");
    }
    const std::size_t name_at = at_;
    inner.name = tokens_[at_].text;
    inner.type = scope.type.empty() ? scope.prefix + inner.name : scope.type + "::" + inner.name;
    while (at_ < tokens_.size() && !is("{") && !is(";")) ++at_;
    if (is(";")) {  // declared only
      ++at_;
      return;
    }
    const std::string head = tokens_[name_at + 1].text;
    const bool special = head == "<" || head == "::";
    inner.hidden = scope.hidden || scope.access == Access::kPrivate || special ||
                   inner.name.ends_with("Iterator");
    const bool hidden = inner.hidden;
    if (!hidden) add({Symbol::Kind::kType, {}, inner.name, {}, {}, {}, false, 0}, scope, line);
    ++at_;
    while (at_ < tokens_.size() && !is("}")) {
      if ((is("public") || is("protected") || is("private")) && is(":", 1)) {
        inner.hidden = hidden;
        inner.access = is("public")      ? Access::kPublic
                       : is("protected") ? Access::kProtected
                                         : Access::kPrivate;
        at_ += 2;
      } else {
        declaration(&inner);
      }
    }
    ++at_;
    if (!is(";")) return fail("a type that is followed by no ';'");
    ++at_;
  }

  void enumeration(const Scope& scope) {
    const int line = tokens_[at_].line;
    ++at_;
    if (is("class")) ++at_;
    if (is("[")) skip_balanced("[", "]");
    const std::string name = tokens_[at_].text;
    while (at_ < tokens_.size() && !is("{")) ++at_;
    add({Symbol::Kind::kType, {}, name, {}, {}, {}, false, 0}, scope, line);
    Scope inner = scope;
    inner.type = scope.type.empty() ? scope.prefix + name : scope.type + "::" + name;
    ++at_;
    while (at_ < tokens_.size() && !is("}")) {
      Symbol value{Symbol::Kind::kValue, {}, tokens_[at_].text, {}, {}, {}, false, 0};
      const int value_line = tokens_[at_++].line;
      const std::size_t begin = at_ + 1;
      while (at_ < tokens_.size() && !is(",") && !is("}")) ++at_;
      if (at_ > begin) value.initial = joined(tokens_, begin, at_);
      add(value, inner, value_line);
      if (is(",")) ++at_;
    }
    at_ += 2;
  }

  void alias(const Scope& scope) {
    const std::size_t begin = at_ + 1;
    const int line = tokens_[at_].line;
    skip_declaration();
    const bool named = tokens_[begin + 1].text == "=";  // else: using net::Name;
    const std::string& name = named ? tokens_[begin].text : tokens_[at_ - 2].text;
    if (name.ends_with("Iterator")) return;
    if (named && std::islower(static_cast<unsigned char>(name[0])) != 0) return;  // value_type
    add({Symbol::Kind::kType, {}, name, {}, {}, {}, !named, 0}, scope, line);
  }

  // A function or a variable.
  void entity(const Scope& scope) {
    const std::size_t begin = at_;
    const int line = tokens_[at_].line;
    for (int angle = 0; at_ < tokens_.size(); ++at_) {
      if (is("operator")) return skip_operator(scope, begin);
      if (is("<")) ++angle;
      if (is(">")) --angle;
      if (angle > 0) continue;
      if (is("(")) return function(scope, begin);
      if (is("=") || is("{") || is(";") || is("[") || is(":")) break;
    }
    if (at_ == begin || at_ >= tokens_.size()) return fail("a declaration that is not understood");
    Symbol variable{Symbol::Kind::kVariable, {}, tokens_[at_ - 1].text, {}, {}, {}, false, 0};
    variable.type = joined(tokens_, begin, at_ - 1);
    if (is("[")) skip_balanced("[", "]");
    if (is(":")) return fail("a bit field or a label");
    const std::size_t initial = at_ + (is("=") ? 1 : 0);
    skip_initializer();
    if (at_ - 1 > initial) variable.initial = joined(tokens_, initial, at_ - 1);
    if (!variable.name.ends_with("_")) add(variable, scope, line);
  }

  // operator[] counts as a function; the others say nothing that a reader does not expect.
  void skip_operator(const Scope& scope, std::size_t begin) {
    if (is("[", 1) && is("]", 2)) {
      tokens_[at_].text = "operator[]";
      tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                    tokens_.begin() + static_cast<std::ptrdiff_t>(at_) + 3);
      ++at_;
      return function(scope, begin);
    }
    ++at_;
    if (is("(")) at_ += 2;  // operator()
    while (at_ < tokens_.size() && !is("(")) ++at_;
    skip_balanced("(", ")");
    skip_rest(nullptr);
  }

  void function(const Scope& scope, std::size_t begin) {
    Symbol function{Symbol::Kind::kFunction, {}, tokens_[at_ - 1].text, {}, {}, {}, false, 0};
    const int line = tokens_[begin].line;
    const bool destructor = at_ >= 2 && tokens_[at_ - 2].text == "~";
    const bool is_virtual = tokens_[begin].text == "virtual";
    const bool own_copy = function.name == scope.name && is_copy();
    parameters(&function.parameters);
    Rest rest;
    skip_rest(&rest);
    function.overrides = rest.overrides;
    if (destructor || rest.deleted || rest.defaulted || own_copy) return;
    if (!is_word(function.name[0])) return;  // a specialisation
    if (scope.access == Access::kProtected && !(is_virtual && rest.pure)) return;
    // Outside of its class: declared already.
    if (begin + 2 < at_ && scope.type.empty() && is_member_definition(begin)) return;
    add(std::move(function), scope, line);
  }
  bool is_member_definition(std::size_t begin) const {
    for (std::size_t i = begin; i < at_ && tokens_[i].text != "("; ++i) {
      if (tokens_[i].text == "::" && tokens_[i + 2].text == "(" && tokens_[i - 1].text != "std") {
        return true;
      }
    }
    return false;
  }
  // At the '(' of a constructor: "(const Name&" or "(Name&&".
  bool is_copy() const {
    const std::string& name = tokens_[at_ - 1].text;
    return (is("const", 1) && is(name, 2) && is("&", 3)) || (is(name, 1) && is("&&", 2));
  }

  void parameters(std::vector<Parameter>* parameters) {
    std::size_t begin = ++at_;
    for (int depth = 0; at_ < tokens_.size(); ++at_) {
      if (depth == 0 && (is(",") || is(")"))) {
        if (at_ > begin) parameters->push_back(parameter(begin, at_));
        begin = at_ + 1;
        if (is(")")) break;
        continue;
      }
      if (is("(") || is("<") || is("{")) ++depth;
      if (is(")") || is(">") || is("}")) --depth;
    }
    ++at_;
  }
  Parameter parameter(std::size_t begin, std::size_t end) const {
    std::size_t equals = begin;
    while (equals < end && tokens_[equals].text != "=") ++equals;
    Parameter parameter;
    if (equals < end) parameter.initial = joined(tokens_, equals + 1, end);
    if (equals > begin + 1 && is_name(tokens_[equals - 1])) {
      parameter.name = tokens_[equals - 1].text;
    }
    return parameter;
  }

  struct Rest {
    bool pure = false;
    bool deleted = false;
    bool defaulted = false;
    bool overrides = false;
  };
  // What follows the parameters, up to the end of the declaration or of its body.
  void skip_rest(Rest* rest) {
    bool initializers = false;
    while (at_ < tokens_.size()) {
      if (is(";")) {
        ++at_;
        return;
      }
      if (is("{")) {
        const bool body = !initializers || !is_name(tokens_[at_ - 1]);
        skip_balanced("{", "}");
        if (body) return;
        continue;
      }
      if (is("(")) {
        skip_balanced("(", ")");
        continue;
      }
      if (is(":")) initializers = true;
      if (rest != nullptr) {
        rest->pure |= is("=") && is("0", 1);
        rest->deleted |= is("delete");
        rest->defaulted |= is("default");
        rest->overrides |= is("override") || is("final");
      }
      ++at_;
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Header header_;
};

class Evaluator {
 public:
  Evaluator(std::string_view text, const std::map<std::string, std::int64_t>& constants)
      : tokens_(tokens_of(text)), constants_(constants) {}

  std::optional<std::int64_t> run() {
    const std::int64_t value = shifts();
    if (failed_ || at_ != tokens_.size() || tokens_.empty()) return std::nullopt;
    return value;
  }

 private:
  bool take(std::string_view text) {
    if (at_ >= tokens_.size() || tokens_[at_].text != text) return false;
    ++at_;
    return true;
  }
  std::int64_t shifts() {
    std::int64_t value = sum();
    while (take("<<")) value <<= sum();
    return value;
  }
  std::int64_t sum() {
    std::int64_t value = product();
    for (;;) {
      if (take("+")) {
        value += product();
      } else if (take("-")) {
        value -= product();
      } else {
        return value;
      }
    }
  }
  std::int64_t product() {
    std::int64_t value = factor();
    for (;;) {
      if (take("*")) {
        value *= factor();
      } else if (take("/")) {
        const std::int64_t divisor = factor();
        failed_ |= divisor == 0;
        value = divisor == 0 ? 0 : value / divisor;
      } else {
        return value;
      }
    }
  }
  std::int64_t factor() {
    if (take("-")) return -factor();
    if (take("(") || take("{")) {
      const std::int64_t value = shifts();
      failed_ |= !take(")") && !take("}");
      return value;
    }
    if (at_ >= tokens_.size()) {
      failed_ = true;
      return 0;
    }
    std::string word = tokens_[at_++].text;
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0) {
      std::erase(word, '\'');
      while (!word.empty() && std::isalpha(static_cast<unsigned char>(word.back())) != 0) {
        word.pop_back();
      }
      return std::stoll(word);
    }
    while (take("::")) word = at_ < tokens_.size() ? tokens_[at_++].text : "";
    if (const auto found = constants_.find(word); found != constants_.end()) return found->second;
    failed_ |= at_ >= tokens_.size() || tokens_[at_].text != "{";  // a cast
    return failed_ ? 0 : factor();
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  bool failed_ = false;
  const std::map<std::string, std::int64_t>& constants_;
};

}  // namespace

Header scan_header(std::string_view text) { return Scanner(text).run(); }

std::optional<std::int64_t> evaluate(std::string_view expression,
                                     const std::map<std::string, std::int64_t>& constants) {
  return Evaluator(expression, constants).run();
}

}  // namespace ringpeer::docs
