#ifndef RINGPEER_TOOLS_DOCTOR_TRIAL_PROCESS_H_
#define RINGPEER_TOOLS_DOCTOR_TRIAL_PROCESS_H_

#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>

namespace ringpeer::tools {

// What asks the kernel for something does it in a process of its own, since a filter may kill who
// makes a call that it forbids.
//
// Threads: one, and no other in the process. Lifetime: the process has ended when the call returns.

// How such a process ended.
struct TrialEnd {
  bool was_tried = false;  // no process was to be had, or its end cannot be waited for
  int signal = 0;          // that ended it
};

// Memory that a process shares with those that it starts.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  bool is_there() const;
  void* data() const { return data_; }

 private:
  const std::size_t size_;
  void* const data_;
};

TrialEnd run_trial(const std::function<void()>& body);

template <typename Facts>
struct Trial {
  TrialEnd end;
  Facts facts;  // as far as it came
};

// Runs ask(&facts) so; what it has written when it is killed stays.
template <typename Facts>
Trial<Facts> try_apart(const std::function<void(Facts*)>& ask) {
  static_assert(std::is_trivially_copyable_v<Facts>, "two processes read the same bytes");
  const SharedMemory memory(sizeof(Facts));
  if (!memory.is_there()) return {};
  auto* const facts = new (memory.data()) Facts();
  const TrialEnd end = run_trial([&] { ask(facts); });
  // Of a process that may go on nothing is read.
  return end.was_tried ? Trial<Facts>{end, *facts} : Trial<Facts>{};
}

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_DOCTOR_TRIAL_PROCESS_H_
