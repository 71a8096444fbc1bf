// Random puts and gets over a stream that writes and reads a little at a time, throws, fails,
// ends and connects again, beside what a user expects of it:
//
// - what was accepted arrives whole, in order and once, as long as its connection lives;
// - what was not accepted never arrives;
// - what arrived before the stream ended is given, then how it ended, each time;
// - no byte of one connection gets into another.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/tests/support/model/model_run.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kLengthSize = PacketPeerStream::kLengthSize;
constexpr int kSmallestInput = 60;
// More packets than the largest input buffer and all that waits behind it hold.
constexpr int kMaxOfALoop = 1000;

Bytes framed(const Bytes& packet) {
  Bytes frame(kLengthSize);
  frame[0] = static_cast<std::uint8_t>(packet.size());
  frame.insert(frame.end(), packet.begin(), packet.end());
  return frame;
}

// The present step's draws; without one the simplest.
class Random {
 public:
  void use(test::Draws* draws) { draws_ = draws; }
  std::size_t up_to(std::size_t most) { return draws_ == nullptr ? 0 : draws_->up_to(most); }
  bool once_in(std::size_t times) { return draws_ != nullptr && draws_->one_in(times); }

 private:
  test::Draws* draws_ = nullptr;
};

struct StreamTrouble {};

// Where the stream's next bytes have to lie: what waits is moved by no call, however much it is.
class Place {
 public:
  // A run begins behind what was used of the last one, unless the ring has been emptied meanwhile,
  // which then begins at its beginning.
  void look_at(const std::uint8_t* run, bool may_begin_again) {
    const bool begins_again = may_begin_again && run <= lowest_;
    const bool is_known = next_ != nullptr && !begins_again;
    EXPECT_TRUE(!is_known || next_ == run) << "what waits was moved";
    if (lowest_ == nullptr || run < lowest_) lowest_ = run;
    next_ = run;
  }
  void use(std::size_t used, std::size_t size) {
    next_ = used == size ? nullptr : next_ + used;  // behind a whole run is the ring's beginning
  }
  void forget() { next_ = lowest_ = nullptr; }

 private:
  const std::uint8_t* next_ = nullptr;  // null when not known
  const std::uint8_t* lowest_ = nullptr;
};

// One side of connections, one after another; the test is the other.
class FaultyStream final : public StreamPeer {
 public:
  explicit FaultyStream(Random* random) : random_(random) {}

  Bytes sent;  // what this side has written
  std::deque<std::uint8_t> incoming;
  bool healthy = false;      // no faults for the time being
  Error end = Error::OK;     // behind `incoming`
  Error broken = Error::OK;  // no byte goes any more
  std::uint64_t number = 0;
  bool buffers_change = false;       // by the next put
  std::function<void()> after_read;  // what the other side does when something was read
  PacketPeerStream* peer = nullptr;  // which is in one of the calls below then

  void connect_again() {
    forget_places();
    sent.clear();
    incoming.clear();
    end = broken = Error::OK;
    has_said_end_ = false;
  }

