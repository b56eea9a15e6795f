#include "yaml/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/base64.hpp"

namespace wasmctl::yaml {

namespace {

using namespace std::string_view_literals;

struct Word {
  std::string_view text;
  ScalarType type;
  bool value;  // of a boolean
};

constexpr Word kWords[] = {
    {"", ScalarType::null, false},         {"~", ScalarType::null, false},
    {"null", ScalarType::null, false},     {"Null", ScalarType::null, false},
    {"NULL", ScalarType::null, false},     {"y", ScalarType::boolean, true},
    {"Y", ScalarType::boolean, true},      {"yes", ScalarType::boolean, true},
    {"Yes", ScalarType::boolean, true},    {"YES", ScalarType::boolean, true},
    {"true", ScalarType::boolean, true},   {"True", ScalarType::boolean, true},
    {"TRUE", ScalarType::boolean, true},   {"on", ScalarType::boolean, true},
    {"On", ScalarType::boolean, true},     {"ON", ScalarType::boolean, true},
    {"n", ScalarType::boolean, false},     {"N", ScalarType::boolean, false},
    {"no", ScalarType::boolean, false},    {"No", ScalarType::boolean, false},
    {"NO", ScalarType::boolean, false},    {"false", ScalarType::boolean, false},
    {"False", ScalarType::boolean, false}, {"FALSE", ScalarType::boolean, false},
    {"off", ScalarType::boolean, false},   {"Off", ScalarType::boolean, false},
    {"OFF", ScalarType::boolean, false},
};

struct Special {
  std::string_view text;
  double value;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Special kSpecials[] = {
    {".nan", kNan},       {".NaN", kNan},        {".NAN", kNan},        {".inf", kInfinity},
    {".Inf", kInfinity},  {".INF", kInfinity},   {"+.inf", kInfinity},  {"+.Inf", kInfinity},
    {"+.INF", kInfinity}, {"-.inf", -kInfinity}, {"-.Inf", -kInfinity}, {"-.INF", -kInfinity},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool starts_with_sign(std::string_view text) {
  return !text.empty() && (text[0] == '-' || text[0] == '+');
}

// Go's strconv.ParseInt(text, 0, 64), then ParseUint: the base is in the prefix.
std::optional<Scalar> parse_integer(std::string_view text) {
  const bool has_sign = starts_with_sign(text);
  const bool negative = has_sign && text[0] == '-';
  if (has_sign) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude <= kMax) {
    const auto value = static_cast<std::int64_t>(magnitude);
    return negative ? -value : value;
  }
  if (negative && magnitude == kMax + 1) return std::numeric_limits<std::int64_t>::min();
  if (has_sign) return std::nullopt;
  return magnitude;
}

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool has_form_of_float(std::string_view text) {
  if (starts_with_sign(text)) text.remove_prefix(1);
  const auto whole = count_digits(text);
  text.remove_prefix(whole);
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    const auto fraction = count_digits(text);
    if (whole == 0 && fraction == 0) return false;
    text.remove_prefix(fraction);
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (starts_with_sign(text)) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

std::optional<Scalar> parse_float(std::string_view text) {
  if (!has_form_of_float(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);  // from_chars takes none
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Scalar> parse_number(std::string_view text) {
  if (text[0] == '.') return parse_float(text);
  if (!is_digit(text[0]) && !starts_with_sign(text)) return std::nullopt;
  std::string digits(text);
  std::erase(digits, '_');
  if (auto integer = parse_integer(digits)) return integer;
  return parse_float(digits);
}

struct Tag {
  std::string_view name;
  ScalarType type;
};

constexpr auto kTagPrefix = "tag:yaml.org,2002:"sv;
constexpr Tag kTags[] = {
    {"str", ScalarType::string},    {"bool", ScalarType::boolean},
    {"int", ScalarType::integer},   {"float", ScalarType::floating},
    {"null", ScalarType::null},     {"timestamp", ScalarType::string},
    {"binary", ScalarType::string},
};

ScalarType type_of(const Scalar& value) {
  if (std::holds_alternative<std::monostate>(value)) return ScalarType::null;
  if (std::holds_alternative<bool>(value)) return ScalarType::boolean;
  if (std::holds_alternative<double>(value)) return ScalarType::floating;
  if (std::holds_alternative<std::string>(value)) return ScalarType::string;
  return ScalarType::integer;
}

Scalar as_float(const Scalar& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*number);
  return value;
}

Scalar value_of_tagged(const Node& scalar) {
  const auto name = std::string_view(scalar.tag)
                        .substr(scalar.tag.starts_with(kTagPrefix) ? kTagPrefix.size() : 0);
  const auto* const tag = std::ranges::find(kTags, name, &Tag::name);
  if (tag == std::end(kTags)) {
    throw Error(Code::bad_input, fmt::format("tag `{}` is not one of YAML's own", scalar.tag));
  }
  if (name == "binary") {
    auto bytes = base::base64_decode_as_go(scalar.text);
    if (!bytes) throw Error(Code::bad_input, "!!binary is not base64");
    return std::move(*bytes);
  }
  if (tag->type == ScalarType::string) return scalar.text;
  auto value = resolve_plain(scalar.text);
  if (tag->type == ScalarType::floating) value = as_float(value);
  if (type_of(value) != tag->type) {
    throw Error(Code::bad_input, fmt::format("`{}` is no !!{}", scalar.text, name));
  }
  return value;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_reserved_word(std::string_view text) {
  if (text.size() > 5) return false;
  std::string word(text);
  std::ranges::transform(word, word.begin(), lower);
  return std::ranges::any_of(kWords, [&](const Word& known) { return known.text == word; });
}

// Letters, digits and what means nothing anywhere in a plain scalar. Blanks, colons and hashes are
// judged by their neighbours, and all else is quoted.
constexpr auto kPlainPunctuation = "_-./+=@%~^$"sv;

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

bool is_plain(char c) {
  return is_digit(c) || is_letter(c) || kPlainPunctuation.find(c) != std::string_view::npos;
}

}  // namespace

Scalar resolve_plain(std::string_view text) {
  for (const auto& word : kWords) {
    if (word.text != text) continue;
    return word.type == ScalarType::null ? Scalar() : Scalar(word.value);
  }
  for (const auto& special : kSpecials) {
    if (special.text == text) return special.value;
  }
  if (auto number = parse_number(text)) return *number;
  return std::string(text);
}

Scalar value_of(const Node& scalar) {
  if (scalar.tag == "!") return scalar.text;  // "not to be resolved"
  if (!scalar.tag.empty()) return value_of_tagged(scalar);
  return scalar.style == Style::plain ? resolve_plain(scalar.text) : Scalar(scalar.text);
}

ScalarType type_of(const Node& scalar) {
  try {
    return type_of(value_of(scalar));
  } catch (const Error&) {
    return ScalarType::string;
  }
}

bool needs_quotes(std::string_view text) {
  // What starts with a digit, a sign or a dot may be a number or a date to some reader (0o17 only
  // in 1.2, 1:30 only in 1.1): quoted, whatever follows.
  if (text.empty() || (!is_letter(text[0]) && text[0] != '/')) return true;
  if (is_reserved_word(text)) return true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    if (is_plain(text[i])) continue;
    // `a b`, `a:b` and `a#b` are plain; `a: b`, `a #b`, `a:` and a blank at the end are not.
    const bool inner = !last && is_plain(text[i + 1]);
    if (inner && (text[i] == ' ' || text[i] == ':')) continue;
    return true;
  }
  return false;
}

}  // namespace wasmctl::yaml
