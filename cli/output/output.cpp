#include "cli/output/output.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace wasmctl::cli {

void Output::print_json(const nlohmann::json& document) const {
  using nlohmann::json;
  // What is no UTF-8, a file's name for instance, has no place in JSON.
  const auto text = document.dump(2, ' ', false, json::error_handler_t::replace);
  write(base::printable_json(text) + '\n');
}

void Output::write(std::string_view bytes) const {
  *stream_ << bytes;
}

void Output::flush() const {
  stream_->flush();
}

bool Output::good() const {
  return stream_->good();
}

}  // namespace wasmctl::cli
