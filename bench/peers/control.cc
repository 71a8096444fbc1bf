#include "ringpeer/bench/peers/control.h"

#include <fmt/core.h>

#include <cstdio>
#include <iostream>
#include <string>

namespace ringpeer::bench {

Control::Control() : reader_([this] { read_words(); }) {}

Control::~Control() { reader_.join(); }

void Control::read_words() {
  for (std::string word; std::getline(std::cin, word);) {
    if (word == "begin") phase_.store(Phase::kMeasure, std::memory_order_relaxed);
    if (word == "end") phase_.store(Phase::kSettle, std::memory_order_relaxed);
    if (word == "finish") break;
  }
  phase_.store(Phase::kFinish, std::memory_order_relaxed);
}

void print_line(const nlohmann::json& value) {
  fmt::print("{}\n", value.dump());
  std::fflush(stdout);
}

}  // namespace ringpeer::bench
