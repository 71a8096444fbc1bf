#ifndef RINGPEER_ENGINE_STREAM_STREAM_PEER_TCP_H_
#define RINGPEER_ENGINE_STREAM_STREAM_PEER_TCP_H_

#include "ringpeer/codec/base/language.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ringpeer/engine/net/tcp_socket.h"
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

  // Looks how connecting goes, and whether the connection is still there. FAILED when it
  // broke or could not be made; the other side's end makes the status STATUS_NONE, once
  // all that came before has been read.
  Error poll();
  Status get_status() const { return status_; }

  // "" and 0 when there is no connection, and none is being made.
  std::string get_connected_host() const;
  int get_connected_port() const;
  int get_local_port() const;

  // Small packets go out at once. Only while there is a connection.
  void set_no_delay(bool enabled);

  // OK and 0 bytes while the connection is being made. Without one, how it ended, each
  // time: ERR_FILE_EOF when the other side has ended it, FAILED when it broke,
  // ERR_UNCONFIGURED when there was none or disconnect_from_host() has ended it. After a
  // put that failed what had arrived can still be got, and then the end.
  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override;
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override;
  std::size_t get_available_bytes() const override { return socket_.unread(); }
  // Counts connections.
  std::uint64_t connection_number() const override { return connection_number_; }

 private:
  Error begin(Status status, const std::optional<net::Endpoint>& remote);
  Error end(Status status, Error how);
  Error end_of_input();
  Error poll_connecting();
  bool is_ready(Error* error);

  net::TcpSocket socket_;
  Status status_ = STATUS_NONE;
  std::optional<net::Endpoint> remote_;
  bool output_broken_ = false;
  Error how_it_ended_ = Error::ERR_UNCONFIGURED;
  std::uint64_t connection_number_ = 0;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_STREAM_STREAM_PEER_TCP_H_
