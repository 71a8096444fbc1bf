#include "ringpeer/tools/serve/source_list_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "ringpeer/engine/admission/source_list_text.h"
#include "ringpeer/tools/command/printable_text.h"

namespace ringpeer::tools {
namespace {

using Fault = SourceListFiles::Fault;

// Of a file that grows while it is read, too.
constexpr std::size_t kChunk = std::size_t{1} << 20;

// 0 or errno. What is too large for a list is read no further.
int read_all(int descriptor, std::string* text) {
  while (text->size() <= kMaxSourceListText) {
    const std::size_t size = text->size();
    text->resize(size + kChunk);
    const ssize_t count = ::read(descriptor, text->data() + size, kChunk);
    const int failure = errno;
    text->resize(size + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) return 0;
    if (count < 0 && failure != EINTR) return failure;
  }
  return 0;
}

// Empty, or why it cannot be read. A pipe could be read once only, and one that nobody writes to
// would hold the server up.
std::string read_file(const std::string& path, std::string* text) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return std::strerror(errno);
  struct stat status = {};
  std::string why;
  if (::fstat(descriptor, &status) != 0) {
    why = std::strerror(errno);
  } else if (!S_ISREG(status.st_mode)) {
    why = "it is no regular file, which SIGHUP could have read again";
  } else if (const int failure = read_all(descriptor, text); failure != 0) {
    why = std::strerror(failure);
  }
  ::close(descriptor);
  return why;
}

Fault add_prefixes(const char* option, const std::string& path, std::vector<SourcePrefix>* all,
                   std::string* error) {
  std::string text;
  if (const std::string why = read_file(path, &text); !why.empty()) {
    *error = fmt::format("{} {} cannot be read: {}. Name a file with a prefix a line.", option,
                         printable_text(path), why);
    return Fault::kUnreadable;
  }
  std::vector<SourcePrefix> prefixes;
  if (!parse_source_list(text, &prefixes, error)) {
    *error = fmt::format("{} {}: {}", option, printable_text(path), *error);
    return Fault::kWrong;
  }
  all->insert(all->end(), prefixes.begin(), prefixes.end());
  return Fault::kNone;
}

}  // namespace

SourceListFiles::SourceListFiles(std::vector<std::string> denied, std::vector<std::string> allowed)
    : denied_(std::move(denied)), allowed_(std::move(allowed)) {}

SourceListFiles::Reading SourceListFiles::read() const {
  const auto start = std::chrono::steady_clock::now();
  Reading reading;
  try {
    reading.fault = read(&reading.list, &reading.error);
  } catch (const std::bad_alloc&) {
    reading.error = "no memory for the files of --deny and --allow.";
  }
  reading.load_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return reading;
}

void SourceListFiles::take(Reading reading) {
  const bool is_first = list_ == nullptr;
  if (reading.fault != Fault::kNone) {
    if (!is_first) ++figures_.reloads_failed;
    return;
  }
  if (!is_first) ++figures_.reloads;
  list_ = std::move(reading.list);
  figures_.prefixes = list_->prefix_count();
  figures_.bytes = list_->memory();
  figures_.load_ms = reading.load_ms;
}

Fault SourceListFiles::load(std::string* error) {
  Reading reading = read();
  const Fault fault = reading.fault;
  *error = reading.error;
  take(std::move(reading));
  return fault;
}

Fault SourceListFiles::read(std::shared_ptr<const SourceList>* list, std::string* error) const {
  std::vector<SourcePrefix> denied;
  std::vector<SourcePrefix> allowed;
  for (const std::string& path : denied_) {
    const Fault fault = add_prefixes("--deny", path, &denied, error);
    if (fault != Fault::kNone) return fault;
  }
  for (const std::string& path : allowed_) {
    const std::size_t before = allowed.size();
    const Fault fault = add_prefixes("--allow", path, &allowed, error);
    if (fault != Fault::kNone) return fault;
    if (allowed.size() > before) continue;
    *error = fmt::format(
        "--allow {}: there is no prefix in it: write one, or 0.0.0.0/0 and ::/0 for everybody.",
        printable_text(path));
    return Fault::kWrong;
  }
  Error failure = Error::OK;
  *list = SourceList::create(denied, allowed, &failure);
  if (*list == nullptr) {
    *error = failure == Error::ERR_OUT_OF_MEMORY
                 ? "no memory for the list of --deny and --allow."
                 : fmt::format(
                       "--deny and --allow have more than {} prefixes together: merge "
                       "those that lie within each other.",
                       SourceList::kMaxPrefixes);
    return failure == Error::ERR_OUT_OF_MEMORY ? Fault::kUnreadable : Fault::kWrong;
  }
  return Fault::kNone;
}

}  // namespace ringpeer::tools
