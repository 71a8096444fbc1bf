#include "ringpeer/tools/load/client_account.h"

namespace ringpeer::tools {

void add_account(const LoadClient& account, LoadReport* report) {
  report->echoes += account.echoes();
  report->late += account.late();
  report->repeated += account.repeated();
  report->foreign += account.foreign();
  report->corrupted += account.corrupted();
  report->damaged += account.damaged();
  report->replies += account.unmatched().received;
  report->replies_expected += account.unmatched().expected;
  report->snapshots += account.snapshots();
  report->snapshots_announced += account.snapshots_announced();
  report->inputs_received += account.inputs_received();
}

}  // namespace ringpeer::tools
