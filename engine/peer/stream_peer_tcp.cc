#include "ringpeer/stream_peer_tcp.h"

#include <cerrno>

#include "ringpeer/peer/listen_address.h"

namespace ringpeer {

Error StreamPeerTCP::connect_to_host(std::string_view host, int port) {
  if (socket_.is_open()) return Error::ERR_ALREADY_IN_USE;
  const auto remote = parse_remote(host, port);
  if (!remote.has_value()) return Error::ERR_INVALID_PARAMETER;
  const int error = socket_.connect(*remote);
  if (error != 0 && error != EINPROGRESS) return break_off(STATUS_ERROR, Error::FAILED);
  status_ = error == 0 ? STATUS_CONNECTED : STATUS_CONNECTING;
  return Error::OK;
}

Error StreamPeerTCP::adopt_descriptor(int descriptor) {
  if (socket_.is_open()) return Error::ERR_ALREADY_IN_USE;
  if (socket_.adopt(descriptor) != 0) return Error::ERR_INVALID_PARAMETER;
  status_ = STATUS_CONNECTED;
  return Error::OK;
}

void StreamPeerTCP::disconnect_from_host() { break_off(STATUS_NONE, Error::OK); }

Error StreamPeerTCP::break_off(Status status, Error error) {
  socket_.close();
  status_ = status;
  return error;
}

Error StreamPeerTCP::poll() {
  if (status_ != STATUS_CONNECTING) return status_ == STATUS_ERROR ? Error::FAILED : Error::OK;
  const int error = socket_.connection_error();
  if (error == EINPROGRESS) return Error::OK;
  if (error != 0) return break_off(STATUS_ERROR, Error::FAILED);
  status_ = STATUS_CONNECTED;
  return Error::OK;
}

std::string StreamPeerTCP::get_connected_host() const {
  const auto remote = socket_.remote_endpoint();
  return remote.has_value() ? remote->address.to_string() : std::string();
}

int StreamPeerTCP::get_connected_port() const {
  const auto remote = socket_.remote_endpoint();
  return remote.has_value() ? remote->port : 0;
}

int StreamPeerTCP::get_local_port() const {
  const auto local = socket_.local_endpoint();
  return local.has_value() ? local->port : 0;
}

void StreamPeerTCP::set_no_delay(bool enabled) {
  if (socket_.is_open()) socket_.set_no_delay(enabled);
}

// False when there is nothing to be read or written, and why.
bool StreamPeerTCP::is_ready(Error* error) {
  *error = poll();
  if (*error != Error::OK) return false;
  if (status_ == STATUS_NONE) *error = Error::ERR_UNCONFIGURED;
  return status_ == STATUS_CONNECTED;
}

Error StreamPeerTCP::put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) {
  *written = 0;
  Error error = Error::OK;
  if (!is_ready(&error)) return error;
  const int failure = socket_.send(data, written);
  if (failure == 0 || failure == EAGAIN) return Error::OK;
  return break_off(STATUS_ERROR, Error::FAILED);
}

Error StreamPeerTCP::get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) {
  *received = 0;
  Error error = Error::OK;
  if (buffer.empty() || !is_ready(&error)) return error;
  const int failure = socket_.receive(buffer, received);
  if (failure == EAGAIN) return Error::OK;
  if (failure != 0) return break_off(STATUS_ERROR, Error::FAILED);
  return *received == 0 ? break_off(STATUS_NONE, Error::ERR_FILE_EOF) : Error::OK;
}

}  // namespace ringpeer
