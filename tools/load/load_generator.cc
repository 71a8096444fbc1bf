#include "ringpeer/tools/load/load_generator.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "ringpeer/engine/net/error_queue.h"
#include "ringpeer/tools/load/descriptor_limit.h"
#include "ringpeer/tools/load/payload_sizes.h"
#include "ringpeer/tools/measure/machine_load.h"
#include "ringpeer/tools/measure/socket_drops.h"

namespace ringpeer::tools {
namespace {

using std::chrono::milliseconds;

// Packets that are due within this time leave together: waking for each of 20,000 packets
// a second would cost more than sending them.
constexpr std::chrono::microseconds kSendQuantum{200};
// A generator that was not scheduled for longer than this skips packets, and says so,
// rather than flood the server with old ones.
constexpr double kMaxCatchUpSeconds = 0.1;
// How often a waiting generator looks whether it is to stop; signals wake it anyway,
// but for the instant between looking and waiting.
constexpr milliseconds kStopCheckInterval{100};

// After the last packet, replies are waited for as long as they keep coming. One that is missing
// after this much silence is lost; on a slow path after twice the longest round trip...
constexpr milliseconds kSilence{500};
// ... but not later than this, which is also for a run that has had no reply yet.
constexpr milliseconds kMaxSilence{5000};
// However many come: a server that never stops must not hold up the report.
constexpr milliseconds kMaxSettling{30'000};
constexpr milliseconds kSettleStep{10};
// Leaving clients repeat themselves until the arena has answered.
constexpr milliseconds kGoodbyeInterval{100};
constexpr int kMaxGoodbyes = 20;

constexpr int kMaxEvents = 256;

// What to do when a client's socket cannot be had.
const char* way_out(int error) {
  switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "Is there a route to that address?";
    case EACCES:
    case EPERM:
      return "Is it a broadcast address, or does a firewall of this machine forbid it?";
    case EINVAL:
      return "A link-local address needs its interface, which --target cannot say.";
    case EAFNOSUPPORT:
      return "This machine does not speak that family of addresses.";
    case EADDRNOTAVAIL:
    case EAGAIN:
      return "No local port is free: use fewer clients, or more ports "
             "(sysctl net.ipv4.ip_local_port_range).";
    case EMFILE:
    case ENFILE:
      return "Too many files are open: use fewer clients.";
    default:
      return "";
  }
}

}  // namespace

LoadGenerator::LoadGenerator(const LoadOptions& options)
    : options_(options), payload_(make_load_payload(options)), batch_(kMaxRawPacket) {}

LoadGenerator::~LoadGenerator() {
  if (epoll_ >= 0) close(epoll_);
}

bool LoadGenerator::open(std::string* error) {
  if (!allow_descriptors_for(options_.clients, error)) return false;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) {
    *error = fmt::format("epoll: {}", std::strerror(errno));
    return false;
  }
  clients_.reserve(options_.clients);
  for (std::uint32_t id = 0; id < options_.clients; ++id) {
    if (!open_client(id, error)) return false;
  }
  return true;
}

bool LoadGenerator::open_client(std::uint32_t id, std::string* error) {
  const bool ipv4 = options_.target.address.is_ipv4();
  Client& client = clients_.emplace_back(Client{net::Socket(), LoadClient(id)});
  int failure = client.socket.open(ipv4 ? net::SocketFamily::kIpv4 : net::SocketFamily::kIpv6);
  // Without it the kernel keeps one error of several.
  if (failure == 0) failure = client.socket.set_error_queue(true);
  if (failure == 0) failure = client.socket.connect(options_.target);
  if (failure == 0) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.u32 = id;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket.descriptor(), &event) != 0) failure = errno;
  }
  if (failure == 0) return true;
  *error = fmt::format("client {} cannot connect to {}: {}. {}", id, options_.target_text,
                       std::strerror(failure), way_out(failure));
  return false;
}

LoadReport LoadGenerator::run(const StopSignal& stop, ProgressLine* progress) {
  const StealMeter steal;
  const auto cpu_before = process_cpu_time();
  const auto drops_before = kernel_drops_at(options_.target);

  started_ = Clock::now();
  const auto length = std::chrono::duration<double>(options_.seconds);
  send_until(started_ + std::chrono::duration_cast<Clock::duration>(length), stop, progress);
  report_.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  if (options_.expect != ExpectedReply::kNothing) {
    if (any_snapshots()) say_goodbye();
    settle();
  }

  sum_up();
  const auto drops_after = kernel_drops_at(options_.target);
  if (drops_before && drops_after && *drops_after >= *drops_before) {
    report_.server_kernel_drops = *drops_after - *drops_before;
  }
  report_.stopped_by_signal = stop.number();
  report_.steal_percent = steal.percent();
  report_.cpu = process_cpu_time() - cpu_before;
  return report_;
}

void LoadGenerator::send_until(Clock::time_point end, const StopSignal& stop,
                               ProgressLine* progress) {
  const double packets_per_second = options_.rate * options_.clients;
  Pacer pacer(packets_per_second, started_,
              static_cast<std::uint64_t>(packets_per_second * kMaxCatchUpSeconds) + 1);
  Clock::time_point now = started_;
  while (now < end && !stop.requested() && report_.wait_error == 0) {
    const Pacer::Due due = pacer.take_due(now);
    for (std::uint64_t event = due.first; event < due.first + due.count; ++event) {
      send_one(clients_[event % clients_.size()], false);
    }
    const Clock::time_point next = std::max(pacer.next_due(), now + kSendQuantum);
    receive_until(std::min({next, end, now + kStopCheckInterval}));
    now = Clock::now();
    show_progress(now, progress);
  }
  report_.send_missed = pacer.missed();
}

