#include "ringpeer/tests/interleaving/explorer.h"

#include <utility>

#include "ringpeer/tests/interleaving/exploration.h"

namespace ringpeer::interleaving {

Result explore(const std::function<void(Scenario&)>& body, const Options& options) {
  return Exploration(body, options).explore();
}

Scenario::~Scenario() {
  while (last_made_ != nullptr) delete std::exchange(last_made_, last_made_->previous);
}

void expect(bool condition, std::string_view what, Site site) {
  if (condition) return;
  const InRuntime in_runtime;
  g_exploration->fail(what, site);
}

void assume(bool condition) {
  if (condition) return;
  const InRuntime in_runtime;
  g_exploration->give_up();
}

int choose(int count) {
  const InRuntime in_runtime;
  return g_exploration->choose(count);
}

void record(std::string_view outcome) {
  const InRuntime in_runtime;
  g_exploration->record(outcome);
}

}  // namespace ringpeer::interleaving
