// The table, ready to be looked for in a text.
#pragma once

#include <string_view>
#include <vector>

#include "explain/needles.hpp"
#include "explain/pattern.hpp"
#include "explain/sight.hpp"

namespace wasmctl::explain {

struct CatalogueRow {
  const Sight* sight;       // or
  const VersionMark* mark;  // one of the two is null
  Pattern pattern;
  std::string_view context;  // what the text must have besides, in lower case
};

struct Catalogue {
  std::vector<CatalogueRow> rows;
  Needles needles;  // of each row one, by its number
};

// Made once.
const Catalogue& catalogue();

}  // namespace wasmctl::explain
