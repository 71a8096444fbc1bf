#include "ringpeer/stream_peer_tcp.h"

#include <cerrno>

#include "ringpeer/engine/core/listen_address.h"

namespace ringpeer {

Error StreamPeerTCP::connect_to_host(std::string_view host, int port) {
  if (socket_.is_open()) return Error::ERR_ALREADY_IN_USE;
  const auto remote = parse_remote(host, port);
  if (!remote.has_value()) return Error::ERR_INVALID_PARAMETER;
  const int error = socket_.connect(*remote);
  if (error != 0 && error != EINPROGRESS) return end(STATUS_ERROR, Error::FAILED);
  return begin(error == 0 ? STATUS_CONNECTED : STATUS_CONNECTING, remote);
}

Error StreamPeerTCP::adopt_descriptor(int descriptor) {
  if (socket_.is_open()) return Error::ERR_ALREADY_IN_USE;
  if (socket_.adopt(descriptor) != 0) return Error::ERR_INVALID_PARAMETER;
  return begin(STATUS_CONNECTED, socket_.remote_endpoint());
}

void StreamPeerTCP::disconnect_from_host() { (void)end(STATUS_NONE, Error::ERR_UNCONFIGURED); }

Error StreamPeerTCP::begin(Status status, const std::optional<net::Endpoint>& remote) {
  status_ = status;
  remote_ = remote;
  output_broken_ = false;
  ++connection_number_;
  return Error::OK;
}

Error StreamPeerTCP::end(Status status, Error how) {
  socket_.close();
  remote_.reset();
  status_ = status;
  how_it_ended_ = how;
  return how;
}

// Reading has come to the end: the other side's, or that of a connection that had broken.
Error StreamPeerTCP::end_of_input() {
  return output_broken_ ? end(STATUS_ERROR, Error::FAILED) : end(STATUS_NONE, Error::ERR_FILE_EOF);
}

Error StreamPeerTCP::poll() {
  if (status_ == STATUS_CONNECTING) return poll_connecting();
  if (status_ == STATUS_CONNECTED) {
    std::size_t count = 0;
    const int failure = socket_.peek(&count);
    if (failure == 0 && count == 0) {
      (void)end_of_input();  // get_status() says so
    } else if (failure != 0 && failure != EAGAIN) {
      (void)end(STATUS_ERROR, Error::FAILED);
    }
  }
  return status_ == STATUS_ERROR ? Error::FAILED : Error::OK;
}

Error StreamPeerTCP::poll_connecting() {
  const int error = socket_.connection_error();
  if (error == EINPROGRESS) return Error::OK;
  if (error != 0) return end(STATUS_ERROR, Error::FAILED);
  status_ = STATUS_CONNECTED;
  return Error::OK;
}

std::string StreamPeerTCP::get_connected_host() const {
  return remote_.has_value() ? remote_->address.to_string() : std::string();
}

int StreamPeerTCP::get_connected_port() const { return remote_.has_value() ? remote_->port : 0; }

int StreamPeerTCP::get_local_port() const {
  const auto local = socket_.local_endpoint();
  return local.has_value() ? local->port : 0;
}

void StreamPeerTCP::set_no_delay(bool enabled) {
  if (socket_.is_open()) socket_.set_no_delay(enabled);
}

// False when nothing can be read or written, and what that is: OK while connecting.
bool StreamPeerTCP::is_ready(Error* error) {
  if (status_ == STATUS_CONNECTING) (void)poll_connecting();  // status_ says how it went
  const bool is_over = status_ == STATUS_NONE || status_ == STATUS_ERROR;
  *error = is_over ? how_it_ended_ : Error::OK;
  return status_ == STATUS_CONNECTED;
}

Error StreamPeerTCP::put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) {
  *written = 0;
  Error error = Error::OK;
  if (!is_ready(&error)) return error;
  if (output_broken_) return Error::FAILED;
  const int failure = socket_.send(data, written);
  if (failure == 0 || failure == EAGAIN) return Error::OK;
  output_broken_ = true;
  // What arrived before is to be read first; reading then comes to the end.
  return socket_.unread() > 0 ? Error::FAILED : end(STATUS_ERROR, Error::FAILED);
}

Error StreamPeerTCP::get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) {
  *received = 0;
  Error error = Error::OK;
  if (!is_ready(&error) || buffer.empty()) return error;
  const int failure = socket_.receive(buffer, received);
  if (failure == EAGAIN) return Error::OK;
  if (failure != 0) return end(STATUS_ERROR, Error::FAILED);
  return *received == 0 ? end_of_input() : Error::OK;
}

}  // namespace ringpeer
