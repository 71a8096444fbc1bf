#include "ringpeer/tests/support/model/model_run.h"

#include <fcntl.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <random>
#include <utility>

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace ringpeer::test {
namespace {

using Clock = std::chrono::steady_clock;

// A slow machine, or a sanitizer, runs fewer sequences rather than longer.
constexpr std::chrono::seconds kMaxTime{20};
constexpr std::chrono::seconds kMaxTimeToShrink{20};
// Longer than any sequence takes, under a sanitizer too: it does not end.
constexpr unsigned kPatienceInSeconds = 20;

struct Sequence {
  Operation setup;
  std::vector<Operation> operations;
};

// What a child has found out, in memory that it shares.
struct Report {
  static constexpr std::size_t kMaxOperations = 8192;

  std::size_t done;  // operations that were begun
  DrawnArguments setup;
  std::array<DrawnArguments, kMaxOperations> drawn;
  std::array<char, 8192> message;
};

// ---- Sequences.

Operation random_operation(std::mt19937_64& random, std::size_t kind) {
  Operation operation;
  operation.kind = kind;
  for (std::uint32_t& value : operation.values) value = static_cast<std::uint32_t>(random() >> 32);
  return operation;
}

// Each sequence prefers other kinds, and some it leaves out: what needs many of one and none of
// another, as a full queue does, comes up by that.
Sequence random_sequence(const ModelPlan& plan, std::uint64_t seed) {
  constexpr std::array<unsigned, 8> kFactors{0, 1, 4, 4, 4, 8, 16, 32};
  std::mt19937_64 random(seed);
  std::vector<unsigned> weights;
  for (const OperationKind& kind : plan.kinds) {
    weights.push_back(kind.weight * kFactors[random() % kFactors.size()]);
  }
  if (std::all_of(weights.begin(), weights.end(), [](unsigned weight) { return weight == 0; })) {
    weights.front() = 1;
  }
  std::discrete_distribution<std::size_t> kinds(weights.begin(), weights.end());
  Sequence sequence{random_operation(random, 0), {}};
  for (std::size_t left = 1 + random() % plan.max_operations; left > 0; --left) {
    sequence.operations.push_back(random_operation(random, kinds(random)));
  }
  return sequence;
}

// ---- One run.

std::optional<std::string> first_failure(const testing::TestPartResultArray& results) {
  for (int i = 0; i < results.size(); ++i) {
    const testing::TestPartResult& result = results.GetTestPartResult(i);
    if (!result.failed()) continue;
    const char* const file = result.file_name() == nullptr ? "" : result.file_name();
    return std::string(file) + ":" + std::to_string(result.line_number()) + ": " + result.message();
  }
  return std::nullopt;
}

void replay(const ModelPlan& plan, const Sequence& sequence, Report* report,
            const testing::TestPartResultArray& results) {
  Draws setup(sequence.setup, report == nullptr ? nullptr : &report->setup);
  const std::unique_ptr<Model> model = plan.make(setup);
  for (std::size_t i = 0; i < sequence.operations.size() && results.size() == 0; ++i) {
    const Operation& operation = sequence.operations[i];
    if (report != nullptr) report->done = i + 1;
    Draws draws(operation, report == nullptr ? nullptr : &report->drawn[i]);
    model->step(operation.kind, draws);
  }
  if (results.size() == 0) model->end();
}

// What does not hold, or nothing.
std::optional<std::string> run(const ModelPlan& plan, const Sequence& sequence,
                               Report* report = nullptr) {
  testing::TestPartResultArray results;
  const testing::ScopedFakeTestPartResultReporter reporter(
      testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS, &results);
  try {
    replay(plan, sequence, report, results);
  } catch (const std::exception& error) {
    return std::string("it throws: ") + error.what();
  }
  return first_failure(results);
}

// ---- Crashes.

volatile std::uint64_t running_seed = 0;

void say_running_seed() {
  char line[96];
  const int size = std::snprintf(line, sizeof(line), "in the sequence of RINGPEER_SEED=%llu\n",
                                 static_cast<unsigned long long>(running_seed));
  if (::write(STDERR_FILENO, line, static_cast<std::size_t>(size)) < 0) return;
}

void die(int signal) {
  say_running_seed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void say_seed_of_crashes() {
  std::signal(SIGABRT, die);
  std::signal(SIGSEGV, die);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(say_running_seed);
}

// ---- Shrinking.

class Shrinker {
 public:
  explicit Shrinker(const ModelPlan& plan)
      : plan_(plan),
        report_(static_cast<Report*>(::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0))),
        deadline_(Clock::now() + kMaxTimeToShrink) {}
  ~Shrinker() { ::munmap(report_, sizeof(Report)); }
  Shrinker(const Shrinker&) = delete;
  Shrinker& operator=(const Shrinker&) = delete;

  // Whether it fails in a process of its own.
  bool fails(const Sequence& sequence) {
    std::memset(static_cast<void*>(report_), 0, sizeof(Report));
    const pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
      run_as_child(sequence);
      ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status)) {
      const bool endless = WTERMSIG(status) == SIGALRM;
      set_message(endless ? "it does not end" : ::strsignal(WTERMSIG(status)));
      return true;
    }
    if (report_->message[0] == 0 && WEXITSTATUS(status) != 0) set_message("a sanitizer's report");
    return report_->message[0] != 0;
  }

  void shrink(Sequence* sequence) {
    take_drawn(sequence);
    bool smaller = true;
    while (smaller && Clock::now() < deadline_) {
      smaller = remove_operations(sequence);
      smaller = lower_all(sequence) || smaller;
    }
    shown_.clear();
    if (fails(*sequence)) show(*sequence);
  }

  const std::string& shown() const { return shown_; }

 private:
  void run_as_child(const Sequence& sequence) {
    std::signal(SIGABRT, SIG_DFL);
    std::signal(SIGSEGV, SIG_DFL);
    if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(nullptr);
    if (const int null = ::open("/dev/null", O_WRONLY); null >= 0) ::dup2(null, STDERR_FILENO);
    ::alarm(kPatienceInSeconds);
    if (const auto failure = run(plan_, sequence, report_)) set_message(failure->c_str());
  }
  void set_message(const char* message) {
    std::snprintf(report_->message.data(), report_->message.size(), "%s", message);
  }

  bool still_fails(const Sequence& candidate, Sequence* sequence) {
    if (Clock::now() >= deadline_ || !fails(candidate)) return false;
    *sequence = candidate;
    return true;
  }

  // Values become the arguments that were drawn from them, and what came after the failure goes.
  void take_drawn(Sequence* sequence) {
    if (!fails(*sequence)) return;
    Sequence candidate = *sequence;
    candidate.operations.resize(report_->done);
    candidate.setup.values = report_->setup.values;
    for (std::size_t i = 0; i < candidate.operations.size(); ++i) {
      candidate.operations[i].values = report_->drawn[i].values;
    }
    still_fails(candidate, sequence);
  }

  bool remove_operations(Sequence* sequence) {
    bool smaller = false;
    for (std::size_t size = sequence->operations.size(); size > 0; size /= 2) {
      for (std::size_t end = sequence->operations.size(); end > 0;) {
        const std::size_t begin = end > size ? end - size : 0;
        Sequence candidate = *sequence;
        const auto first = candidate.operations.begin();
        candidate.operations.erase(first + static_cast<std::ptrdiff_t>(begin),
                                   first + static_cast<std::ptrdiff_t>(end));
        smaller = still_fails(candidate, sequence) || smaller;
        end = begin;
      }
    }
    return smaller;
  }

  bool lower_all(Sequence* sequence) {
    bool smaller = false;
    for (std::size_t i = 0; i <= sequence->operations.size(); ++i) {
      for (std::size_t k = 0; k < Operation::kValues; ++k)
        smaller = lower(sequence, i, k) || smaller;
    }
    return smaller;
  }
  // To zero, or by halves, or by one. The setup is the last.
  bool lower(Sequence* sequence, std::size_t index, std::size_t value_index) {
    Sequence candidate = *sequence;
    const bool is_setup = index == candidate.operations.size();
    std::uint32_t& value =
        (is_setup ? candidate.setup : candidate.operations[index]).values[value_index];
    const std::uint32_t before = value;
    bool smaller = false;
    for (std::uint32_t step = before; step > 0;) {
      const std::uint32_t present = value;
      value = present - step;
      const Sequence attempt = candidate;
      if (still_fails(attempt, sequence)) {
        smaller = true;
        step = std::min(step, value);
      } else {
        value = present;
        step /= 2;
      }
    }
    return smaller;
  }

  void add_line(const char* name, const DrawnArguments& drawn) {
    shown_ += std::string("  ") + name + "(";
    for (std::size_t i = 0; i < std::min<std::size_t>(drawn.count, Operation::kValues); ++i) {
      shown_ += (i == 0 ? "" : ", ") + std::to_string(drawn.values[i]);
    }
    shown_ += drawn.count > Operation::kValues ? ", ...)\n" : ")\n";
  }
  void show(const Sequence& sequence) {
    if (report_->setup.count > 0) add_line("setup", report_->setup);
    for (std::size_t i = 0; i < report_->done; ++i) {
      add_line(plan_.kinds[sequence.operations[i].kind].name, report_->drawn[i]);
    }
    shown_ += report_->message.data();
  }

  const ModelPlan& plan_;
  Report* const report_;
  const Clock::time_point deadline_;
  std::string shown_;
};

