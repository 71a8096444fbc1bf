#ifndef RINGPEER_TOOLS_COMMAND_DIAGNOSTICS_H_
#define RINGPEER_TOOLS_COMMAND_DIAGNOSTICS_H_

#include <string_view>

namespace ringpeer::tools {

// Everything that the commands write goes through here: straight to the descriptor, so
// that nothing is buffered whose loss nobody would hear of.
//
// Threads: any. Errors: nothing throws, whatever has become of the streams.

// One line on stderr, which is where everything goes that is not the result. What cannot be
// written is lost: there is nobody left to tell.
void say(std::string_view text) noexcept;

// The result, all of it, on stdout. False, after a word on stderr, when that fails: the
// command must then not end as if it had been read.
bool print_result(std::string_view text) noexcept;

// All of a text to a descriptor, however little it takes at a time, also one that is
// non-blocking. 0 or errno.
int write_all(int descriptor, std::string_view text) noexcept;

// say() for an error; give the exit status of a command that ends with it.
int usage_error(std::string_view text) noexcept;  // the command line is wrong
int run_error(std::string_view text) noexcept;    // the command line was right
int out_of_memory() noexcept;

// The end of a run: prints the result, then what is wrong with it, if anything is.
int end_run(std::string_view result, std::string_view judgement) noexcept;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_DIAGNOSTICS_H_
