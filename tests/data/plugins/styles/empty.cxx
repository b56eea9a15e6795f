// A plugin that overrides nothing is one all the same.
#include "proxy_wasm_intrinsics.h"

class Nothing : public Context {
  using Context::Context;
};
static RegisterContextFactory register_nothing(CONTEXT_FACTORY(Nothing));
