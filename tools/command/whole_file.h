#ifndef RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_
#define RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_

#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::tools {

// A file that is there whole or not at all: it is written beside its place, under another name,
// and takes its place at the end. What was there before stays until then. A pipe or a device, which
// cannot be put aside, is written as it is; a link to a file stays a link. SIGPIPE has to be
// ignored (set_up_process). A signal that ends the program leaves nothing of it, either
// (unfinished_files.h).
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
  bool fail(int number, std::string* error) const;
  void remove();

  std::string path_;        // without links
  std::string unfinished_;  // empty for a pipe or a device
  int descriptor_ = -1;
};

// Of several files in one place the last one would be left: says so, however they are named. Empty
// when each has its own; an empty path is no file. Threads: any.
std::string complaint_about_places(const std::vector<std::string>& paths);

// The same in one go. False, and *error says in one sentence what failed and why.
// Threads: any, for different paths.
bool write_whole_file(const std::string& path, std::string_view text, std::string* error);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_WHOLE_FILE_H_
