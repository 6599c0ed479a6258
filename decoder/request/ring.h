// The queue is the whole decoder's.
#pragma once

#include "decoder/ring.h"
