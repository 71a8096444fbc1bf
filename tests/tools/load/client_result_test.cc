#include "ringpeer/tools/load/client_result.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/ip_address.h"

namespace ringpeer::tools {
namespace {

LoadOptions options_with(ExpectedReply expect, LoadPayloadKind payload) {
  LoadOptions options;
  net::Endpoint target;
  target.address = net::IpAddress::parse("127.0.0.1").value();
  target.port = 4000;
  options.targets = {target};
  options.expect = expect;
  options.payload = payload;
  return options;
}

// The only client's line.
std::string line_of(const LoadOptions& options) {
  const ClientResult client{.id = 3,
                            .sent = 10,
                            .answered = 8,
                            .late = 1,
                            .repeated = 2,
                            .corrupted = 0,
                            .round_trips = std::nullopt};
  const std::string text = clients_to_csv(options, {client});
  return text.substr(text.find('\n') + 1);
}

TEST(ClientResultTest, WhatIsNotAnsweredIsLost) {
  EXPECT_EQ(line_of(options_with(ExpectedReply::kAnything, LoadPayloadKind::kRaw)),
            "3,127.0.0.1:4000,10,8,2,1,2,0,,,\r\n");
  EXPECT_EQ(line_of(options_with(ExpectedReply::kEcho, LoadPayloadKind::kSession)),
            "3,127.0.0.1:4000,10,8,2,1,2,0,,,\r\n");
}

// Nothing is waited for, or the answers do not say which packet they answer.
TEST(ClientResultTest, WhatIsNotKnownIsEmpty) {
  const std::string sent_alone = "3,127.0.0.1:4000,10,,,,,,,,\r\n";
  EXPECT_EQ(line_of(options_with(ExpectedReply::kNothing, LoadPayloadKind::kRaw)), sent_alone);
  EXPECT_EQ(line_of(options_with(ExpectedReply::kAnything, LoadPayloadKind::kSession)), sent_alone);
}

}  // namespace
}  // namespace ringpeer::tools