  // The buffers are others now, or are emptied.
  void forget_places() {
    output_.forget();
    input_.forget();
  }

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    *written = 0;
    call_back();
    if (broken != Error::OK) return broken;
    if (buffers_change) output_.forget();
    output_.look_at(data.data(), false);
    if (!healthy && random_->once_in(12)) {
      output_.forget();  // the packet of a put that fails is dropped
      throw StreamTrouble{};
    }
    *written = healthy ? data.size() : random_->up_to(data.size());
    sent.insert(sent.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*written));
    output_.use(*written, data.size());
    if (!healthy && random_->once_in(40)) fail_writing();
    return broken;
  }

  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    *received = 0;
    call_back();
    input_.look_at(buffer.data(), true);
    if (!healthy && random_->once_in(12)) throw StreamTrouble{};
    const std::size_t most = std::min(buffer.size(), incoming.size());
    *received = healthy ? most : random_->up_to(most);
    const auto last = incoming.begin() + static_cast<std::ptrdiff_t>(*received);
    std::copy(incoming.begin(), last, buffer.begin());
    incoming.erase(incoming.begin(), last);
    input_.use(*received, buffer.size());
    if (*received > 0 && after_read != nullptr) after_read();
    if (*received > 0 || !incoming.empty() || end == Error::OK) return Error::OK;
    input_.forget();  // half a packet is dropped
    // How it ended it says once; then that it has.
    return std::exchange(has_said_end_, true) ? Error::ERR_FILE_EOF : end;
  }

  std::uint64_t connection_number() const override { return number; }

 private:
  // The buffers that it was given must stay as they are.
  void call_back() {
    if (!random_->once_in(16)) return;
    EXPECT_EQ(Error::ERR_LOCKED, peer->put_packet(Bytes{1}));
    EXPECT_TRUE(peer->get_packet().empty());
    EXPECT_EQ(Error::ERR_LOCKED, peer->get_packet_error());
    EXPECT_EQ(Error::ERR_LOCKED, peer->poll());
    peer->set_stream_peer(nullptr);
    peer->set_input_buffer_max_size(1 << 12);
    peer->set_output_buffer_max_size(1 << 12);
  }
  // Some streams can still be read, some are then at their end.
  void fail_writing() {
    output_.forget();
    broken = random_->once_in(2) ? Error::FAILED : Error::ERR_FILE_EOF;
    if (end == Error::OK && random_->once_in(2)) end = broken;
  }

  Random* random_;
  bool has_said_end_ = false;
  Place output_;
  Place input_;
};

// No faults while it lives.
class Health {
 public:
  explicit Health(FaultyStream* stream) : stream_(stream), before_(stream->healthy) {
    stream_->healthy = true;
  }
  ~Health() { stream_->healthy = before_; }
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;

 private:
  FaultyStream* stream_;
  bool before_;
};

class StreamModel final : public test::Model {
 public:
  enum Kind {
    kOtherSends,
    kOtherEnds,
    kStartAgain,
    kChangeBuffers,
    kPoll,
    kCount,
    kGet,
    kPut,
    kFlood,
    kSettle
  };

  StreamModel() { use_new_stream(); }

  void step(std::size_t kind, test::Draws& draws) override {
    random_.use(&draws);
    try {
      do_it(static_cast<Kind>(kind));
    } catch (const StreamTrouble&) {
      // What a call was about to do, it has not done.
    }
    random_.use(nullptr);
  }
  void end() override { settle(); }

 private:
  void do_it(Kind kind) {
    switch (kind) {
      case kOtherSends:
        return other_side_sends();
      case kOtherEnds:
        return other_side_ends();
      case kStartAgain:
        return start_again();
      case kChangeBuffers:
        return change_buffers();
      case kPoll:
        return poll();
      case kCount:
        return count();
      case kGet:
        get();
        if (stream_->broken != Error::OK || !random_.once_in(4)) return;
        // Each call sends what waits, as far as the stream takes it.
        {
          const Health health(stream_.get());
          get();
          EXPECT_EQ(0u, peer_.get_pending_output());
        }
        return;
      case kPut:
        return put();
      case kFlood:
        return flood();
      case kSettle:
        return settle();
    }
  }

  // Without further faults all that was accepted arrives, and all that was sent is got.
  void settle() {
    const Health health(stream_.get());
    const std::size_t many = accepted_.size() + expected_.size() + 2;
    for (std::size_t i = 0; i < many; ++i) {
      poll();
      get();
    }
    check_sent();
    if (stream_->broken == Error::OK && stream_->end == Error::OK) {
      EXPECT_EQ(all_accepted(), stream_->sent);
    }
    EXPECT_TRUE(expected_.empty()) << "packets that were not given";
    EXPECT_EQ(0u, peer_.get_pending_output()) << "it has gone, or can never go";
    if (stream_->end != Error::OK && random_.once_in(2)) start_again_in_silence();
  }