std::optional<std::uint64_t> number_in(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

std::string how_to_repeat(std::uint64_t seed) {
  const std::string setting = "RINGPEER_SEED=" + std::to_string(seed);
  const char* const target = std::getenv("TEST_TARGET");
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  if (target == nullptr || test == nullptr) return setting;
  return "bazel test " + std::string(target) + " --test_env=" + setting +
         " --test_filter=" + test->test_suite_name() + "." + test->name();
}

std::string explain(const ModelPlan& plan, Sequence sequence, std::uint64_t seed,
                    const std::string& failure) {
  if (number_in("RINGPEER_SHRINK") == 0) return "as it came:\n" + failure;
  const std::size_t before = sequence.operations.size();
  Shrinker shrinker(plan);
  shrinker.shrink(&sequence);
  std::string text = "the sequence of RINGPEER_SEED=" + std::to_string(seed) + " fails; ";
  if (shrinker.shown().empty()) {
    text += "another run of it does not.\n" + failure;
  } else {
    text += "of its " + std::to_string(before) + " operations " +
            std::to_string(sequence.operations.size()) + " are enough:\n" + shrinker.shown();
  }
  return text + "\nAgain: " + how_to_repeat(seed);
}

}  // namespace

std::uint32_t Draws::next_value() {
  if (next_ < values_.size()) return values_[next_];
  // More than there are values: zeros as long as all are zeros, so that these shrink too.
  std::uint32_t value = 0;
  for (const std::uint32_t each : values_) value = (value ^ each) * 0x9e3779b1u;
  if (value == 0) return 0;
  value += static_cast<std::uint32_t>(next_) * 0x85ebca6bu;
  return (value ^ value >> 15) * 0xc2b2ae35u >> 4;
}