void LoadGenerator::send_one(Client& client, bool leaving) {
  const LoadStamp stamp = client.account.next_stamp(Clock::now());
  const auto packet = payload_->compose(stamp, leaving);
  int error = client.socket.send(packet);
  if (error == ECONNREFUSED) {
    // Of an earlier packet: a connected socket hands it over instead of sending, once.
    take_refusals(client);
    error = client.socket.send(packet);
  }
  if (error == 0) {
    client.account.sent();
    ++report_.sent;
    report_.packet_bytes = std::max<std::uint64_t>(report_.packet_bytes, packet.size());
  } else {
    ++report_.send_refused;
    report_.send_error = error;
  }
}

bool LoadGenerator::receive_until(Clock::time_point until) {
  const auto left = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::nanoseconds>(until - Clock::now()).count());
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  const timespec timeout = {.tv_sec = left / kNanosecondsPerSecond,
                            .tv_nsec = left % kNanosecondsPerSecond};
  std::array<epoll_event, kMaxEvents> events;
  // Not epoll_pwait2: older kernels lack it, and older containers forbid it.
  pollfd event = {.fd = epoll_, .events = POLLIN, .revents = 0};
  int count = ppoll(&event, 1, &timeout, nullptr);
  if (count > 0) count = epoll_wait(epoll_, events.data(), kMaxEvents, 0);
  if (count < 0 && errno != EINTR) report_.wait_error = errno;
  for (int i = 0; i < count; ++i) {
    receive_from(clients_[events[static_cast<std::size_t>(i)].data.u32]);
  }
  return count > 0;
}

void LoadGenerator::receive_from(Client& client) {
  int error = 0;
  const std::size_t count = batch_.receive(client.socket.descriptor(), &error);
  count_receive_error(error);
  take_refusals(client);
  const Clock::time_point now = Clock::now();
  const auto id = static_cast<std::uint32_t>(&client - clients_.data());
  for (std::size_t i = 0; i < count; ++i) {
    ++report_.received;
    const auto round_trip = client.account.receive(payload_->read(batch_.packet(i), id), now);
    if (round_trip) report_.round_trip.record(*round_trip);
  }
}

void LoadGenerator::count_receive_error(int error) {
  // A call that is forbidden stays so. Anything else is a word of the network about one packet.
  if (error == EPERM || error == ENOSYS) report_.wait_error = error;
}

void LoadGenerator::take_refusals(Client& client) {
  const int descriptor = client.socket.descriptor();
  std::optional<net::ReturnedError> returned;
  while ((returned = net::read_returned_error(descriptor)).has_value()) {
    if (returned->error == ECONNREFUSED) ++report_.connection_refused;
  }
  count_receive_error(errno);
}

void LoadGenerator::say_goodbye() {
  for (int round = 0; round < kMaxGoodbyes && !is_over(); ++round) {
    for (Client& client : clients_) {
      if (!client.account.has_left()) send_one(client, true);
    }
    const Clock::time_point next_round = Clock::now() + kGoodbyeInterval;
    while (Clock::now() < next_round && !is_over()) receive_until(next_round);
  }
}

std::chrono::nanoseconds LoadGenerator::patience() const {
  if (report_.received == 0) {
    return report_.connection_refused > 0 ? kSilence : kMaxSilence;
  }
  return std::clamp<std::chrono::nanoseconds>(2 * report_.round_trip.max(), kSilence, kMaxSilence);
}

void LoadGenerator::settle() {
  const Clock::time_point deadline = Clock::now() + kMaxSettling;
  Clock::time_point last_arrival = Clock::now();
  for (Clock::time_point now = last_arrival; now < deadline && now < last_arrival + patience();
       now = Clock::now()) {
    if (receive_until(now + kSettleStep)) {
      last_arrival = Clock::now();
    } else if (is_over()) {
      return;
    }
  }
}

bool LoadGenerator::all_settled() const {
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const Client& client) { return client.account.settled(); });
}

bool LoadGenerator::any_snapshots() const {
  return std::any_of(clients_.begin(), clients_.end(),
                     [](const Client& client) { return client.account.snapshots() > 0; });
}

void LoadGenerator::show_progress(Clock::time_point now, ProgressLine* progress) const {
  if (!progress->wants_update(now)) return;
  using Milliseconds = std::chrono::duration<double, std::milli>;
  progress->update(
      now, fmt::format("{:.1f} of {:.0f} s: {} sent, {} received, round trip p50 {:.2f} ms, "
                       "p99 {:.2f} ms",
                       std::chrono::duration<double>(now - started_).count(), options_.seconds,
                       report_.sent, report_.received,
                       Milliseconds(report_.round_trip.percentile(0.5)).count(),
                       Milliseconds(report_.round_trip.percentile(0.99)).count()));
}

void LoadGenerator::sum_up() {
  for (const Client& client : clients_) {
    report_.echoes += client.account.echoes();
    report_.late += client.account.late();
    report_.repeated += client.account.repeated();
    report_.foreign += client.account.foreign();
    report_.snapshots += client.account.snapshots();
    report_.snapshots_announced += client.account.snapshots_announced();
    report_.inputs_received += client.account.inputs_received();
    const auto drops = client.socket.kernel_drops();
    if (!drops || !report_.client_kernel_drops) {
      report_.client_kernel_drops.reset();  // of one unknown, the sum is unknown
    } else {
      *report_.client_kernel_drops += *drops;
    }
  }
}

}  // namespace ringpeer::tools
