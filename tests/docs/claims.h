#ifndef RINGPEER_TESTS_DOCS_CLAIMS_H_
#define RINGPEER_TESTS_DOCS_CLAIMS_H_

#include <vector>

#include "ringpeer/tests/docs/peers.h"

namespace ringpeer::docs {

// The claims of the pages on what runs, with each kind of engine.
class ClaimsTest : public EachEngineTest {
 protected:
  // A client's packets are in the queues.
  void deliver(const std::vector<test::Sender*>& senders, int each = 1) {
    for (test::Sender* sender : senders) {
      for (int i = 0; i < each; ++i) ASSERT_TRUE(sender->send(kByte));
    }
    ASSERT_EQ(engine_->sync(), Error::OK);
  }
};

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_CLAIMS_H_
