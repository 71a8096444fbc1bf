#ifndef RINGPEER_STREAM_PEER_TCP_H_
#define RINGPEER_STREAM_PEER_TCP_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/net/tcp_socket.h"
#include "ringpeer/stream_peer.h"

namespace ringpeer {

// Godot's StreamPeerTCP: one TCP connection. Connecting does not wait: poll() until
// get_status() says how it went.
//
// Threads: one at a time.
class StreamPeerTCP final : public StreamPeer {
 public:
  // Godot's numbers.
  enum Status { STATUS_NONE = 0, STATUS_CONNECTING = 1, STATUS_CONNECTED = 2, STATUS_ERROR = 3 };

  // A literal address. ERR_ALREADY_IN_USE when there is a connection already,
  // ERR_INVALID_PARAMETER for a bad address or port, FAILED when the kernel refuses.
  Error connect_to_host(std::string_view host, int port);
  // Takes over a connected socket, from accept() or from who started this process.
  // ERR_ALREADY_IN_USE as above, ERR_INVALID_PARAMETER for anything else than a TCP
  // connection: the descriptor then stays the caller's.
  Error adopt_descriptor(int descriptor);
  void disconnect_from_host();

  // Looks how connecting goes. FAILED when it went wrong.
  Error poll();
  Status get_status() const { return status_; }

  // "" and 0 when not connected.
  std::string get_connected_host() const;
  int get_connected_port() const;
  int get_local_port() const;

  // Small packets go out at once. Only while there is a connection.
  void set_no_delay(bool enabled);

  // ERR_UNCONFIGURED without a connection, OK and 0 bytes while it is being made. FAILED
  // when it breaks; ERR_FILE_EOF when the other side has ended it.
  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override;
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override;

 private:
  bool is_ready(Error* error);
  Error break_off(Status status, Error error);

  net::TcpSocket socket_;
  Status status_ = STATUS_NONE;
};

}  // namespace ringpeer

#endif  // RINGPEER_STREAM_PEER_TCP_H_
