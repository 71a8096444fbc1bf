#ifndef RINGPEER_CODEC_TEXT_BASE64_H_
#define RINGPEER_CODEC_TEXT_BASE64_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ringpeer {

// RFC 4648, with padding: the form in which newer Godot files hold byte arrays.
// Threads: any. Failure: nothing for what is no base64.
std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_BASE64_H_
