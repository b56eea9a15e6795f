#include "yaml/write.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "yaml/scalar.hpp"

namespace wasmctl::yaml {

namespace {

using nlohmann::ordered_json;

// A longer key needs the form `? key`: libyaml and go-yaml look for its colon within 1024
// characters, and an escape makes six of one.
constexpr std::size_t kMaxSimpleKeyBytes = 128;

// The code point at `offset`, which it moves behind it. Throws unless it is well-formed UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& offset) {
  const auto refuse = [&] {
    return Error(Code::bad_input, fmt::format("a string is not UTF-8 (byte {} of `{}`)", offset,
                                              text.substr(0, offset)));
  };
  const auto first = static_cast<unsigned char>(text[offset]);
  if (first < 0x80) return text[offset++] & 0x7F;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > text.size() - offset) throw refuse();
  char32_t point = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[offset + i]);
    if ((byte & 0xC0U) != 0x80U) throw refuse();
    point = point << 6U | (byte & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kSmallest[length] || point > 0x10FFFF || surrogate) throw refuse();
  offset += length;
  return point;
}

// What both YAML 1.1 and 1.2 print as it is. Not: controls, DEL, NEL and the other line breaks of
// 1.1, byte order marks and non-characters, which libyaml refuses; nor what turns the direction of
// reading, since people read manifests, too.
bool is_printable(char32_t point) {
  if (base::is_control(point)) return false;
  return (point >= 0x20 && point < 0x7F) || (point >= 0xA0 && point < 0x2028) ||
         (point > 0x2029 && point < 0xD800) || (point >= 0xE000 && point < 0xFEFF) ||
         (point > 0xFEFF && point < 0xFFFE) || point >= 0x10000;
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t offset = 0; offset < text.size();) {
    const auto start = offset;
    const char32_t point = next_code_point(text, offset);
    switch (point) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (is_printable(point)) {
          out += text.substr(start, offset - start);
        } else {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(point));
        }
    }
  }
  return out + '"';
}

// YAML 1.1 knows a float by its dot and a signed exponent: 1e3 is a string to PyYAML.
std::string write_float(double value) {
  if (!std::isfinite(value)) throw Error(Code::bad_input, "a number is not finite");
  auto text = ordered_json(value).dump();
  const auto exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) {
    text.insert(exponent, ".0");
  }
  return text;
}

std::string write_scalar(const ordered_json& value) {
  switch (value.type()) {
    case ordered_json::value_t::string:
      return quote(value.get_ref<const std::string&>());
    case ordered_json::value_t::number_float:
      return write_float(value.get<double>());
    case ordered_json::value_t::object:
      return "{}";
    case ordered_json::value_t::array:
      return "[]";
    default:
      return value.dump();  // null, booleans, integers
  }
}

bool is_block(const ordered_json& value) {
  return value.is_structured() && !value.empty();
}

class Writer {
 public:
  // The value's lines. The first one starts where the cursor stands, `indent` blanks into the line.
  void write_block(const ordered_json& value, std::size_t indent) {
    bool first = true;
    for (const auto& [key, child] : value.items()) {
      if (!first) out_.append(indent, ' ');
      first = false;
      if (value.is_array()) {
        out_ += "- ";
        write_value_inline(child, indent + 2);
      } else {
        write_entry(key, child, indent);
      }
    }
  }

  void write_value_inline(const ordered_json& value, std::size_t indent) {
    if (is_block(value)) {
      write_block(value, indent);
    } else {
      out_ += write_scalar(value) + '\n';
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void write_entry(const std::string& key, const ordered_json& value, std::size_t indent) {
    if (key.size() > kMaxSimpleKeyBytes) {
      out_ += "? " + quote(key) + '\n' + std::string(indent, ' ') + ": ";
      write_value_inline(value, indent + 2);
      return;
    }
    out_ += quote(key) + ':';
    if (!is_block(value)) {
      out_ += ' ' + write_scalar(value) + '\n';
      return;
    }
    const auto inner = value.is_array() ? indent : indent + 2;
    out_ += '\n' + std::string(inner, ' ');
    write_block(value, inner);
  }

  std::string out_;
};

}  // namespace

std::string quote(std::string_view text) {
  return needs_quotes(text) ? double_quoted(text) : std::string(text);
}

std::string write(const ordered_json& value) {
  Writer writer;
  writer.write_value_inline(value, 0);
  return writer.take();
}

}  // namespace wasmctl::yaml
