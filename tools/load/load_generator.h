#ifndef RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_
#define RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ringpeer/engine/admission/client_handshake.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/socket.h"
#include "ringpeer/tools/load/client_impairment.h"
#include "ringpeer/tools/load/client_result.h"
#include "ringpeer/tools/load/interim_slot.h"
#include "ringpeer/tools/load/live_figures.h"
#include "ringpeer/tools/load/load_client.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/load_report.h"
#include "ringpeer/tools/load/receive_batch.h"
#include "ringpeer/tools/load/reply_patience.h"
#include "ringpeer/tools/load/send_schedule.h"
#include "ringpeer/tools/measure/sparse_histogram.h"

namespace ringpeer::tools {

// Which clients of a plan a generator has: every `of`th, from `index` on, of all processes'.
struct GeneratorShare {
  std::uint32_t index = 0;
  std::uint32_t of = 1;
};

// A time in which one rate is offered.
struct LoadPhase {
  std::chrono::steady_clock::time_point start;
  std::chrono::nanoseconds length{0};
  double packets_per_second = 0;  // of the whole plan
};

// Simulated clients, each with a connected socket of its own, all on one thread. Plain sockets
// and not the library's own peers: the instrument must not share the faults of what it measures.
//
// Packets are sent on a schedule that was made before, whatever became of those before them: open
// loop. Each place of the schedule is a client's; who leaves is followed by another, with a socket
// and a number of its own.
//
// Threads: one at a time: open(), then begin(), send() and settle() for each phase, then finish().
class LoadGenerator {
 public:
  using Clock = std::chrono::steady_clock;

  // Options must have passed check_load_options(). They, and the board, must outlive it.
  LoadGenerator(const LoadOptions& options, GeneratorShare share,
                std::unique_ptr<LoadPayload> payload, LiveBoard* board);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  // Opens the sockets of the clients that are there from the start, and has them let in where the
  // server asks for cookies. False with words that say what to do when it cannot.
  bool open(std::string* error);
  // When the run's clock starts: that of joining, of sessions and of the series.
  void begin(Clock::time_point start, std::chrono::nanoseconds interval);
  // Sends to the end of the phase, or until told to stop. What could not be sent in time leaves
  // after it, for SendSchedule::kMaxCatchUp at most.
  void send(const LoadPhase& phase, const std::atomic<bool>& stop);
  // Waits for what is on its way, as long as it pays.
  void settle(const std::atomic<bool>& stop);
  // Lets all clients leave, waits for the last answers and sums up.
  void finish();

  // When the last phase ended: at its end, or later with its last packet, or where it was stopped.
  Clock::time_point sent_until() const { return sent_until_; }
  // How long a client that has left keeps its socket at most: until its last answer is given up.
  static std::chrono::nanoseconds longest_leave(const LoadOptions& options);

  // What was counted since the call before; the clients' own accounts are in the last one only.
  LoadReport take_report();
  // The same with the clients' accounts so far, and nothing is taken. Between the calls above;
  // while one of them works, another thread asks for it by interim().
  LoadReport report_so_far() const;
  InterimSlot& interim() { return interim_; }
  // Of the clients that are gone; nothing unless the options ask for them.
  const std::vector<ClientResult>& client_results() const { return client_results_; }
  // Of the arena's inputs, as it said so far, those that came; nothing of another server.
  std::uint64_t inputs_received() const;
  // What the kernel granted each socket for receiving; nothing without a socket.
  std::optional<int> socket_buffer() const { return report_.socket_buffer; }
  const LoadSeries& series() const { return series_; }

 private:
  // Leaving clients repeat themselves until the arena has answered.
  static constexpr std::chrono::milliseconds kGoodbyeInterval{100};
  static constexpr int kMaxGoodbyes = 20;

  struct Client {
    explicit Client(std::uint32_t id) : account(id) {}
    net::Socket socket;
    LoadClient account;
    SparseHistogram round_trips;  // for its own result, if the options ask for it
    bool has_begun = false;       // to send
    // Where the server asks for cookies: nothing is due until it has answered a challenge.
    std::optional<admission::ClientHandshake> handshake;
    bool has_entered = false;
    Clock::time_point joined_at;
    // Since it left, or the last of it left the impairment.
    Clock::time_point quiet_since;
    Clock::time_point next_goodbye;
    int goodbyes = 0;
  };
  // A place in the schedule.
  struct Slot {
    std::unique_ptr<Client> client;
    Clock::time_point joins_at;   // until then nothing is due
    Clock::time_point leaves_at;  // and another joins
  };

