// The format of suites, as one table: it reads YAML and protobuf text, names what is unknown, and
// is printed as a JSON Schema.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "host/suite/suite.hpp"

namespace wasmctl::host {

// What a field holds.
enum class FieldKind : std::uint8_t { text, boolean, integer, natural, choice, message };

struct MessageRow;
struct SuiteSource;

struct FieldRow {
  std::string_view name;
  std::string_view about;  // for the manual
  FieldKind kind = FieldKind::text;
  bool is_list = false;
  const MessageRow* message = nullptr;        // of which a field of kind message is
  std::span<const std::string_view> choices;  // of a field of kind choice; they may be numbers, too
  // Whether Google's tester has it; if not, it is for suites with `env: {host: envoy}`.
  bool is_extension = false;
  // Of fields of one name here, one may be set.
  std::string_view one_of;
  // For the reader, of the message that `target` points to: adds a value, takes it away.
  void (*read)(const SuiteSource& source, const yaml::Node& node, void* target) = nullptr;
  void (*clear)(void* target) = nullptr;
};

struct MessageRow {
  std::string_view name;
  std::string_view about;
  std::span<const FieldRow> fields;
};

// The message that a suite is, and all that are in it, each once.
const MessageRow& suite_message();
std::vector<const MessageRow*> suite_messages();

// Reads the suite in `text`, which is protobuf text if `file` ends in .textpb, .textproto, .pbtxt
// or .txtpb, else YAML. As Google's tester reads them: in YAML a field's name may be written in
// camelCase, null is absent and an empty file an empty suite; of a oneof the last counts. Throws
// Error{Code::bad_input} with FILE:LINE:COLUMN.
Suite read_suite(std::string_view text, const std::filesystem::path& file);

// JSON Schema, draft 2020-12, of a suite in YAML.
nlohmann::json suite_schema();

}  // namespace wasmctl::host
