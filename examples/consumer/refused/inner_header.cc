#include "ringpeer/engine/worker/worker.h"
