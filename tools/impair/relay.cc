#include "ringpeer/tools/impair/relay.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "ringpeer/engine/core/listen_address.h"
#include "ringpeer/tools/command/descriptor_limit.h"
#include "ringpeer/tools/command/diagnostics.h"
#include "ringpeer/tools/measure/local_address.h"
#include "ringpeer/tools/measure/receive_buffer.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// How often a waiting relay looks whether it is to stop; signals wake it anyway, but for the
// instant between looking and waiting.
constexpr milliseconds kStopCheckInterval{100};
// How often clients are looked through for idle ones: each look visits all.
constexpr milliseconds kIdleCheckInterval{1000};
// Bytes; of a burst of all clients the kernel keeps what this relay has not come to.
constexpr int kReceiveBuffer = 4 << 20;
// Of a client's replies.
constexpr int kClientReceiveBuffer = 1 << 20;
// Clients are numbered from 1.
constexpr std::uint64_t kListenerToken = 0;
constexpr int kMaxEvents = 256;

// Of a link of its own the kernel wakes a thread up to 50 us late.
void ask_for_precise_wakeups() { ::prctl(PR_SET_TIMERSLACK, 1); }

std::chrono::nanoseconds seconds(double number) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(number));
}

}  // namespace

Relay::Client::Client(const ImpairOptions& options, std::uint64_t seed, std::uint64_t number,
                      const net::Endpoint& from)
    : address(from),
      to_server(options.plan.impairments[0], seed, number, Direction::kToServer),
      to_client(options.plan.impairments[1], seed, number, Direction::kToClient) {}

Relay::Relay(const ImpairOptions& options)
    : options_(options), impairer_(options_.plan.impairments) {
  report_.seed = options.seed ? *options.seed : std::random_device()();
}

Relay::~Relay() {
  if (epoll_ >= 0) close(epoll_);
}

bool Relay::open(std::string* error) {
  if (!allow_descriptors_for(options_.clients, error)) return false;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    *error = fmt::format("epoll: {}", std::strerror(errno));
    return false;
  }
  if (!listen(error)) return false;
  if (!is_own_target()) return true;
  *error =
      fmt::format("--target {} is this relay itself: give another port.", options_.target_text);
  return false;
}

bool Relay::listen(std::string* error) {
  const ListenAddress where = *parse_listen_address(options_.address, options_.port);
  int failure = listener_.open(where.family);
  if (failure == 0) failure = listener_.report_local_addresses();
  if (failure == 0) failure = listener_.bind(where.endpoint);
  if (failure == 0) failure = watch(listener_.descriptor(), kListenerToken);
  if (failure == 0) {
    listener_.request_receive_buffer(kReceiveBuffer);
    report_.receive_buffer = listener_.receive_buffer();
    report_.port = listener_.local_endpoint().value_or(where.endpoint).port;
    return true;
  }
  *error = fmt::format("cannot listen on port {} of {}: {}.{}", options_.port, options_.address,
                       std::strerror(failure),
                       failure == EADDRINUSE ? " Who has it? Choose another one." : "");
  return false;
}

// Each datagram would come back as one of a new client.
bool Relay::is_own_target() const {
  return options_.target.port == report_.port && is_of_this_machine(options_.target) &&
         (options_.address == "*" || options_.address == options_.target.host());
}

int Relay::watch(int descriptor, std::uint64_t token) const {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = token;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

ImpairReport Relay::run(const StopSignal& stop, ProgressLine* progress) {
  ask_for_precise_wakeups();
  started_ = Clock::now();
  const Clock::time_point end =
      options_.seconds > 0 ? started_ + seconds(options_.seconds) : Clock::time_point::max();
  if (options_.report_seconds > 0) next_report_ = started_ + seconds(options_.report_seconds);
  next_look_for_idle_ = started_ + kIdleCheckInterval;
  for (Clock::time_point now = started_; now < end && !stop.requested() && report_.wait_error == 0;
       now = Clock::now()) {
    receive_until(next_event(now, end));
    send_due();
    forget_idle_clients(now);
    tell(now, progress);
    if (status_ == nullptr || !status_->take()) continue;
    progress->make_way();
    ImpairReport report = report_so_far(Clock::now());
    report.is_interim = true;
    teller_(report);
  }
  ImpairReport report = report_so_far(Clock::now());
  report.stopped_by_signal = stop.number();
  return report;
}

void Relay::tell_on(StatusSignal* status, Teller teller) {
  status_ = status;
  teller_ = std::move(teller);
}

std::string Relay::complaint_about_buffer() const {
  return complaint_about_receive_buffer(kReceiveBuffer, report_.receive_buffer);
}

ImpairReport Relay::report_so_far(Clock::time_point now) {
  sum_up(now);
  ImpairReport report = report_;
  count_kernel_drops(listener_, Direction::kToServer, &report);
  for (const auto& [number, client] : clients_) {
    count_kernel_drops(client->socket, Direction::kToClient, &report);
  }
  return report;
}

Relay::Clock::time_point Relay::next_event(Clock::time_point now, Clock::time_point end) const {
  Clock::time_point next = std::min({end, now + kStopCheckInterval, next_report_});
  if (!impairer_.is_empty()) next = std::min(next, impairer_.next_due());
  return next;
}

void Relay::receive_until(Clock::time_point until) {
  const auto left = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count());
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  const timespec timeout = {.tv_sec = left / kNanosecondsPerSecond,
                            .tv_nsec = left % kNanosecondsPerSecond};
  // Not epoll_pwait2: older kernels lack it, and older containers forbid it.
  pollfd event = {.fd = epoll_, .events = POLLIN, .revents = 0};
  std::array<epoll_event, kMaxEvents> events;
  int count = ppoll(&event, 1, &timeout, nullptr);
  if (count > 0) count = epoll_wait(epoll_, events.data(), kMaxEvents, 0);
  if (count < 0 && errno != EINTR) report_.wait_error = errno;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t token = events[static_cast<std::size_t>(i)].data.u64;
    if (token == kListenerToken) {
      receive_from_clients();
    } else {
      receive_from_server(*clients_.at(token));
    }
  }
}

