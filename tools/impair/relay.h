#ifndef RINGPEER_TOOLS_IMPAIR_RELAY_H_
#define RINGPEER_TOOLS_IMPAIR_RELAY_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/command/progress_line.h"
#include "ringpeer/tools/command/status_signal.h"
#include "ringpeer/tools/command/stop_signal.h"
#include "ringpeer/tools/impair/datagram_batch.h"
#include "ringpeer/tools/impair/impair_options.h"
#include "ringpeer/tools/impair/impair_report.h"
#include "ringpeer/tools/impairment/impairer.h"

namespace ringpeer::tools {

// Stands between clients and a server: one socket for all clients, and for each of them one
// towards the server, which so sees as many clients. Plain sockets and not the library's own peers:
// an instrument must not share the faults of what is tried with it, and each datagram has a time
// of its own to leave, of which the engine, which sends as soon as it can, knows nothing.
//
// Threads: one. Use once: open(), then run().
class Relay {
 public:
  // Options must have passed check_impair_options().
  explicit Relay(const ImpairOptions& options);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // False with words that say what to do when a socket is not to be had.
  bool open(std::string* error);
  int port() const { return report_.port; }
  std::uint64_t seed() const { return report_.seed; }

  // An empty text when the kernel granted the receive buffer that was asked for; otherwise what
  // to do about it.
  std::string complaint_about_buffer() const;

  // Where reports go that are asked for while it forwards. Both must outlive run().
  using Teller = std::function<void(const ImpairReport&)>;
  void tell_on(StatusSignal* status, Teller teller);

  // Forwards for the time given in the options, or until stopped.
  ImpairReport run(const StopSignal& stop, ProgressLine* progress);

 private:
  using Clock = std::chrono::steady_clock;

  struct Client {
    Client(const ImpairOptions& options, std::uint64_t seed, std::uint64_t number,
           const net::Endpoint& from);

    net::Endpoint address;
    net::SocketAddress reply_to;
    net::LocalAddress reply_from;
    net::Socket socket;
    Clock::time_point last_heard;  // from either side
    Flow to_server;
    Flow to_client;
  };

  bool listen(std::string* error);
  bool is_own_target() const;
  int watch(int descriptor, std::uint64_t token) const;

  // Takes what has arrived, waiting for it until `until` at most.
  void receive_until(Clock::time_point until);
  void receive_from_clients();
  void receive_from_server(Client& client);
  void count_receive_error(int error);
  // The client with this address, a new one where there is room; null otherwise.
  Client* client_of(const net::Endpoint& address);

  void send_due();
  bool send(const Traveller& traveller);
  int send_to_server(const Client& client, std::span<const std::uint8_t> payload);
  void forget_idle_clients(Clock::time_point now);
  static void count_kernel_drops(const net::Socket& socket, Direction direction,
                                 ImpairReport* report);
  // With what the sockets that are open have dropped, which is in no sum yet.
  ImpairReport report_so_far(Clock::time_point now);

  // What a loop waits for at the latest.
  Clock::time_point next_event(Clock::time_point now, Clock::time_point end) const;
  void tell(Clock::time_point now, ProgressLine* progress);
  void sum_up(Clock::time_point now);

  ImpairOptions options_;
  net::Socket listener_;
  int epoll_ = -1;
  DatagramBatch batch_;
  Impairer impairer_;
  std::unordered_map<net::Endpoint, std::uint64_t, net::EndpointHash> numbers_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Client>> clients_;  // by number
  ImpairReport report_;
  StatusSignal* status_ = nullptr;
  Teller teller_;
  Clock::time_point started_;
  Clock::time_point next_report_ = Clock::time_point::max();
  Clock::time_point next_look_for_idle_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIR_RELAY_H_
