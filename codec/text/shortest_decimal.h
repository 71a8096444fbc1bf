#ifndef RINGPEER_CODEC_TEXT_SHORTEST_DECIMAL_H_
#define RINGPEER_CODEC_TEXT_SHORTEST_DECIMAL_H_

#include <string>

namespace ringpeer {

// Appends a finite number as Godot prints it: Grisu2's digits (Loitsch, 2010), which
// always read back as the number but are not always the shortest that do (1e39 is
// 1.0000000000000001e+39), so that no newer algorithm gives the same text. Zero of
// either sign is "0"; there is no ".0".
// Threads: any. Failure: std::bad_alloc.
void append_decimal(std::string* text, float value);
void append_decimal(std::string* text, double value);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_SHORTEST_DECIMAL_H_