void Relay::receive_from_clients() {
  int error = 0;
  const std::size_t count = batch_.receive(listener_.descriptor(), &error);
  count_receive_error(error);
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    Client* const client = client_of(batch_.sender(i));
    if (client == nullptr) {
      impairer_.refuse(Direction::kToServer);
      continue;
    }
    client->last_heard = now;
    client->reply_from = batch_.local_address(i);
    impairer_.arrive(client->to_server, batch_.payload(i), now);
  }
}

void Relay::receive_from_server(Client& client) {
  int error = 0;
  const std::size_t count = batch_.receive(client.socket.descriptor(), &error);
  count_receive_error(error);
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    client.last_heard = now;
    impairer_.arrive(client.to_client, batch_.payload(i), now);
  }
}

void Relay::count_receive_error(int error) {
  if (error == ECONNREFUSED) ++report_.refused;
  // A call that is forbidden stays so. Anything else is a word of the network about one packet.
  if (error == EPERM || error == ENOSYS) report_.wait_error = error;
}

Relay::Client* Relay::client_of(const net::Endpoint& address) {
  if (const auto known = numbers_.find(address); known != numbers_.end()) {
    return clients_.at(known->second).get();
  }
  if (clients_.size() >= options_.clients) return nullptr;
  const std::uint64_t number = report_.clients + 1;
  auto client = std::make_unique<Client>(options_, report_.seed, number, address);
  client->reply_to = net::to_socket_address(address, listener_.family());
  net::Socket& socket = client->socket;
  int failure = socket.open(options_.target.address.is_ipv4() ? net::SocketFamily::kIpv4
                                                              : net::SocketFamily::kIpv6);
  if (failure == 0) failure = socket.connect(options_.target);
  if (failure == 0) failure = watch(socket.descriptor(), number);
  if (failure != 0) {
    if (report_.socket_error != failure) {
      say(fmt::format("no socket towards {} for a client: {}.", options_.target_text,
                      std::strerror(failure)));
    }
    report_.socket_error = failure;
    return nullptr;
  }
  socket.request_receive_buffer(kClientReceiveBuffer);
  ++report_.clients;
  numbers_.emplace(address, number);
  Client* const added = clients_.emplace(number, std::move(client)).first->second.get();
  report_.most_clients = std::max<std::uint64_t>(report_.most_clients, clients_.size());
  return added;
}

void Relay::send_due() {
  const Clock::time_point now = Clock::now();
  while (const std::optional<Traveller> traveller = impairer_.take_due(now)) {
    const bool was_sent = send(*traveller);
    impairer_.left(*traveller, was_sent, Clock::now());
  }
}

bool Relay::send(const Traveller& traveller) {
  const Client& client = *clients_.at(traveller.flow->client);
  int error = 0;
  if (traveller.flow->direction == Direction::kToServer) {
    error = send_to_server(client, traveller.payload);
  } else if (client.reply_from.is_known()) {
    error = listener_.send_from(traveller.payload, client.reply_to, client.reply_from);
  } else {
    error = listener_.send_to(traveller.payload, client.reply_to);
  }
  if (error != 0) report_.send_error = error;
  return error == 0;
}

int Relay::send_to_server(const Client& client, std::span<const std::uint8_t> payload) {
  const int error = client.socket.send(payload);
  if (error != ECONNREFUSED) return error;
  // Of an earlier one: a connected socket hands it over instead of sending, once.
  ++report_.refused;
  return client.socket.send(payload);
}

void Relay::forget_idle_clients(Clock::time_point now) {
  if (now < next_look_for_idle_) return;
  next_look_for_idle_ = now + kIdleCheckInterval;
  const Clock::time_point oldest = now - seconds(options_.idle_seconds);
  std::erase_if(clients_, [&](const auto& entry) {
    const Client& client = *entry.second;
    const bool waits = client.to_server.waiting + client.to_client.waiting > 0;
    if (waits || client.last_heard > oldest) return false;
    count_kernel_drops(client.socket, Direction::kToClient, &report_);
    numbers_.erase(client.address);
    return true;
  });
}

void Relay::count_kernel_drops(const net::Socket& socket, Direction direction,
                               ImpairReport* report) {
  auto& sum = report->kernel_drops[static_cast<std::size_t>(direction)];
  const std::optional<std::uint32_t> drops = socket.kernel_drops();
  if (!drops || !sum) {
    sum.reset();  // of one unknown, the sum is unknown
  } else {
    *sum += *drops;
  }
}

void Relay::tell(Clock::time_point now, ProgressLine* progress) {
  const bool is_due = now >= next_report_;
  if (!is_due && !progress->wants_update(now)) return;
  sum_up(now);
  const std::string line = impair_report_to_line(report_);
  progress->update(now, line);
  if (!is_due) return;
  say(line);
  const auto interval = seconds(options_.report_seconds);
  next_report_ += interval * ((now - next_report_) / interval + 1);
}

void Relay::sum_up(Clock::time_point now) {
  report_.seconds = std::chrono::duration<double>(now - started_).count();
  for (const Direction direction : kDirections) {
    report_.counts[static_cast<std::size_t>(direction)] = impairer_.counts(direction);
  }
}

}  // namespace ringpeer::tools
