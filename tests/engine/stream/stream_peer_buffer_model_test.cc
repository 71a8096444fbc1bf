// Random puts, gets and seeks of a stream in memory beside an array of bytes; what is put is often
// a part of the stream itself.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/tests/support/model/model_run.h"
#include "ringpeer/tests/support/model/refused_memory.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::Draws;

class BufferModel final : public test::Model {
 public:
  void step(std::size_t kind, Draws& draws) override {
    switch (kind) {
      case 0:
        put(some_bytes(draws.below(100)), draws.one_in(6));
        break;
      case 1: {
        const std::size_t from = draws.up_to(buffer_.get_size());
        const std::size_t size = draws.up_to(buffer_.get_size() - from);
        put(std::span(buffer_.get_data_array()).subspan(from, size), draws.one_in(6));
        break;
      }
      case 2:
        get(draws.below(200));
        break;
      case 3:
        seek(draws.up_to(expected_.size() + 1));
        break;
      default:
        expected_ = some_bytes(draws.below(300));
        position_ = 0;
        buffer_.set_data_array(expected_);
    }
    ASSERT_EQ(buffer_.get_data_array(), expected_);
    ASSERT_EQ(buffer_.get_position(), position_);
    ASSERT_EQ(buffer_.get_available_bytes(), expected_.size() - position_);
  }

 private:
  Bytes some_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(next_ += 37);
    return bytes;
  }
  void put(std::span<const std::uint8_t> data, bool without_memory) {
    const Bytes copy(data.begin(), data.end());
    std::size_t written = copy.size() + 1;
    Error error = Error::OK;
    bool was_refused = false;
    {
      const test::RefusedMemory refused(without_memory);
      error = buffer_.put_partial_data(data, &written);
      was_refused = refused.has_refused();
    }
    ASSERT_EQ(error, was_refused ? Error::ERR_OUT_OF_MEMORY : Error::OK);
    ASSERT_EQ(written, was_refused ? 0 : copy.size());
    if (was_refused) return;
    expected_.resize(std::max(expected_.size(), position_ + copy.size()));
    std::copy(copy.begin(), copy.end(), expected_.begin() + static_cast<std::ptrdiff_t>(position_));
    position_ += copy.size();
  }
  void get(std::size_t most) {
    Bytes bytes(most);
    std::size_t received = most + 1;
    ASSERT_EQ(buffer_.get_partial_data(bytes, &received), Error::OK);
    ASSERT_EQ(received, std::min(most, expected_.size() - position_));
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(received),
                           expected_.begin() + static_cast<std::ptrdiff_t>(position_)));
    position_ += received;
  }
  void seek(std::size_t position) {
    const bool is_there = position <= expected_.size();
    ASSERT_EQ(buffer_.seek(position), is_there ? Error::OK : Error::ERR_INVALID_PARAMETER);
    if (is_there) position_ = position;
  }

  StreamPeerBuffer buffer_;
  Bytes expected_;
  std::size_t position_ = 0;
  unsigned next_ = 1;
};

TEST(StreamPeerBufferModelTest, IsAnArrayOfBytesWithAPosition) {
  test::ModelPlan plan;
  plan.kinds = {{"put", 3}, {"put_own", 3}, {"get", 3}, {"seek", 3}, {"set", 1}};
  plan.make = [](Draws&) { return std::make_unique<BufferModel>(); };
  run_model(plan);
}

}  // namespace
}  // namespace ringpeer
