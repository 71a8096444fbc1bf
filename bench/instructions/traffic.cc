#include "ringpeer/bench/instructions/traffic.h"

#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ringpeer::bench {
namespace {

// Of the loopback interface, where nobody else is.
const std::string kNetOfRemotes = "127.64.0.";
constexpr std::uint16_t kPortOfRemotes = 21000;

}  // namespace

void give_up(std::string_view reason) {
  fmt::print(stderr, "instructions: {}\n", reason);
  std::exit(1);
}

void connect_all(Traffic& traffic, int port) {
  net::Endpoint receiver;
  receiver.address = *net::IpAddress::parse("127.0.0.1");
  receiver.port = static_cast<std::uint16_t>(port);
  for (std::size_t i = 0; i < traffic.remotes.size(); ++i) {
    net::Endpoint own;
    own.address = *net::IpAddress::parse(kNetOfRemotes + std::to_string(i + 1));
    own.port = kPortOfRemotes;
    net::Socket& remote = traffic.remotes[i];
    if (remote.open(net::SocketFamily::kIpv4) != 0 || remote.bind(own) != 0 ||
        remote.connect(receiver) != 0) {
      give_up("a remote's socket failed");
    }
  }
}

void send_batch(Traffic& traffic, std::size_t batch) {
  const std::array<std::byte, kPacketSize> packet{};
  for (std::size_t i = 0; i < batch; ++i) {
    const net::Socket& remote = traffic.remotes[traffic.next];
    traffic.next = (traffic.next + 1) % kRemotes;
    if (send(remote.descriptor(), packet.data(), packet.size(), 0) < 0) give_up("a send failed");
  }
}

std::shared_ptr<Engine> make_engine(BackendKind backend, std::chrono::milliseconds budget) {
  EngineOptions options;
  options.workers = 0;
  options.latency_budget = budget;
  options.backend = backend;
  std::string message;
  std::shared_ptr<Engine> engine = Engine::create(options, nullptr, &message);
  if (engine == nullptr) give_up(message);
  return engine;
}

}  // namespace ringpeer::bench
