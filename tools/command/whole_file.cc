#include "ringpeer/tools/command/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/command/unfinished_files.h"

namespace ringpeer::tools {
namespace {

constexpr mode_t kMode = 0666;  // less the umask
// A name that another process left behind is passed over, but not without end.
constexpr int kMaxNames = 100;

bool is_no_file(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

// So that a link to a file stays one.
std::string without_links(const std::string& path) {
  std::error_code unresolved;
  const std::filesystem::path target = std::filesystem::canonical(path, unresolved);
  return unresolved ? path : target.string();
}

// Where a file is, or will be, however it is named.
std::string place_of(const std::string& path) {
  std::error_code unresolved;
  const std::filesystem::path absolute = std::filesystem::absolute(path, unresolved);
  if (unresolved) return path;
  const std::filesystem::path place = std::filesystem::weakly_canonical(absolute, unresolved);
  return unresolved ? path : place.string();
}

}  // namespace

WholeFile::~WholeFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  remove();
}

void WholeFile::remove() {
  if (unfinished_.empty()) return;
  ::unlink(unfinished_.c_str());
  forget_unfinished(unfinished_.c_str());
}

bool WholeFile::fail(int number, std::string* error) const {
  *error = fmt::format("{} cannot be written: {}. Nothing is left of it; name another file.",
                       printable_text(path_), std::strerror(number));
  return false;
}

bool WholeFile::open(const std::string& path, std::string* error) {
  path_ = path;
  if (is_no_file(path)) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return descriptor_ >= 0 || fail(errno, error);
  }
  path_ = without_links(path);
  int failure = EEXIST;
  for (int i = 0; i < kMaxNames && failure == EEXIST; ++i) {
    unfinished_ = fmt::format("{}.unfinished-{}", path_, ::getpid() + i);
    descriptor_ = ::open(unfinished_.c_str(), O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, kMode);
    if (descriptor_ >= 0) {
      remember_unfinished(unfinished_.c_str());
      return true;
    }
    failure = errno;
  }
  return fail(failure, error);
}

bool WholeFile::finish(std::string_view text, std::string* error) {
  int failure = write_all(descriptor_, text);
  // A full disk may be found out only here. What is no file on a disk has nothing to say.
  if (failure == 0 && !unfinished_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL &&
      errno != EROFS) {
    failure = errno;
  }
  if (::close(std::exchange(descriptor_, -1)) != 0 && failure == 0) failure = errno;
  if (failure == 0 && !unfinished_.empty() &&
      std::rename(unfinished_.c_str(), path_.c_str()) != 0) {
    failure = errno;
  }
  if (failure != 0) {
    remove();
    return fail(failure, error);
  }
  forget_unfinished(unfinished_.c_str());
  return true;
}

std::string complaint_about_places(const std::vector<std::string>& paths) {
  std::set<std::string> places;
  for (const std::string& path : paths) {
    if (path.empty() || places.insert(place_of(path)).second) continue;
    return fmt::format("two files have the name {}: give each its own.", printable_text(path));
  }
  return "";
}

bool write_whole_file(const std::string& path, std::string_view text, std::string* error) {
  WholeFile file;
  return file.open(path, error) && file.finish(text, error);
}

}  // namespace ringpeer::tools
