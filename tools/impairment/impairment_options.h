#ifndef RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_OPTIONS_H_
#define RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_OPTIONS_H_

#include <array>
#include <span>
#include <string>
#include <utility>

#include "ringpeer/tools/impairment/impairment.h"

namespace ringpeer::tools {

// What a command line asks a network to do, for every command that has one. Their options have the
// same names, behind a prefix: "--" of `impair`, "--impair-" of a command with options of its own.

// What is done each way. Threads: a plain value.
struct ImpairmentPlan {
  // By direction.
  std::array<Impairment, kDirections.size()> impairments;
  // Given for both at once.
  JitterShape shape = JitterShape::kUniform;
  bool keep_order = false;
  // Whether any option of it was given, also one that asks for nothing, as a loss of 0.
  bool is_given = false;
  // Whether that of the queue was, also one that asks for what it is without.
  bool has_queue = false;
};

// An option whose value is a number for both directions, or one for each.
struct ImpairmentOption {
  const char* name;  // without the prefix
  const char* unit;
  double least;
  double most;
  const char* otherwise;  // what --help calls the default; "" for none
  const char* description;
  void (*set)(Impairment* impairment, double number);
};

std::span<const ImpairmentOption> impairment_options();

// The words for them on command lines and in reports.
inline constexpr std::pair<const char*, JitterShape> kJitterShapes[] = {
    {"uniform", JitterShape::kUniform}, {"normal", JitterShape::kNormal}};
const char* name_of(JitterShape shape);

// Reads "5" for both directions, "5/0" for the one to the server and the one to the client, or
// "5/" and "/5" for one alone. An empty text when it was right, otherwise what is wrong.
std::string read_impairment(const ImpairmentOption& option, const std::string& prefix,
                            const std::string& text, ImpairmentPlan* plan);

// An empty text when what is asked for makes sense together; otherwise what is wrong and what to
// do about it. Gives both directions what was given once.
std::string check_impairment_plan(const std::string& prefix, ImpairmentPlan* plan);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_IMPAIRMENT_OPTIONS_H_
