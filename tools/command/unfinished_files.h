#ifndef RINGPEER_TOOLS_COMMAND_UNFINISHED_FILES_H_
#define RINGPEER_TOOLS_COMMAND_UNFINISHED_FILES_H_

namespace ringpeer::tools {

// Files that a signal which ends this program is not to leave behind: SIGINT, SIGTERM, SIGHUP and
// SIGQUIT, where nothing else is done with them or a StopSignal ends the program. Those of a
// process that was forked off do not count as its own. A file beyond the first
// sixteen stays.
//
// Threads: any. Lifetime: the name has to stay where it is until it is forgotten.
void remember_unfinished(const char* name);
void forget_unfinished(const char* name);

// Removes them. For signal handlers, too.
void remove_unfinished() noexcept;

// Removes them and has the signal, whose handler calls this, end the program when it returns.
void end_by_signal(int number) noexcept;

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_COMMAND_UNFINISHED_FILES_H_
