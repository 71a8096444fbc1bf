#ifndef RINGPEER_TOOLS_DEMO_DEMO_REPORT_H_
#define RINGPEER_TOOLS_DEMO_DEMO_REPORT_H_

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// A server's and its clients' reports, held against each other. Each side counts for
// itself; only together can they say that nothing was lost without a reason.
// Threads: one. Lifetime: the options and the load report must outlive it. Failure: none.
class DemoReport {
 public:
  // `server` is what serve_report_to_json() gave.
  DemoReport(const LoadOptions& options, const LoadReport& load, nlohmann::ordered_json server)
      : options_(options), load_(load), server_(std::move(server)) {}

  // Sent by the clients, hellos and answers to challenges too, and neither received by the server
  // nor dropped by its kernel.
  std::int64_t unaccounted_in() const;
  // Sent by the server, and neither received by the clients nor dropped by their kernel.
  std::int64_t unaccounted_out() const;
  // Received by the server's engine, and then lost within the server.
  std::int64_t unaccounted_inside() const;
  std::int64_t unaccounted() const;
  std::uint64_t engine_drops() const;
  // An empty text when the run was good; otherwise what is wrong.
  std::string judge() const;

  nlohmann::ordered_json to_json() const;
  std::string to_text() const;

 private:
  std::int64_t server_count(const char* name) const;

  const LoadOptions& options_;
  const LoadReport& load_;
  nlohmann::ordered_json server_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DEMO_DEMO_REPORT_H_
