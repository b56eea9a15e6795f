#include "host/suite/schema.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/suggest.hpp"
#include "base/text.hpp"
#include "host/suite/text_format.hpp"
#include "yaml/read.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::host {

using nlohmann::json;
using yaml::Node;

enum class Syntax : std::uint8_t { yaml, protobuf_text };

struct SuiteSource {
  const std::string& file;
  Syntax syntax;
  // The first field that Google's tester does not have.
  mutable std::optional<std::pair<std::string_view, yaml::Mark>> first_extension = std::nullopt;

  [[noreturn]] void fail(const Node& node, std::string_view what) const {
    throw yaml::error_at(file, node.start, what);
  }
};

namespace {

// --- The table

template <typename Message>
const MessageRow& message_of() = delete;

template <typename T>
struct Element {
  using Type = T;
  static constexpr bool kIsList = false;
};
template <typename T>
struct Element<std::optional<T>> : Element<T> {};
template <typename T>
struct Element<std::vector<T>> {
  using Type = T;
  static constexpr bool kIsList = true;
};

// The words of an enumeration, by its numbers.
template <typename T>
constexpr std::array<std::string_view, 0> kWords{};
template <>
constexpr std::array<std::string_view, 7> kWords<SuiteLogLevel>{
    "UNDEFINED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"};
template <>
constexpr std::array<std::string_view, 2> kWords<SuiteHost>{"google", "envoy"};
template <>
constexpr std::array<std::string_view, 2> kWords<Action>{"continue", "pause"};
template <>
constexpr std::array<std::string_view, 4> kWords<Failing>{"no", "connect", "timeout", "reset"};

template <>
constexpr std::array<std::string_view, 4> kWords<StreamType>{"request", "response", "downstream",
                                                             "upstream"};

template <>
constexpr std::array<std::string_view, 13> kWords<Status>{
    "Ok",           "NotFound",       "BadArgument",         "SerializationFailure",
    "ParseFailure", "BadExpression",  "InvalidMemoryAccess", "Empty",
    "CasMismatch",  "ResultMismatch", "InternalFailure",     "BrokenConnection",
    "Unimplemented"};

template <typename T>
concept Message = std::is_class_v<T> && !std::same_as<T, std::string>;

template <typename T>
constexpr FieldKind kind_of() {
  if constexpr (std::same_as<T, std::string>) return FieldKind::text;
  if constexpr (std::same_as<T, bool>) return FieldKind::boolean;
  if constexpr (std::is_enum_v<T>) return FieldKind::choice;
  if constexpr (std::signed_integral<T>) return FieldKind::integer;
  if constexpr (std::same_as<T, std::uint64_t>) return FieldKind::natural;
  if constexpr (Message<T>) return FieldKind::message;
}

template <typename T>
void read_value(const SuiteSource& source, const Node& node, T& value);

std::string decoded(const SuiteSource& source, const Node& node);

template <typename Class, typename T>
void add_decoded(T Class::* member, const SuiteSource& source, const Node& node, void* target) {
  auto& slot = static_cast<Class*>(target)->*member;
  if constexpr (Element<T>::kIsList) {
    slot.push_back(decoded(source, node));
  } else {
    slot = decoded(source, node);
  }
}

template <auto Member, typename Class, typename T>
FieldRow bind(T Class::* /*member*/, std::string_view name, std::string_view about,
              std::string_view one_of) {
  using Type = typename Element<T>::Type;
  FieldRow row;
  row.name = name;
  row.about = about;
  row.kind = kind_of<Type>();
  row.is_list = Element<T>::kIsList;
  row.one_of = one_of;
  if constexpr (Message<Type>) row.message = &message_of<Type>();
  if constexpr (std::is_enum_v<Type>) row.choices = kWords<Type>;
  row.read = [](const SuiteSource& source, const Node& node, void* target) {
    auto& slot = static_cast<Class*>(target)->*Member;
    if constexpr (Element<T>::kIsList) {
      read_value(source, node, slot.emplace_back());
    } else if constexpr (std::same_as<T, std::optional<Type>>) {
      read_value(source, node, slot.emplace());
    } else {
      read_value(source, node, slot);
    }
  };
  row.clear = [](void* target) { static_cast<Class*>(target)->*Member = T{}; };
  return row;
}

template <auto Member>
void add_base64(const SuiteSource& source, const Node& node, void* target) {
  add_decoded(Member, source, node, target);
}

template <auto Member>
FieldRow field(std::string_view name, std::string_view about, std::string_view one_of = "") {
  return bind<Member>(Member, name, about, one_of);
}

template <auto Member>
FieldRow extension(std::string_view name, std::string_view about, std::string_view one_of = "") {
  auto row = field<Member>(name, about, one_of);
  row.is_extension = true;
  return row;
}

// The bytes of a field that need not be UTF-8.
template <auto Member>
FieldRow in_base64(std::string_view name, std::string_view about, std::string_view one_of = "") {
  auto row = extension<Member>(name, about, one_of);
  row.read = add_base64<Member>;
  return row;
}

template <>
const MessageRow& message_of<Header>() {
  static const std::array kFields{
      field<&Header::key>("key", "the name; case does not count"),
      field<&Header::value>("value", "the value"),
      in_base64<&Header::value>("value_base64", "the value, in base64"),
  };
  static const MessageRow kRow{"Header", "a header", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<StringMatcher>() {
  static const std::array kFields{
      field<&StringMatcher::invert>("invert", "nothing may match"),
      field<&StringMatcher::exact>("exact", "this very text", "matcher"),
      in_base64<&StringMatcher::exact>("exact_base64", "these very bytes, in base64", "matcher"),
      field<&StringMatcher::regex>("regex",
                                   "an expression of RE2's that matches the whole text; "
                                   "`.` is no end of line",
                                   "matcher"),
      field<&StringMatcher::file>("file", "the content of a file, from the suite's folder",
                                  "matcher"),
  };
  static const MessageRow kRow{"StringMatcher", "what a text is compared with", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Input>() {
  static const std::array kFields{
      field<&Input::header>("header", "the headers, in order"),
      field<&Input::content>("content", "a body; or headers, as HTTP/1 text"),
      in_base64<&Input::content>("content_base64", "the same, in base64"),
      field<&Input::file>("file", "the same from a file, from the suite's folder"),
  };
  static const MessageRow kRow{"Input", "what the plugin is given", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Immediate>() {
  static const std::array kFields{
      field<&Immediate::http_status>("http_status", "the status of HTTP"),
      field<&Immediate::grpc_status>("grpc_status", "the status of gRPC"),
      field<&Immediate::details>("details", "what the proxy logs of it"),
  };
  static const MessageRow kRow{"Immediate", "a response by the plugin itself", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Expectation>() {
  static const std::array kFields{
      field<&Expectation::has_header>("has_header", "headers with their whole value"),
      field<&Expectation::no_header>("no_header", "headers that are not there"),
      field<&Expectation::headers>("headers", "compared with each `name: value`"),
      field<&Expectation::body>("body", "compared with the body"),
      field<&Expectation::immediate>("immediate", "the plugin answers by itself"),
      field<&Expectation::log>("log", "compared with each message that the phase logs"),
      extension<&Expectation::action>("action", "whether the message goes on in the end; continue"),
      extension<&Expectation::close>("close",
                                     "the plugin closes the connection, or resets the "
                                     "stream; by which of its sides"),
  };
  static const MessageRow kRow{"Expectation", "what the plugin is to make of it", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Invocation>() {
  static const std::array kFields{
      field<&Invocation::input>("input", "what the plugin is given"),
      field<&Invocation::result>("result", "what is expected of it"),
      extension<&Invocation::end_of_stream>("end_of_stream", "whether nothing comes after it"),
      extension<&Invocation::advance_ms>("advance_ms", "how much time passes before, in ms"),
  };
  static const MessageRow kRow{"Invocation", "a phase of a request", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<ConnectionEvent>() {
  static const std::array kFields{
      field<&ConnectionEvent::downstream_data>("downstream_data", "the client sends", "event"),
      field<&ConnectionEvent::upstream_data>("upstream_data", "the server sends", "event"),
      field<&ConnectionEvent::downstream_close>("downstream_close", "the client is gone", "event"),
      field<&ConnectionEvent::upstream_close>("upstream_close", "the server ends", "event"),
  };
  static const MessageRow kRow{"ConnectionEvent", "what happens on a connection", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Property>() {
  static const std::array kFields{
      field<&Property::path>("path", "as in `source.address`", "place"),
      extension<&Property::prefix>("prefix", "all properties below it", "place"),
      field<&Property::value>("value", "the bytes that the plugin reads"),
      in_base64<&Property::value>("value_base64", "the same, in base64"),
  };
  static const MessageRow kRow{"Property", "a property of the stream", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Callout>() {
  static const std::array kFields{
      field<&Callout::cluster>("cluster", "the cluster that is called; any"),
      field<&Callout::path>("path", "the path that is called; any"),
      field<&Callout::failure>("failure", "how the call fails"),
      field<&Callout::header>("header", "the answer's headers"),
      field<&Callout::content>("content", "the answer's body"),
      in_base64<&Callout::content>("content_base64", "the same, in base64"),
      field<&Callout::trailer>("trailer", "the answer's trailers"),
      field<&Callout::request>("request", "what is expected of each call"),
      field<&Callout::calls>("calls", "how many calls are expected"),
  };
  static const MessageRow kRow{"Callout", "what a cluster answers", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<GrpcCallout>() {
  static const std::array kFields{
      field<&GrpcCallout::cluster>("cluster", "the cluster that is called; any"),
      field<&GrpcCallout::service>("service", "the service that is called; any"),
      field<&GrpcCallout::method>("method", "the method that is called; any"),
      field<&GrpcCallout::failure>("failure", "how the call fails"),
      field<&GrpcCallout::header>("header", "the answer's initial metadata"),
      field<&GrpcCallout::message>("message", "the answer's messages; of a call, the first"),
      in_base64<&GrpcCallout::message>("message_base64", "the same, in base64"),
      field<&GrpcCallout::trailer>("trailer", "the answer's trailing metadata"),
      field<&GrpcCallout::status>("status", "the status of gRPC; 0"),
      field<&GrpcCallout::status_message>("status_message", "what the server says of its status"),
      field<&GrpcCallout::request>("request",
                                   "what is expected of each call's metadata, and "
                                   "(body) of its messages"),
      field<&GrpcCallout::calls>("calls", "how many calls are expected"),
  };
  static const MessageRow kRow{"GrpcCallout", "what a gRPC server answers", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<ForeignFunction>() {
  static const std::array kFields{
      field<&ForeignFunction::name>("name", "its name"),
      field<&ForeignFunction::argument>("argument", "what it is called with; anything"),
      in_base64<&ForeignFunction::argument>("argument_base64", "the same, in base64"),
      field<&ForeignFunction::content>("content", "what it returns"),
      in_base64<&ForeignFunction::content>("content_base64", "the same, in base64"),
      field<&ForeignFunction::status>("status", "the result of the host call; Ok"),
      field<&ForeignFunction::calls>("calls", "how many calls are expected"),
  };
  static const MessageRow kRow{"ForeignFunction", "what a foreign function answers", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<MetricExpectation>() {
  static const std::array kFields{
      field<&MetricExpectation::name>("name", "as the plugin defines it"),
      field<&MetricExpectation::value>("value", "when the test ends; of a histogram, the last one"),
  };
  static const MessageRow kRow{"Metric", "a metric", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<SharedEntry>() {
  static const std::array kFields{
      field<&SharedEntry::key>("key", "its key"),
      field<&SharedEntry::value>("value", "its value"),
      in_base64<&SharedEntry::value>("value_base64", "its value, in base64"),
  };
  static const MessageRow kRow{"SharedEntry", "an entry of the shared data", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Variable>() {
  static const std::array kFields{
      field<&Variable::name>("name", "its name"),
      field<&Variable::value>("value", "its value"),
  };
  static const MessageRow kRow{"Variable", "a variable of the VM", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Test>() {
  static const std::array kFields{
      field<&Test::name>("name", "the test's name"),
      field<&Test::benchmark>("benchmark", "whether Google's tester measures it, too"),
      field<&Test::num_chunks>("num_chunks", "in how many pieces a body comes",
                               "body_chunking_plan"),
      field<&Test::chunk_size>("chunk_size", "in pieces of how many bytes a body comes",
                               "body_chunking_plan"),
      field<&Test::properties>("properties", "what the plugin's stream reads of the proxy"),
      field<&Test::request_headers>("request_headers", "the request's headers"),
      extension<&Test::request_metadata>("request_metadata", "metadata of HTTP/2"),
      field<&Test::request_body>("request_body", "the request's body, call by call"),
      extension<&Test::request_trailers>("request_trailers", "the request's trailers"),
      field<&Test::response_headers>("response_headers", "the response's headers"),
      extension<&Test::response_metadata>("response_metadata", "metadata of HTTP/2"),
      field<&Test::response_body>("response_body", "the response's body, call by call"),
      extension<&Test::response_trailers>("response_trailers", "the response's trailers"),
      extension<&Test::new_connection>("new_connection", "a connection of TCP begins"),
      extension<&Test::connection>("connection", "what happens on a connection of TCP, in order"),
      field<&Test::plugin_init>("plugin_init", "what is logged when the plugin is configured"),
      field<&Test::stream_init>("stream_init", "what is logged when the stream begins"),
      field<&Test::stream_destroy>("stream_destroy", "what is logged when the stream ends"),
      extension<&Test::http_call>("http_call", "what clusters answer to calls of the plugin's"),
      extension<&Test::grpc_call>("grpc_call", "what gRPC servers answer to calls of the plugin's"),
      extension<&Test::foreign_function>("foreign_function", "what foreign functions answer"),
      extension<&Test::metrics>("metrics", "metrics when the test ends"),
      extension<&Test::config>("config", "the plugin's configuration, in place of all others"),
      extension<&Test::refuses>("refuses", "whether the plugin does not take its configuration"),
      extension<&Test::shared_data>("shared_data", "what is in the shared data before"),
      extension<&Test::time_ns>("time_ns",
                                "the time when the test begins, in nanoseconds since 1970"),
      extension<&Test::strict>("strict", "whether asking for what the suite does not give fails"),
  };
  static const MessageRow kRow{"Test", "a request and its response", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Env>() {
  static const std::array kFields{
      field<&Env::test_path>("test_path", "of no consequence"),
      field<&Env::wasm_path>("wasm_path", "the module, from the working directory"),
      field<&Env::config_path>("config_path",
                               "the plugin's configuration, from the working directory"),
      field<&Env::log_level>("log_level", "below it nothing is logged; INFO"),
      field<&Env::log_path>("log_path", "a file to which what is logged is added"),
      field<&Env::time_secs>("time_secs", "the time, in seconds since 1970"),
      field<&Env::num_additional_streams>("num_additional_streams",
                                          "for Google's benchmarks alone"),
      field<&Env::additional_stream_advance_rate>("additional_stream_advance_rate",
                                                  "for Google's benchmarks alone"),
      field<&Env::host>("host", "whose semantics the tests have; google"),
      extension<&Env::config>("config", "the plugin's configuration, as text"),
      extension<&Env::root_id>("root_id", "Envoy's root_id, Istio's pluginName"),
      extension<&Env::vm_config>("vm_config", "the VM's configuration"),
      extension<&Env::environment>("environment", "variables of the VM"),
  };
  static const MessageRow kRow{"Env", "what all tests run in", kFields};
  return kRow;
}

template <>
const MessageRow& message_of<Suite>() {
  static const std::array kFields{
      field<&Suite::env>("env", "what all tests run in"),
      field<&Suite::test>("test", "the tests, in order"),
  };
  static const MessageRow kRow{"TestSuite", "tests of a Proxy-Wasm plugin", kFields};
  return kRow;
}

// --- Values

bool is_text(const Node& node) {
  return node.kind == yaml::Kind::scalar;
}

bool is_quoted(const Node& node) {
  return is_text(node) && node.style != yaml::Style::plain;
}

// What stands there, for messages.
std::string describe(const SuiteSource& source, const Node& node) {
  if (source.syntax == Syntax::yaml) return std::string(yaml::describe(node));
  if (node.kind != yaml::Kind::scalar) return node.kind == yaml::Kind::mapping ? "{...}" : "a list";
  return is_quoted(node) ? "a string" : fmt::format("`{}`", node.text);
}

[[noreturn]] void fail_form(const SuiteSource& source, const Node& node, std::string_view wanted) {
  source.fail(node, fmt::format("expected {}, not {}", wanted, describe(source, node)));
}

template <typename Int>
std::optional<Int> parse_whole(std::string_view text, int base) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 5, and as YAML and JSON have it 5.0 and 5e0, too; in protobuf text 0x5 and 05 as well.
template <typename Int>
std::optional<Int> parse_integer(std::string_view text, Syntax syntax) {
  if (const auto whole = parse_whole<Int>(text, 10); whole && (text == "0" || text[0] != '0'))
    return whole;
  if (syntax == Syntax::protobuf_text) {
    if (text.starts_with("0x") || text.starts_with("0X"))
      return parse_whole<Int>(text.substr(2), 16);
    return parse_whole<Int>(text, text.starts_with('0') ? 8 : 10);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::floor(number) != number)
    return std::nullopt;
  constexpr double kExact = 9007199254740992;  // 2^53
  const auto least = std::max(static_cast<double>(std::numeric_limits<Int>::min()), -kExact);
  const auto most = std::min(static_cast<double>(std::numeric_limits<Int>::max()), kExact);
  if (number < least || number > most) return std::nullopt;
  return static_cast<Int>(number);
}

std::optional<bool> parse_boolean(std::string_view text, Syntax syntax) {
  static constexpr std::string_view kTrue[] = {"true", "True", "TRUE", "t", "1"};
  static constexpr std::string_view kFalse[] = {"false", "False", "FALSE", "f", "0"};
  // YAML has the first three; protobuf text all but the third.
  const auto is_one_of = [&](std::span<const std::string_view> words) {
    const auto found = std::ranges::find(words, text) - words.begin();
    return syntax == Syntax::yaml ? found < 3 : found < 5 && found != 2;
  };
  if (is_one_of(kTrue)) return true;
  if (is_one_of(kFalse)) return false;
  return std::nullopt;
}

// By word or number.
template <typename Enum>
std::optional<Enum> parse_choice(std::string_view text, Syntax syntax) {
  const auto& words = kWords<Enum>;
  const auto* const found =
      std::ranges::find(words, base::lower(text), [](auto word) { return base::lower(word); });
  if (found != words.end()) return static_cast<Enum>(found - words.begin());
  const auto number = parse_integer<std::int32_t>(text, syntax);
  if (!number || *number < 0 || *number >= static_cast<int>(words.size())) return std::nullopt;
  return static_cast<Enum>(*number);
}

// --- Messages

// In YAML `has_header` may be written hasHeader, as protobuf's JSON has it.
std::string camel_case(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (text.ends_with('_')) {
      text.back() = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    } else {
      text += c;
    }
  }
  return text;
}

const FieldRow& find_field(const SuiteSource& source, const MessageRow& message, const Node& key) {
  for (const auto& row : message.fields) {
    if (row.name == key.text) return row;
    if (source.syntax == Syntax::yaml && camel_case(row.name) == key.text) return row;
  }
  std::vector<std::string_view> names;
  for (const auto& row : message.fields) names.push_back(row.name);
  throw yaml::error_at(source.file, key.start,
                       fmt::format("unknown field `{}` of {}", key.text, message.about))
      .hint(base::suggest(key.text, names));
}

bool is_null(const SuiteSource& source, const Node& node) {
  return source.syntax == Syntax::yaml && node.kind == yaml::Kind::scalar &&
         node.style == yaml::Style::plain && yaml::type_of(node) == yaml::ScalarType::null;
}

void read_field(const SuiteSource& source, const FieldRow& row, const Node& node, void* target) {
  if (!row.is_list) return row.read(source, node, target);
  if (node.kind == yaml::Kind::sequence) {
    for (const auto& item : node.items) row.read(source, item, target);
  } else if (source.syntax == Syntax::protobuf_text) {
    row.read(source, node, target);
  } else {
    fail_form(source, node, "a list");
  }
}

void read_fields(const SuiteSource& source, const MessageRow& message, const Node& node,
                 void* target) {
  if (node.kind != yaml::Kind::mapping) {
    fail_form(source, node, source.syntax == Syntax::yaml ? "a mapping" : "{...}");
  }
  std::set<std::string_view> seen;
  for (const auto& [key, value] : node.entries) {
    const auto& row = find_field(source, message, key);
    if (is_null(source, value)) continue;
    if (row.is_extension && !source.first_extension) source.first_extension = {row.name, key.start};
    if (!row.is_list && !seen.insert(row.name).second) {
      source.fail(key, fmt::format("`{}` is set twice", row.name));
    }
    for (const auto& other : message.fields) {
      if (row.one_of.empty() || other.one_of != row.one_of || &other == &row) continue;
      if (source.syntax == Syntax::protobuf_text && seen.contains(other.name)) {
        source.fail(key, fmt::format("`{}` and `{}` exclude each other", other.name, row.name));
      }
      other.clear(target);
    }
    read_field(source, row, value, target);
  }
}

template <typename T>
void read_value(const SuiteSource& source, const Node& node, T& value) {
  if constexpr (Message<T>) {
    if constexpr (requires { value.mark; }) value.mark = node.start;
    if constexpr (std::same_as<T, StringMatcher>) {
      if (is_text(node) && (source.syntax == Syntax::yaml || is_quoted(node))) {
        value.exact = node.text;
        return;
      }
    }
    read_fields(source, message_of<T>(), node, &value);
  } else if constexpr (std::same_as<T, std::string>) {
    if (!is_text(node) || (source.syntax == Syntax::protobuf_text && !is_quoted(node)))
      fail_form(source, node, "a string");
    value = node.text;
  } else {
    constexpr auto kKind = kind_of<T>();
    const auto parsed = [&] {
      if constexpr (kKind == FieldKind::boolean) {
        return parse_boolean(node.text, source.syntax);
      } else if constexpr (kKind == FieldKind::choice) {
        return parse_choice<T>(node.text, source.syntax);
      } else {
        return parse_integer<T>(node.text, source.syntax);
      }
    }();
    if (!is_text(node) || (source.syntax == Syntax::protobuf_text && is_quoted(node)) || !parsed) {
      const auto wanted = [] {
        if constexpr (kKind == FieldKind::choice)
          return fmt::format("one of {}", fmt::join(kWords<T>, ", "));
        if constexpr (kKind == FieldKind::boolean) return std::string("true or false");
        if constexpr (kKind == FieldKind::natural) return std::string("a whole number, 0 or more");
        return std::string("a whole number");
      }();
      if (is_text(node)) source.fail(node, fmt::format("expected {}, not `{}`", wanted, node.text));
      fail_form(source, node, wanted);
    }
    value = *parsed;
  }
}

std::string decoded(const SuiteSource& source, const Node& node) {
  std::string text;
  read_value(source, node, text);
  auto bytes = base::base64_decode(text);
  if (!bytes) source.fail(node, fmt::format("`{}` is not base64", text));
  return *std::move(bytes);
}

void check_host(const SuiteSource& source, const Suite& suite) {
  if (suite.env.host == SuiteHost::envoy || !source.first_extension) return;
  const auto& [name, mark] = *source.first_extension;
  throw yaml::error_at(source.file, mark, fmt::format("Google's plugin tester has no `{}`", name))
      .hint("ask for Envoy's semantics in the suite: `env: {host: envoy}`");
}

// A connection of TCP has no messages of HTTP, and of its events each is one.
void check_connections(const SuiteSource& source, const Suite& suite) {
  for (const auto& test : suite.test) {
    if (!is_of_tcp(test)) continue;
    const bool has_http = test.request_headers || test.request_metadata || test.response_metadata ||
                          !test.request_body.empty() || test.request_trailers ||
                          test.response_headers || !test.response_body.empty() ||
                          test.response_trailers;
    if (has_http)
      throw yaml::error_at(source.file, test.mark,
                           "a test is a request of HTTP or a connection of TCP, not both");
    for (const auto& event : test.connection) {
      if (!event.downstream_data && !event.upstream_data && !event.downstream_close &&
          !event.upstream_close)
        throw yaml::error_at(source.file, event.mark, "says nothing that happens")
            .hint(
                "give `downstream_data`, `upstream_data`, `downstream_close` or "
                "`upstream_close`");
    }
  }
}

bool is_protobuf_text(const std::filesystem::path& file) {
  static constexpr std::string_view kEndings[] = {".textpb", ".textproto", ".pbtxt", ".txtpb"};
  return std::ranges::find(kEndings, file.extension().native()) != std::end(kEndings);
}

void collect(const MessageRow& message, std::vector<const MessageRow*>& messages) {
  if (std::ranges::find(messages, &message) != messages.end()) return;
  messages.push_back(&message);
  for (const auto& row : message.fields) {
    if (row.message != nullptr) collect(*row.message, messages);
  }
}

// --- JSON Schema

json value_schema(const FieldRow& row) {
  switch (row.kind) {
    case FieldKind::text:
      return {{"type", {"string", "number", "boolean", "null"}}};
    case FieldKind::boolean:
      return {{"type", "boolean"}};
    case FieldKind::integer:
      return {{"type", "integer"}};
    case FieldKind::natural:
      return {{"type", "integer"}, {"minimum", 0}};
    case FieldKind::choice:
      return {{"enum", row.choices}};
    case FieldKind::message:
      break;
  }
  json schema = {{"$ref", fmt::format("#/$defs/{}", row.message->name)}};
  if (row.name != "details") return schema;
  return {{"anyOf", {schema, {{"type", "string"}}}}};
}

json message_schema(const MessageRow& message) {
  json properties = json::object();
  json exclusions = json::array();
  for (const auto& row : message.fields) {
    auto schema = value_schema(row);
    if (row.is_list) schema = {{"type", "array"}, {"items", std::move(schema)}};
    schema["description"] = row.about;
    properties[std::string(row.name)] = std::move(schema);
    for (const auto& other : message.fields) {
      if (row.one_of.empty() || other.one_of != row.one_of || &other <= &row) continue;
      exclusions.push_back({{"not", {{"required", {row.name, other.name}}}}});
    }
  }
  json schema = {{"type", "object"},
                 {"description", message.about},
                 {"properties", std::move(properties)},
                 {"additionalProperties", false}};
  if (!exclusions.empty()) schema["allOf"] = std::move(exclusions);
  return schema;
}

}  // namespace

const MessageRow& suite_message() {
  return message_of<Suite>();
}

std::vector<const MessageRow*> suite_messages() {
  std::vector<const MessageRow*> messages;
  collect(suite_message(), messages);
  return messages;
}

Suite read_suite(std::string_view text, const std::filesystem::path& file) {
  Suite suite;
  suite.file = file;
  const auto& name = file.native();
  if (is_protobuf_text(file)) {
    const SuiteSource source{name, Syntax::protobuf_text};
    read_fields(source, suite_message(), read_text_format(text, name), &suite);
    check_host(source, suite);
    check_connections(source, suite);
    return suite;
  }
  const SuiteSource source{name, Syntax::yaml};
  const auto document = yaml::read_one(text, name);
  if (!is_null(source, document.root)) {
    read_fields(source, suite_message(), document.root, &suite);
  }
  check_host(source, suite);
  check_connections(source, suite);
  return suite;
}

json suite_schema() {
  json definitions = json::object();
  for (const auto* message : suite_messages()) {
    if (message != &suite_message())
      definitions[std::string(message->name)] = message_schema(*message);
  }
  auto schema = message_schema(suite_message());
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace wasmctl::host
