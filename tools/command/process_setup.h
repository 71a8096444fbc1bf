#ifndef RINGPEER_TOOLS_COMMAND_PROCESS_SETUP_H_
#define RINGPEER_TOOLS_COMMAND_PROCESS_SETUP_H_

namespace ringpeer::tools {

// What has to hold before a command opens anything, whoever started the program and how:
//
// - Descriptors 0 to 2 are taken. Otherwise a socket or an eventfd becomes "stderr", and
//   what is said to people goes there. One that was closed cannot be read or written.
// - The main thread's stack has its size. Otherwise a limit of the address space ends the program
//   where it happens to need more, without a word.
// - A closed pipe behind stdout or stderr is an error of the write, not a signal.
// - An exception that nobody can catch (on another thread, out of a noexcept function) ends
//   the program with words and kExitFailed, not with a core dump.
//
// Threads: once, first thing in main().
void set_up_process() noexcept;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_PROCESS_SETUP_H_
