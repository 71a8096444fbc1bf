#include "ringpeer/tools/serve/source_list_reload.h"

#include <chrono>
#include <system_error>
#include <utility>

namespace ringpeer::tools {

std::optional<SourceListFiles::Reading> SourceListReload::look() {
  if (!reading_.valid() && hangup_.take()) begin();
  if (!reading_.valid() ||
      reading_.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) {
    return std::nullopt;
  }
  return std::exchange(reading_, {}).get();
}

// Where there is no thread to be had, when it is looked at.
void SourceListReload::begin() {
  const auto read = [this] { return std::as_const(files_).read(); };
  try {
    reading_ = std::async(std::launch::async, read);
  } catch (const std::system_error&) {
    reading_ = std::async(std::launch::deferred, read);
  }
}

}  // namespace ringpeer::tools