  bool is_over() const { return stream_->broken != Error::OK || stream_->end != Error::OK; }

  void put() {
    const Bytes packet = new_packet();
    const std::size_t pending = peer_.get_pending_output();
    const auto largest = static_cast<std::size_t>(peer_.get_output_buffer_max_size());
    const Error error = peer_.put_packet(packet);
    if (error == Error::OK) {
      stream_->buffers_change = false;
      accepted_.push_back(packet);
    } else if (error == Error::ERR_BUSY) {
      EXPECT_GT(pending + kLengthSize + packet.size(), largest + kLengthSize);
    } else if (error == Error::ERR_INVALID_PARAMETER) {
      EXPECT_GT(packet.size(), largest);
    } else {
      expect_end(error);
    }
  }

  void get() {
    const Bytes packet = peer_.get_packet();
    const Error error = peer_.get_packet_error();
    if (error == Error::OK) {
      take_expected(packet);
    } else if (error != Error::ERR_UNAVAILABLE) {
      expect_no_packet_left();
      expect_end(error);
    }
  }
  void take_expected(const Bytes& packet) {
    ASSERT_FALSE(expected_.empty()) << "a packet that nobody sent";
    EXPECT_EQ(expected_.front(), packet);
    expected_.pop_front();
  }

  // The other side sends another packet whenever something is read: the application's loop ends.
  void flood() {
    if (is_over()) return;
    const Health health(stream_.get());
    stream_->after_read = [this] { send_from_other_side(new_packet()); };
    int taken = 0;
    Bytes packet;
    do {
      packet = peer_.get_packet();
      if (peer_.get_packet_error() == Error::OK) take_expected(packet);
    } while (peer_.get_packet_error() == Error::OK && ++taken < kMaxOfALoop);
    EXPECT_LT(taken, kMaxOfALoop) << "a loop that has no end";
    stream_->after_read = nullptr;
  }

  void poll() {
    const Error error = peer_.poll();
    if (error == Error::OK) return;
    expect_no_packet_left();
    expect_end(error);
  }

  // A loss is told at once; the end of what is read only behind all that arrived.
  void expect_no_packet_left() const {
    if (stream_->broken == Error::OK) {
      EXPECT_TRUE(expected_.empty()) << "the end comes first";
    }
  }

  void count() {
    const int count = peer_.get_available_packet_count();
    ASSERT_GE(count, 0);
    ASSERT_LE(static_cast<std::size_t>(count), expected_.size());
  }

  // An error is how the stream ended, told again and again once everything is got.
  void expect_end(Error error) {
    EXPECT_TRUE(error == stream_->broken || error == stream_->end) << static_cast<int>(error);
    if (error != stream_->end || !stream_->incoming.empty()) return;
    const Health health(stream_.get());
    if (expected_.empty()) {
      EXPECT_NE(Error::OK, peer_.poll());
      EXPECT_EQ(stream_->end, peer_.poll());
      EXPECT_TRUE(peer_.get_packet().empty());
      EXPECT_EQ(stream_->end, peer_.get_packet_error());
      expect_nothing_left_of_before();
    }
  }

  // An error leaves nothing of an earlier get in what the caller gives.
  void expect_nothing_left_of_before() {
    Variant value(7);
    EXPECT_EQ(stream_->end, peer_.get_var(&value));
    EXPECT_EQ(VariantType::NIL, value.type());
    const Bytes before = {1, 2, 3};
    std::span<const std::uint8_t> view = before;
    EXPECT_EQ(stream_->end, peer_.get_packet(&view));
    EXPECT_TRUE(view.empty());
  }

  void other_side_sends() {
    if (stream_->end != Error::OK || expected_.size() > 20) return;
    Bytes packet = new_packet();
    if (random_.once_in(8)) packet.resize(kSmallestInput, 0xc0);  // as large as may be
    send_from_other_side(packet);
  }
  void send_from_other_side(const Bytes& packet) {
    const Bytes frame = framed(packet);
    stream_->incoming.insert(stream_->incoming.end(), frame.begin(), frame.end());
    expected_.push_back(packet);
  }

