#include "oci/fields.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"

namespace wasmctl::oci {

namespace {

using nlohmann::json;

// Of values. `any` is what nobody knows.
enum class Type {
  any,
  text,
  integer,
  base64,
  texts,     // a list
  text_map,  // keys are the author's own
  document,
  descriptor,
  descriptors,  // a list
  platform,
};

struct Field {
  std::string_view name;
  Type type;
};

// A manifest's and an index's.
constexpr Field kDocument[] = {
    {"schemaVersion", Type::integer}, {"mediaType", Type::text},
    {"artifactType", Type::any},      {"config", Type::descriptor},
    {"layers", Type::descriptors},    {"manifests", Type::descriptors},
    {"subject", Type::descriptor},    {"annotations", Type::text_map},
};
constexpr Field kDescriptor[] = {
    {"mediaType", Type::text},    {"digest", Type::text},          {"size", Type::integer},
    {"urls", Type::texts},        {"data", Type::base64},          {"artifactType", Type::text},
    {"platform", Type::platform}, {"annotations", Type::text_map},
};
constexpr Field kPlatform[] = {
    {"architecture", Type::text}, {"os", Type::text},      {"os.version", Type::text},
    {"os.features", Type::texts}, {"variant", Type::text}, {"features", Type::texts},
};

std::span<const Field> fields_of(Type type) {
  switch (type) {
    case Type::document:
      return kDocument;
    case Type::descriptor:
      return kDescriptor;
    case Type::platform:
      return kPlatform;
    default:
      return {};
  }
}

Type element_of(Type list) {
  return list == Type::texts         ? Type::text
         : list == Type::descriptors ? Type::descriptor
                                     : Type::any;
}

std::string_view name_of(Type type) {
  switch (type) {
    case Type::text:
      return "a string";
    case Type::integer:
      return "an integer of 64 bits";
    case Type::base64:
      return "base64";
    case Type::texts:
    case Type::descriptors:
      return "a list";
    default:
      return "an object";
  }
}

// As encoding/json folds the keys of structs: ASCII letters, and the two others that are some in
// another case.
std::string fold(std::string_view key) {
  std::string folded;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto rest = key.substr(i);
    if (rest.starts_with("\u017f")) {
      folded += 's';
      i += 1;
    } else if (rest.starts_with("\u212a")) {
      folded += 'k';
      i += 2;
    } else {
      folded += static_cast<char>(key[i] >= 'A' && key[i] <= 'Z' ? key[i] - 'A' + 'a' : key[i]);
    }
  }
  return folded;
}

// Follows the events of a parser. What it is about is its stack of open objects and lists.
class FieldReader : public nlohmann::json_sax<json> {
 public:
  FieldReader(std::string_view what, Values values) : what_(what), values_(values) {}

  bool null() override { return true; }  // is as good as none, whatever the type
  bool boolean(bool) override { return scalar(false); }
  bool number_integer(number_integer_t) override { return scalar(expected() == Type::integer); }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(expected() == Type::integer && value >> 63U == 0);
  }
  bool number_float(number_float_t, const string_t&) override { return scalar(false); }
  bool string(string_t& value) override {
    return scalar(expected() == Type::text ||
                  (expected() == Type::base64 && base::base64_decode_as_go(value)));
  }
  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override {
    const auto type = expected();
    require(type == Type::text_map || !fields_of(type).empty());
    open_.push_back({type});
    return true;
  }
  bool start_array(std::size_t) override {
    const auto type = expected();
    require(type == Type::texts || type == Type::descriptors);
    open_.push_back({type, element_of(type)});
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto& object = open_.back();
    object.key = name;
    object.next = object.type == Type::text_map ? Type::text : Type::any;
    const auto fields = fields_of(object.type);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const bool same = fields[i].name == name;
      if (!same && fold(fields[i].name) != fold(name)) continue;
      if (!same) {
        refuse(fmt::format("has the key `{}`, which other readers take for `{}`", name,
                           fields[i].name));
      }
      if ((object.seen >> i & 1U) != 0) refuse(fmt::format("has the key `{}` twice", name));
      object.seen |= 1U << i;
      object.next = fields[i].type;
    }
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception&) override {
    refuse(fmt::format("cannot be read (byte {})", byte));
  }

 private:
  struct Open {
    Type type;
    Type next = Type::any;  // of the value that follows
    unsigned seen = 0;      // one bit for each field
    std::string key = {};
  };

  Type expected() const { return open_.empty() ? Type::document : open_.back().next; }

  void require(bool right) const {
    if (right || values_ == Values::any || expected() == Type::any) return;
    std::string path;
    for (const auto& object : open_) {
      if (!object.key.empty()) path += (path.empty() ? "" : ".") + object.key;
    }
    throw Error(Code::bad_input,
                fmt::format("{}: `{}` is not {}", what_, path, name_of(expected())))
        .because("Go's reader, which Istio, docker and containerd use, refuses such a document");
  }

  bool scalar(bool right) const {
    require(right);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(Code::bad_input, fmt::format("{} {}", what_, why));
  }

  const std::string_view what_;
  const Values values_;
  std::vector<Open> open_;
};

}  // namespace

void check_fields(std::string_view text, std::string_view what, Values values) {
  FieldReader reader(what, values);
  json::sax_parse(text, &reader);
}

}  // namespace wasmctl::oci
