#include <netinet/in.h>
#include <uv.h>

#include <vector>

#include "ringpeer/bench/rivals/receivers/receivers.h"
#include "ringpeer/bench/rivals/udp_socket.h"

namespace ringpeer::bench {
namespace {

// libuv reads at most 20 datagrams a recvmmsg call, each into 64 KiB of the buffer.
constexpr std::size_t kBufferBytes = std::size_t{20} * 65536;

class LibuvReceiver : public Receiver {
 public:
  ~LibuvReceiver() override {
    if (!open_) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&socket_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&wait_limit_), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  std::string open(const ReceiverOptions& options) override {
    longest_wait_ = options.longest_wait;
    if (int status = start(); status != 0) return uv_strerror(status);
    uv_os_fd_t fd = -1;
    uv_fileno(reinterpret_cast<uv_handle_t*>(&socket_), &fd);
    return apply_options(fd, options);
  }

  int port() const override {
    sockaddr_in address{};
    int length = sizeof(address);
    uv_udp_getsockname(&socket_, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }

  void wait_and_receive(Application& application) override {
    application_ = &application;
    uv_timer_start(
        &wait_limit_, [](uv_timer_t* timer) { uv_stop(timer->loop); },
        static_cast<std::uint64_t>(longest_wait_.count()), 0);
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

  // libuv decides itself how much it reads in one turn of its loop.
  void receive_available(Application& application, std::size_t most) override {
    application_ = &application;
    for (std::uint64_t before = 0; most > 0; most -= static_cast<std::size_t>(before)) {
      before = application.packets();
      uv_run(&loop_, UV_RUN_NOWAIT);
      before = application.packets() - before;
      if (before == 0 || before >= most) return;
    }
  }

 private:
  int start() {
    if (int status = uv_loop_init(&loop_); status != 0) return status;
    uv_timer_init(&loop_, &wait_limit_);
    if (int status = uv_udp_init_ex(&loop_, &socket_, AF_INET | UV_UDP_RECVMMSG); status != 0) {
      return status;
    }
    open_ = true;
    socket_.data = this;
    const sockaddr_in address = loopback_address(0);
    if (int status = uv_udp_bind(&socket_, reinterpret_cast<const sockaddr*>(&address), 0);
        status != 0) {
      return status;
    }
    return uv_udp_recv_start(&socket_, allocate, on_receive);
  }

  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto* self = static_cast<LibuvReceiver*>(handle->data);
    *buffer = uv_buf_init(self->buffer_.data(), static_cast<unsigned>(self->buffer_.size()));
  }

  static void on_receive(uv_udp_t* socket, ssize_t size, const uv_buf_t* buffer,
                         const sockaddr* source, unsigned) {
    auto* self = static_cast<LibuvReceiver*>(socket->data);
    // Without a source it is libuv's word that the socket is empty or a buffer free again.
    if (size < 0 || source == nullptr) return;
    self->application_->consume(reinterpret_cast<const std::byte*>(buffer->base),
                                static_cast<std::size_t>(size));
  }

  uv_loop_t loop_{};
  uv_udp_t socket_{};
  uv_timer_t wait_limit_{};
  std::chrono::milliseconds longest_wait_{};
  bool open_ = false;
  Application* application_ = nullptr;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

}  // namespace

std::unique_ptr<Receiver> make_libuv_receiver() { return std::make_unique<LibuvReceiver>(); }

}  // namespace ringpeer::bench
