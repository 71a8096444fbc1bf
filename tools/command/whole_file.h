#ifndef RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_
#define RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_

#include <string>
#include <string_view>

namespace ringpeer::tools {

// A file that is there whole or not at all: it is written beside its place, under another name,
// and takes its place at the end. What was there before stays until then. A pipe or a device, which
// cannot be put aside, is written as it is.
//
// Threads: one.
class WholeFile {
 public:
  WholeFile() = default;
  // Removes what was not finished.
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  // Before anything that would be done in vain. False with words when it cannot be written.
  bool open(const std::string& path, std::string* error);
  bool is_open() const { return descriptor_ >= 0; }
  // Writes all of it and puts it in its place. False with words, and nothing in its place.
  bool finish(std::string_view text, std::string* error);

 private:
  int write_all(std::string_view text) const;

  std::string path_;
  std::string unfinished_;  // empty for a pipe or a device
  int descriptor_ = -1;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_
