#ifndef VIDLINE_ROUTER_MEASURE_H
#define VIDLINE_ROUTER_MEASURE_H
#include <napi.h>

#include "router.h"

namespace vidline {

/// What frames cost; see native.ts.
Napi::Value measure(const Napi::CallbackInfo& info, Router& router);

}  // namespace vidline
#endif
