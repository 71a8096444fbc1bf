#include <array>

#include <asio.hpp>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

using asio::ip::udp;

// asio::io_context with one outstanding async_receive_from, as its tutorial shows.
class AsioReceiver : public Receiver {
 public:
  std::string open(const ReceiverOptions& options) override {
    longest_wait_ = options.longest_wait;
    asio::error_code error;
    socket_.open(udp::v4(), error);
    if (!error) socket_.bind(udp::endpoint(asio::ip::address_v4::loopback(), 0), error);
    if (error) return error.message();
    if (std::string problem = apply_options(socket_.native_handle(), options); !problem.empty()) {
      return problem;
    }
    start_receive();
    return "";
  }

  int port() const override {
    asio::error_code error;
    return socket_.local_endpoint(error).port();
  }

  void wait_and_receive(Application& application) override {
    application_ = &application;
    left_ = SIZE_MAX;
    context_.restart();
    // Not run_for(), which looks at the clock for every handler.
    wait_limit_.expires_after(longest_wait_);
    wait_limit_.async_wait([this](const asio::error_code& error) {
      if (!error) context_.stop();
    });
    context_.run();
  }

  void receive_available(Application& application, std::size_t most) override {
    application_ = &application;
    left_ = most;
    context_.restart();
    context_.poll();
  }

 private:
  void start_receive() {
    socket_.async_receive_from(
        asio::buffer(buffer_), source_,
        [this](const asio::error_code& error, std::size_t size) { on_receive(error, size); });
  }

  void on_receive(const asio::error_code& error, std::size_t size) {
    if (!error) application_->consume(buffer_.data(), size);
    start_receive();
    if (--left_ == 0) context_.stop();
  }

  asio::io_context context_{1};
  udp::socket socket_{context_};
  asio::steady_timer wait_limit_{context_};
  udp::endpoint source_;
  Application* application_ = nullptr;
  std::chrono::milliseconds longest_wait_{};
  std::size_t left_ = 0;
  std::array<std::byte, 65536> buffer_;
};

}  // namespace

std::unique_ptr<Receiver> make_asio_receiver() { return std::make_unique<AsioReceiver>(); }

}  // namespace ringpeer::bench
