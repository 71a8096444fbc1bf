#include "ringpeer/udp_server.h"
