#ifndef RINGPEER_TOOLS_SERVE_SOURCE_LIST_FILES_H_
#define RINGPEER_TOOLS_SERVE_SOURCE_LIST_FILES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ringpeer/source_list.h"

namespace ringpeer::tools {

// What a report says of a list.
struct SourceListFigures {
  std::size_t prefixes = 0;
  std::size_t bytes = 0;  // of memory
  double load_ms = 0;     // from the files to the list that is used
  std::uint64_t reloads = 0;
  std::uint64_t reloads_failed = 0;  // each of which left the list as it was
};

// The files of --deny and --allow, read at the start and whenever they have changed.
//
// Threads: read() any; the rest one.
class SourceListFiles {
 public:
  enum class Fault {
    kNone,
    kUnreadable,  // a file is not to be had
    kWrong,       // a file has something in it that is no list
  };
  // What the files say.
  struct Reading {
    Fault fault = Fault::kUnreadable;
    std::string error;                       // of a fault
    std::shared_ptr<const SourceList> list;  // without one
    double load_ms = 0;
  };

  SourceListFiles(std::vector<std::string> denied, std::vector<std::string> allowed);

  // Reads them all. A fault says in one line which file it is, where, and what to do. A file that
  // allows nobody is such a fault: it is being written, and a list that allows nothing would let
  // everybody in. Takes seconds for the largest lists.
  Reading read() const;
  // With a fault the list is what it was.
  void take(Reading reading);
  // Both; what was wrong, and *error says it.
  Fault load(std::string* error);

  // Null until one was taken.
  const std::shared_ptr<const SourceList>& list() const { return list_; }
  // Of the list; the first one is no reload.
  SourceListFigures figures() const { return figures_; }

 private:
  Fault read(std::shared_ptr<const SourceList>* list, std::string* error) const;

  const std::vector<std::string> denied_;
  const std::vector<std::string> allowed_;
  std::shared_ptr<const SourceList> list_;
  SourceListFigures figures_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SOURCE_LIST_FILES_H_
