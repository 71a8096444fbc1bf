#ifndef RINGPEER_TOOLS_COMMAND_REPORT_OUTPUT_H_
#define RINGPEER_TOOLS_COMMAND_REPORT_OUTPUT_H_

#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ringpeer/tools/command/whole_file.h"

namespace ringpeer::tools {

// Where the report of a command goes: to standard output as text or as JSON, and as JSON into a
// file besides, where one is named.
//
// Threads: one. Use once: open() before the run, then end(). An interim report may be told
// any number of times between.
class ReportOutput {
 public:
  // Adds --json and --json-file to `command`, which must not outlive this.
  void add_options(CLI::App& command);
  bool is_json() const { return json_; }
  const std::string& file() const { return path_; }

  // Before a run that would be in vain. False with words when the file cannot be written.
  bool open(std::string* error);
  // Writes the file and prints the result, whose "ok" it sets; `text` is what is printed without
  // --json. Then it says what is wrong, if anything is: the judgement, or what could not be
  // written. The exit status.
  int end(nlohmann::ordered_json report, const std::string& text, std::string judgement);
  // A report of what was done so far, on standard error: a line of JSON, or lines of text.
  void tell(const nlohmann::ordered_json& report, const std::string& text) const;

 private:
  bool json_ = false;
  std::string path_;
  WholeFile writer_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_REPORT_OUTPUT_H_
