#include "base/json_member.hpp"

#include <nlohmann/json.hpp>

namespace wasmctl::base {

std::string text_member(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace wasmctl::base
