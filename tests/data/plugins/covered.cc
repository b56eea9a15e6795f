// Each line that has code in the module says whether the suite beside it runs it: `ran` or
// `missed`. Where a function begins it says so, too: `called` or `not called`. Of lines that the
// compiler makes one (`merged`) none is told.
#include "proxy_wasm_intrinsics.h"

namespace {

volatile int small, large, three, four, other, late, nothing, told, done;

// Called, never inlined, of a name that no page may take for its own:
// </script><script>alert(1)</script>
int classify(int length) asm("</script><img src=x onerror=alert(1)>");
[[gnu::noinline]] int classify(int length) {  // called
  if (length == 0) {                          // ran
    ++small;                                  // ran
    return 0;
  }
  for (int i = 0; i < length; ++i) {  // ran
    if (i > 100)                      // ran
      ++late;                         // missed
    ++large;                          // ran
  }
  switch (length) {  // ran
    case 3:
      ++three;  // merged
      break;
    case 4:
      ++four;  // merged
      break;
    default:
      ++other;  // merged
  }
  return large;  // ran
}  // ran

// Inlined where it is called, twice: one of the two never runs.
[[gnu::always_inline]] inline void tell(bool has_name) {  // called
  if (!has_name) {                                        // merged
    ++nothing;                                            // merged
    return;
  }
  ++told;  // ran
}

[[gnu::noinline]] void refuse(uint32_t status) {  // not called, missed
  sendLocalResponse(status, "", "no", {});        // merged
}  // missed

[[gnu::always_inline]] inline void close() {  // not called
  ++done;                                     // missed
}

class Stream : public Context {  // called, ran
 public:
  using Context::Context;  // called, ran

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {  // called, ran
    const auto size = getRequestHeader("x-covered")->size();       // ran
    tell(true);
    if (size > 1000) {  // ran
      close();
      tell(size > 2000);                          // missed
      refuse(403);                                // missed
      return FilterHeadersStatus::StopIteration;  // missed
    }
    classify(static_cast<int>(size));  // ran
    return FilterHeadersStatus::Continue;
  }  // ran

  FilterTrailersStatus onRequestTrailers(uint32_t) override {  // not called
    ++late;                                                    // missed
    return FilterTrailersStatus::Continue;
  }
};

}  // namespace

static RegisterContextFactory register_covered(CONTEXT_FACTORY(Stream));
