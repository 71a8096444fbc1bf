#ifndef RINGPEER_TESTS_PROBES_PROBE_REPORT_H_
#define RINGPEER_TESTS_PROBES_PROBE_REPORT_H_

#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace ringpeer::probes {

// What one run over all probes saw, by the probe's name.
class ProbeReport {
 public:
  struct Observation {
    nlohmann::json result;
    std::string skipped_because;  // empty: it was run
  };

  void report(const std::string& probe, nlohmann::json result) {
    observations_[probe] = {std::move(result), {}};
  }
  void skip(const std::string& probe, std::string reason) {
    observations_[probe] = {{}, std::move(reason)};
  }

  // Null when the probe was never reached.
  const Observation* find(const std::string& probe) const {
    const auto found = observations_.find(probe);
    return found == observations_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, Observation>& observations() const { return observations_; }

 private:
  std::map<std::string, Observation> observations_;
};

}  // namespace ringpeer::probes

#endif  // RINGPEER_TESTS_PROBES_PROBE_REPORT_H_
