// What a host hands to a plugin: a configuration (first byte j), a list of pairs (p), a protobuf
// message.
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "plugins/sdk/proxy_wasm_config.h"
#include "plugins/sdk/proxy_wasm_pairs.h"
#include "plugins/sdk/proxy_wasm_protobuf.h"

namespace {

struct Config {
  bool on = false;
  std::int32_t n = 0;
  std::vector<std::string> names;
  proxy_wasm::StringPairs set;
  static constexpr auto fields() {
    using proxy_wasm::field;
    return std::tuple{field("on", &Config::on, ""), field("n", &Config::n, ""),
                      field("names", &Config::names, ""), field("set", &Config::set, "")};
  }
};

void read_json(std::vector<char> text) {
  Config config;
  proxy_wasm::JsonReader json(text.data(), text.size());
  // Refused with a reason, or read to its end.
  if (proxy_wasm::read_config(json, config) != (json.error() == nullptr)) __builtin_trap();
}

void skip_json(std::vector<char> text) {
  proxy_wasm::JsonReader json(text.data(), text.size());
  json.skip();
  json.finish();
}

void read_pairs(const std::vector<char>& block) {
  proxy_wasm::PairsReader reader(block.data(), block.size());
  std::string_view name, value;
  std::size_t bytes = 0;
  while (reader.next(name, value)) bytes += name.size() + value.size();
  if (bytes > block.size()) __builtin_trap();
}

void read_protobuf(std::string_view message, int depth) {
  proxy_wasm::ProtoReader reader(message);
  while (reader.next()) {
    if (reader.wire() == proxy_wasm::ProtoWire::bytes && depth < 8)
      read_protobuf(reader.bytes(), depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  // Of exactly that size, so that a read behind the end is seen.
  const std::vector<char> bytes(data + 1, data + size);
  switch (data[0]) {
    case 'j':
      read_json(bytes), skip_json(bytes);
      break;
    case 'p':
      read_pairs(bytes);
      break;
    default:
      read_protobuf({bytes.data(), bytes.size()}, 0);
  }
  return 0;
}