  std::uint32_t next_id() const { return next_client_ * share_.of + share_.index; }
  std::size_t target_number(std::uint32_t id) const { return id % options_.targets.size(); }
  const net::Endpoint& target_of(std::uint32_t id) const {
    return options_.targets[target_number(id)];
  }
  TargetCounts& counts_of_target(const Client& client) {
    return report_.targets[target_number(client.account.id())];
  }
  int join(Slot* slot);
  bool is_present(Slot* slot, Clock::time_point due);
  bool may_send(const Client& client) const { return !client.handshake || client.has_entered; }
  // Waits until all are let in.
  bool enter_all(std::string* error);
  std::string complaint_about_entry() const;
  // Of those for whom it is time, a hello.
  void greet_all(Clock::time_point now);
  void greet(Client* client, Clock::time_point now);
  // True when it is one, and so nothing else: it is answered.
  bool take_challenge(Client* client, std::span<const std::uint8_t> packet, Clock::time_point now);
  void leave(Slot* slot, Clock::time_point now);
  std::unique_ptr<SendSchedule> schedule_of(const LoadPhase& phase);
  // Sends some of what is due. True when that was all.
  bool send_due(SendSchedule* schedule, Clock::time_point until);
  // Counts what is due as missed, until told to stop.
  void leave_out_due(SendSchedule* schedule, Clock::time_point until,
                     const std::atomic<bool>& stop);
  void count_missed(Clock::time_point due, std::uint64_t packets);
  void send_one(Client* client, const LoadStamp& stamp, bool leaving);
  void count_sent(Client* client, const LoadStamp& stamp, Clock::time_point now);
  int send_packet(Client* client, std::span<const std::uint8_t> packet, Clock::time_point due,
                  Clock::time_point now);
  // To its target.
  int forward(Client* client, std::span<const std::uint8_t> packet);
  // The same of a packet that no account of targets has.
  int send_now(Client* client, std::span<const std::uint8_t> packet);
  // Takes what has arrived, waiting for it until `until` at most. True if anything had.
  bool receive_until(Clock::time_point until);
  void receive_from(Client* client);
  void take_packet(Client* client, std::span<const std::uint8_t> packet, Clock::time_point now);
  LoadReply read_reply(const Client& client, std::span<const std::uint8_t> packet) const;
  void take_answer(const LoadClient::Answer& answer);
  // Counts the packets that the target's machine has refused: each comes back in an ICMP error.
  void take_refusals(Client* client);
  void count_receive_error(int error);
  // Of an impairment: hands on what has waited until now. True if anything had.
  bool deliver_due(Clock::time_point now);
  bool deliver(const Traveller& traveller, Clock::time_point now);
  bool has_impaired() const { return impairment_ && !impairment_->is_empty(); }
  std::chrono::nanoseconds longest_delay() const;
  // What is known of a client's answers, before an impairment changes them.
  const LoadClient& known_of(const Client& client) const;
  bool is_settled(const Client& client) const;
  // What is not of each packet: those who leave, the series, what is shown.
  void keep_house(Clock::time_point now);
  void serve_leaving(Clock::time_point now);
  void say_goodbye(Client* client, Clock::time_point now);
  bool is_done_with(const Client& client, Clock::time_point now) const;
  void retire(std::unique_ptr<Client> client);
  void publish(Clock::time_point now);
  // How long to wait for last replies, however many come.
  std::chrono::nanoseconds longest_settling() const;
  bool all_settled() const;
  bool any_snapshots() const;

  const LoadOptions& options_;
  GeneratorShare share_;
  LiveBoard* board_;
  std::unique_ptr<LoadPayload> payload_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Client>> leaving_;
  std::uint32_t next_client_ = 0;
  // Without one there is none in the way of a packet.
  std::optional<ClientImpairment> impairment_;
  std::unordered_map<std::uint32_t, Client*> impaired_;  // by number
  int epoll_ = -1;
  ReceiveBatch batch_;
  LoadReport report_;  // since take_report()
  InterimSlot interim_;
  std::vector<ClientResult> client_results_;
  LoadSeries series_;
  LiveFigures live_;  // since publish()
  std::uint32_t clients_shown_ = 0;
  std::uint32_t connected_ = 0;
  Clock::time_point next_house_;
  Clock::time_point next_publish_;
  Clock::time_point next_greeting_;
  ReplyPatience patience_;
  std::uint64_t inputs_of_retired_ = 0;
  bool is_finishing_ = false;
  Clock::time_point last_sent_at_;
  Clock::time_point sent_until_;
  std::chrono::nanoseconds sending_{0};
  std::chrono::nanoseconds sending_cpu_{0};
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_LOAD_GENERATOR_H_
