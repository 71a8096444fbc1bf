#include "ringpeer/tools/impairment/impairment_flags.h"

#include <iterator>
#include <map>

#include "ringpeer/tools/command/choice_option.h"

namespace ringpeer::tools {
namespace {

const std::map<std::string, JitterShape>& distribution_names() {
  static const auto& names =
      *new std::map<std::string, JitterShape>(std::begin(kJitterShapes), std::end(kJitterShapes));
  return names;
}

}  // namespace

void add_impairment_options(CLI::App& command, const std::string& prefix, ImpairmentPlan* plan) {
  const auto given = [plan](const std::string&) { plan->is_given = true; };
  for (const ImpairmentOption& option : impairment_options()) {
    CLI::Option* const added = command.add_option_function<std::string>(
        prefix + option.name,
        [&option, prefix, plan](const std::string& text) {
          const std::string complaint = read_impairment(option, prefix, text, plan);
          if (!complaint.empty())
            throw CLI::ValidationError(complaint, CLI::ExitCodes::ValidationError);
        },
        option.description);
    added->default_str(option.otherwise);
  }
  add_choice(command, prefix + "distribution", distribution_names(), &plan->shape, "uniform",
             "of the jitter: uniform within it, or normal with it as standard deviation")
      ->each(given);
  command
      .add_flag(prefix + "keep-order", plan->keep_order,
                "jitter lets no datagram pass an earlier one")
      ->each(given);
}

}  // namespace ringpeer::tools