std::size_t Draws::below(std::size_t count) {
  const std::size_t drawn = count == 0 ? 0 : next_value() % count;
  if (drawn_ != nullptr) {
    if (next_ < drawn_->values.size()) drawn_->values[next_] = static_cast<std::uint32_t>(drawn);
    drawn_->count = static_cast<std::uint32_t>(next_ + 1);
  }
  ++next_;
  return drawn;
}

std::optional<std::string> model_failure(const ModelPlan& plan) {
  say_seed_of_crashes();
  const auto seed_alone = number_in("RINGPEER_SEED");
  const auto wanted = number_in("RINGPEER_SEQUENCES");
  const std::uint64_t first = seed_alone.value_or(1);
  const std::uint64_t count = wanted.value_or(seed_alone ? 1 : plan.sequences);
  const Clock::time_point deadline = Clock::now() + kMaxTime;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (!wanted && Clock::now() > deadline) break;
    running_seed = seed;
    const Sequence sequence = random_sequence(plan, seed);
    if (seed_alone && Shrinker(plan).fails(sequence)) {  // it may crash
      return explain(plan, sequence, seed, "");
    }
    if (const auto failure = run(plan, sequence)) return explain(plan, sequence, seed, *failure);
  }
  return std::nullopt;
}

void run_model(const ModelPlan& plan) {
  if (const auto failure = model_failure(plan)) FAIL() << *failure;
}

}  // namespace ringpeer::test
