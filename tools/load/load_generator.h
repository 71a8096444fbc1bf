#ifndef RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_
#define RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/load/load_client.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/load/receive_batch.h"
#include "ringpeer/tools/measure/pacer.h"

namespace ringpeer::tools {

// Simulated clients, each with a connected socket of its own, all on the calling thread.
// Plain sockets and not the library's own peers: the instrument must not share the faults
// of what it measures.
//
// Threads: one. Use once: open(), then run().
class LoadGenerator {
 public:
  // Options must have passed check_load_options().
  explicit LoadGenerator(const LoadOptions& options);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Opens every client's socket. False with words that say what to do when it cannot.
  bool open(std::string* error);

  // Sends for the given time or until stopped, waits for what is still on its way, and
  // says what became of every packet.
  LoadReport run(const StopSignal& stop, ProgressLine* progress);

 private:
  using Clock = std::chrono::steady_clock;

  struct Client {
    net::Socket socket;
    LoadClient account;
  };

  bool open_client(std::uint32_t id, std::string* error);
  void send_until(Clock::time_point end, const StopSignal& stop, ProgressLine* progress);
  void settle();
  void say_goodbye();
  void send_one(Client& client, bool leaving);
  // Takes what has arrived, waiting for it until `until` at most. True if anything had.
  bool receive_until(Clock::time_point until);
  void receive_from(Client& client);
  // Counts the packets that the target's machine has refused: each comes back in an ICMP error.
  void take_refusals(Client& client);
  void count_receive_error(int error);
  // How long to wait for a reply after the last one.
  std::chrono::nanoseconds patience() const;
  bool all_settled() const;
  // Nothing more is to be waited for, or waiting is not possible.
  bool is_over() const { return report_.wait_error != 0 || all_settled(); }
  bool any_snapshots() const;
  void show_progress(Clock::time_point now, ProgressLine* progress) const;
  void sum_up();

  LoadOptions options_;
  std::unique_ptr<LoadPayload> payload_;
  std::vector<Client> clients_;
  int epoll_ = -1;
  ReceiveBatch batch_;
  LoadReport report_;
  Clock::time_point started_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_
