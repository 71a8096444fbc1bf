#include "ringpeer/bench/rivals/control.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace ringpeer::bench {

Control::Control(std::function<void(int port)> on_hello)
    : on_hello_(std::move(on_hello)), reader_([this] { read_words(); }) {}

Control::~Control() { reader_.join(); }

void Control::read_words() {
  for (std::string word; std::getline(std::cin, word);) {
    constexpr std::string_view kHello = "hello ";
    if (word.starts_with(kHello) && on_hello_) on_hello_(std::atoi(word.c_str() + kHello.size()));
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
