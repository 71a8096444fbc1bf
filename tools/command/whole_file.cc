#include "ringpeer/tools/command/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace ringpeer::tools {
namespace {

constexpr mode_t kMode = 0666;  // less the umask

bool is_no_file(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

std::string words(const std::string& path, int error) {
  return path + " cannot be written: " + std::strerror(error) + ".";
}

}  // namespace

WholeFile::~WholeFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

bool WholeFile::open(const std::string& path, std::string* error) {
  path_ = path;
  if (!is_no_file(path)) unfinished_ = path + ".unfinished-" + std::to_string(::getpid());
  const std::string& name = unfinished_.empty() ? path_ : unfinished_;
  const int create = unfinished_.empty() ? 0 : O_CREAT | O_EXCL;
  descriptor_ = ::open(name.c_str(), O_WRONLY | O_CLOEXEC | create, kMode);
  if (descriptor_ >= 0) return true;
  *error = words(path_, errno);
  return false;
}

int WholeFile::write_all(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor_, text.data(), text.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  // A full disk may be found out only here. What is no file on a disk has nothing to say.
  if (unfinished_.empty() || ::fsync(descriptor_) == 0 || errno == EINVAL || errno == EROFS) {
    return 0;
  }
  return errno;
}

bool WholeFile::finish(std::string_view text, std::string* error) {
  int failure = write_all(text);
  if (::close(std::exchange(descriptor_, -1)) != 0 && failure == 0) failure = errno;
  if (failure == 0 && !unfinished_.empty() &&
      std::rename(unfinished_.c_str(), path_.c_str()) != 0) {
    failure = errno;
  }
  if (failure == 0) return true;
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
  *error = words(path_, failure);
  return false;
}

}  // namespace ringpeer::tools
