#ifndef RINGPEER_CODEC_BASE_UTF8_H_
#define RINGPEER_CODEC_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace ringpeer {

// Threads: any. Failure: of those that make text, std::bad_alloc.

// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool utf8_valid(std::string_view text);

// What Godot makes of the bytes of a string on the wire: a leading byte order mark is
// dropped, the text ends at the first NUL, and what is left must be strict UTF-8
// (what follows the NUL is not looked at). False if it is not; *text is a part of
// `bytes`.
bool utf8_from_wire(std::string_view bytes, std::string_view* text);

// Appends a code point; one that UTF-8 cannot hold becomes U+FFFD, as in Godot.
void utf8_append(std::string* text, char32_t code_point);

// What a string that Godot's engine holds looks like: every byte sequence that is not
// strict UTF-8, and every NUL, becomes U+FFFD.
std::string utf8_repaired(std::string_view bytes);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_UTF8_H_
