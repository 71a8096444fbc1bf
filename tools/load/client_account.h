#ifndef RINGPEER_TOOLS_LOAD_CLIENT_ACCOUNT_H_
#define RINGPEER_TOOLS_LOAD_CLIENT_ACCOUNT_H_

#include "ringpeer/tools/load/load_client.h"
#include "ringpeer/tools/load/load_report.h"

namespace ringpeer::tools {

// Adds what one client's account comes to, once it is closed. Threads: any.
void add_account(const LoadClient& account, LoadReport* report);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_CLIENT_ACCOUNT_H_
