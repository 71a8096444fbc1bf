#include "ringpeer/tools/doctor/machine_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace ringpeer::tools {
namespace {

// The files of /proc and /sys that are read have a few KiB; /proc/cpuinfo a KiB a processor.
constexpr std::size_t kMaxFile = std::size_t{4} << 20;

}  // namespace

std::optional<std::string> RealMachineFiles::read(const std::string& path) const {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  std::string chunk(std::size_t{64} << 10, '\0');
  while (text.size() < kMaxFile) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
    if (!file) break;
  }
  // Opened, but not to be read: some settings are like that.
  if (file.bad() || (text.empty() && !file.eof())) return std::nullopt;
  return text;
}

std::vector<std::string> RealMachineFiles::list(const std::string& folder) const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> RealMachineFiles::link_name(const std::string& path) const {
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error) return std::nullopt;
  return target.filename().string();
}

}  // namespace ringpeer::tools