  // Sometimes in the midst of a packet, which then never arrives.
  void other_side_ends() {
    if (!random_.once_in(4) || stream_->end != Error::OK) return;
    if (random_.once_in(2)) {
      const Bytes frame = framed(new_packet());
      const std::size_t size = random_.up_to(frame.size() - 1);
      stream_->incoming.insert(stream_->incoming.end(), frame.begin(),
                               frame.begin() + static_cast<std::ptrdiff_t>(size));
    }
    stream_->end = random_.once_in(2) ? Error::ERR_FILE_EOF : Error::FAILED;
  }

  void start_again() {
    if (!is_over() && !random_.once_in(4)) return;
    check_sent();
    if (random_.once_in(3)) {
      use_new_stream();
    } else {
      stream_->connect_again();
      ++stream_->number;
    }
    accepted_.clear();
    expected_.clear();
  }

  // After an end that the peer has seen a stream need not even say that it begins again.
  void start_again_in_silence() {
    stream_->connect_again();
    accepted_.clear();
    EXPECT_EQ(Error::OK, peer_.poll());
  }

  void use_new_stream() {
    stream_ = std::make_shared<FaultyStream>(&random_);
    stream_->peer = &peer_;
    peer_.set_stream_peer(stream_);
    change_buffers();
  }

  // 28 bytes hold one packet, 252 many.
  void change_buffers() {
    stream_->forget_places();
    stream_->buffers_change = true;
    peer_.set_output_buffer_max_size(28 << random_.up_to(3));
    peer_.set_input_buffer_max_size(kSmallestInput << random_.up_to(2));
  }

  // No two are the same, and none looks like a length. Few do not fit.
  Bytes new_packet() {
    ++serial_;
    Bytes packet = {0xa0, static_cast<std::uint8_t>(serial_),
                    static_cast<std::uint8_t>(serial_ >> 8),
                    static_cast<std::uint8_t>(serial_ >> 16)};
    packet.resize(packet.size() + random_.up_to(26), 0xb0);
    return packet;
  }

  Bytes all_accepted() const {
    Bytes bytes;
    for (const Bytes& packet : accepted_) {
      const Bytes frame = framed(packet);
      bytes.insert(bytes.end(), frame.begin(), frame.end());
    }
    return bytes;
  }

  // The accepted packets and nothing else, as far as they went. Only a connection that broke
  // may end within a packet whose put told of it.
  void check_sent() {
    const Bytes all = all_accepted();
    const std::size_t common = std::min(all.size(), stream_->sent.size());
    EXPECT_TRUE(std::equal(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(common),
                           stream_->sent.begin()));
    if (stream_->sent.size() <= all.size()) return;
    EXPECT_NE(Error::OK, stream_->broken) << "what was not accepted was sent";
    const Bytes rest(stream_->sent.begin() + static_cast<std::ptrdiff_t>(all.size()),
                     stream_->sent.end());
    EXPECT_LT(rest.size(), kLengthSize + rest[0]) << "what was not accepted was sent whole";
  }

  Random random_;
  PacketPeerStream peer_;
  std::shared_ptr<FaultyStream> stream_;
  std::uint32_t serial_ = 0;
  // Of this connection: packets of OK puts, and those that the other side has sent whole and
  // that were not got yet.
  std::vector<Bytes> accepted_;
  std::deque<Bytes> expected_;
};

TEST(PacketPeerStreamModelTest, KeepsItsWordOverAnyStream) {
  test::ModelPlan plan;
  plan.kinds = {{"other_side_sends", 2},
                {"other_side_ends", 1},
                {"start_again", 1},
                {"change_buffers", 1},
                {"poll", 1},
                {"count", 2},
                {"get", 3},
                {"put", 3},
                {"flood", 1},
                {"settle", 1}};
  plan.sequences = 5000;
  plan.make = [](test::Draws&) { return std::make_unique<StreamModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
