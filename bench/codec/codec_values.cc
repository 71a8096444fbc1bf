#include "ringpeer/bench/codec/codec_values.h"

namespace ringpeer::bench {

std::string_view case_name(Case which) {
  switch (which) {
    case Case::INT:
      return "int";
    case Case::MESSAGE:
      return "message";
    case Case::MESSAGES:
      return "messages_100";
    case Case::BYTES:
      return "bytes_1200";
    case Case::FLOATS:
      return "floats_1024";
  }
  return "";
}

std::vector<std::uint8_t> byte_values() {
  std::vector<std::uint8_t> values(1200);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i);
  return values;
}

std::vector<float> float_values() {
  std::vector<float> values(1024);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.5f;
  return values;
}

}  // namespace ringpeer::bench
