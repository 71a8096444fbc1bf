#ifndef RINGPEER_TOOLS_SERVE_SERVICE_H_
#define RINGPEER_TOOLS_SERVE_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ringpeer/engine.h"
#include "ringpeer/source_list.h"
#include "ringpeer/tools/serve/serve_options.h"

namespace ringpeer::tools {

// What a service did, beyond what the engine counts.
struct ServiceCounts {
  std::uint64_t taken = 0;      // packets that the application took from its peers
  std::uint64_t malformed = 0;  // of these, not what the service understands
  std::uint64_t repeated = 0;   // that came more than once, each time but the first: the arena's
  std::uint64_t own = 0;        // sent in the server's own name, and not answered
  std::uint64_t empty = 0;      // without a byte, and not answered: the library sends none
  std::uint64_t replies = 0;    // packets given to the engine to send, and accepted
  std::uint64_t replies_refused = 0;
  // The arena's.
  std::uint64_t players = 0;
  std::uint64_t most_players = 0;
  std::uint64_t players_refused = 0;
  std::uint64_t ticks = 0;
  std::uint64_t ticks_missed = 0;
};

// The application on top of the engine that `ringpeer serve` runs: one of its modes.
//
// Threads: one, the application thread.
// Failure: open() gives an Error. Once the engine has ended, serve() takes nothing: Server looks
// whether it has.
class Service {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Service() = default;

  // Who may send from now on; before open() too, and again at any time while it serves.
  virtual void set_source_list(std::shared_ptr<const SourceList> list) = 0;
  virtual Error open(const ServeOptions& options) = 0;
  virtual int port() const = 0;
  // What the kernel granted each socket, in bytes.
  virtual int receive_buffer() const = 0;
  // Serves what is there and waits for more, until `until` at most: a signal, or the end
  // of the run, must not wait longer.
  virtual void serve(Clock::time_point until) = 0;
  // Closes the sockets; what waits unread is then the engine's drop.
  virtual void close() = 0;
  virtual ServiceCounts counts() const = 0;
};

std::unique_ptr<Service> make_service(const ServeOptions& options, std::shared_ptr<Engine> engine);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_SERVE_SERVICE_H_
