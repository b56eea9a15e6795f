#include "kube/patch/annotation_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/mount.hpp"
#include "yaml/json.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;
using yaml::Node;
using yaml::Style;

// `text` as it stands in a scalar of that style.
std::string in_style(const std::string& text, Style style) {
  std::string out;
  for (const char c : text) {
    if (style == Style::single_quoted && c == '\'') out += '\'';
    if (style == Style::double_quoted && (c == '"' || c == '\\')) out += '\\';
    out += c;
  }
  return out;
}

// Of an object the value under `key`, of a list the item with that name.
const ordered_json* find_member(const ordered_json& value, const std::string& key) {
  if (value.is_object()) return value.contains(key) ? &value[key] : nullptr;
  if (!value.is_array()) return nullptr;
  const auto found = std::ranges::find_if(value, [&](const ordered_json& item) {
    return item.is_object() && item.value("name", ordered_json()) == key;
  });
  return found == value.end() ? nullptr : &*found;
}

class Member {
 public:
  Member(const ManifestText& text, const Node& scalar, const std::string& key)
      : text_(text), scalar_(scalar), key_(key) {
    begin_ = scalar.start.offset;
    raw_ = text.text().substr(begin_, text.content_end(scalar) - begin_);
    try {
      value_ = yaml::read_ordered_json(scalar.text, "");
    } catch (const Error&) {
      throw text.refuse(scalar, "this annotation is no JSON");
    }
    if (scalar.alias || !value_.is_structured()) {
      throw text.refuse(scalar, "this annotation is no JSON object");
    }
  }

  // The plugin's own; null if it is not there.
  const ordered_json* find() const { return find_member(value_, key_); }

  // In a list the item has its name inside.
  ordered_json as_member(const ordered_json& value) const {
    return value_.is_object() ? value : with_name(key_, value);
  }

  Edit insert(const ordered_json& value) const {
    const auto bracket = raw_.rfind(value_.is_object() ? '}' : ']');
    const auto last = bracket == std::string_view::npos || bracket == 0
                          ? std::string_view::npos
                          : raw_.find_last_not_of(" \t\r\n", bracket - 1);
    if (last == std::string_view::npos) throw written_otherwise();
    const auto at = begin_ + last + 1;
    return {at, at, (value_.empty() ? "" : ",") + written(value)};
  }

  Edit replace(const ordered_json& before, const ordered_json& after) const {
    const auto at = locate(before);
    return {at, at + written(before).size(), written(after)};
  }

  Edit remove(const ordered_json& value) const {
    const auto at = locate(value);
    Edit edit{at, at + written(value).size(), ""};
    if (text_.text()[edit.begin - 1] == ',') {
      --edit.begin;
    } else if (text_.text()[edit.end] == ',') {
      ++edit.end;
    }
    return edit;
  }

  bool is_only() const { return value_.size() == 1; }

 private:
  std::string written(const ordered_json& value) const {
    auto text = value.dump();
    if (value_.is_object()) text = ordered_json(key_).dump() + ':' + text;
    return in_style(text, scalar_.style);
  }

  // Never at either end of the scalar: brackets are around it.
  std::size_t locate(const ordered_json& value) const {
    const auto at = raw_.find(written(value));
    if (at == std::string_view::npos || at == 0) throw written_otherwise();
    return begin_ + at;
  }

  Error written_otherwise() const {
    return text_.refuse(scalar_, fmt::format("`{}` is written here in a way that cannot be edited: "
                                             "take it out by hand",
                                             key_));
  }

  const ManifestText& text_;
  const Node& scalar_;
  const std::string& key_;
  std::size_t begin_ = 0;
  std::string_view raw_;
  ordered_json value_;
};

}  // namespace

bool has_member(const Node& scalar, const std::string& key) {
  return find_member(ordered_json::parse(scalar.text, nullptr, false), key) != nullptr;
}

std::optional<Edit> put_member(const ManifestText& text, const Node& scalar, const std::string& key,
                               const ordered_json& value) {
  const Member member(text, scalar, key);
  const auto wanted = member.as_member(value);
  const auto* const found = member.find();
  if (found == nullptr) return member.insert(wanted);
  if (*found == wanted) return std::nullopt;
  return member.replace(*found, wanted);
}

std::optional<Removal> take_member(const ManifestText& text, const Node& scalar,
                                   const std::string& key) {
  if (scalar.text.find(key) == std::string::npos) return std::nullopt;  // whatever it is
  const Member member(text, scalar, key);
  const auto* const found = member.find();
  if (found == nullptr) return std::nullopt;
  return Removal{member.remove(*found), member.is_only()};
}

}  // namespace wasmctl::kube
