#include "explain/catalogue.hpp"

#include <string_view>
#include <utility>

namespace wasmctl::explain {

namespace {

constexpr std::size_t kMaxNeedle = 20;  // more tells no more, and costs time at the start

Catalogue make_catalogue() {
  std::vector<CatalogueRow> rows;
  for (const auto& sight : sights()) {
    for (const auto& form : sight.forms) {
      const auto context = form.context.empty() ? sight.context : form.context;
      rows.push_back({&sight, nullptr, Pattern(form.pattern), context});
    }
  }
  for (const auto& mark : version_marks())
    rows.push_back({nullptr, &mark, Pattern(mark.pattern), {}});
  std::vector<std::string_view> literals;
  literals.reserve(rows.size());
  for (const auto& row : rows) literals.push_back(row.pattern.needle().substr(0, kMaxNeedle));
  return {std::move(rows), Needles(literals)};
}

}  // namespace

const Catalogue& catalogue() {
  static const Catalogue kCatalogue = make_catalogue();
  return kCatalogue;
}

}  // namespace wasmctl::explain
