#ifndef RINGPEER_TOOLS_DOCTOR_MACHINE_FILES_H_
#define RINGPEER_TOOLS_DOCTOR_MACHINE_FILES_H_

#include <optional>
#include <string>
#include <vector>

namespace ringpeer::tools {

// The files of /proc and /sys, or what a test puts in their place.
// Threads: one. Failure: nothing, or no names, where something cannot be read.
class MachineFiles {
 public:
  virtual ~MachineFiles() = default;

  virtual std::optional<std::string> read(const std::string& path) const = 0;
  // The names in a folder, in order.
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
  // The last part of what a symbolic link names.
  virtual std::optional<std::string> link_name(const std::string& path) const = 0;
};

// Those of this machine.
class RealMachineFiles : public MachineFiles {
 public:
  std::optional<std::string> read(const std::string& path) const override;
  std::vector<std::string> list(const std::string& folder) const override;
  std::optional<std::string> link_name(const std::string& path) const override;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_MACHINE_FILES_H_
