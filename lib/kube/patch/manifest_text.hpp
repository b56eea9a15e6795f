// A manifest's text as somebody keeps it, and changes to it by the places of its nodes: lines are
// added to block style, parts to what is in brackets, and no other byte is touched.
//
// What was made for the sake of an addition (a list, a container) is to go with the last part in
// it, so it is marked: in block style by the comment kAddedMark at its line's end, in brackets,
// where JSON allows no comment, by a blank before its colon (`"volumes" :[...]`), which nobody
// writes.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "kube/patch/edits.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

inline constexpr char kAddedMark[] = "# added by wasmctl";

using Lines = std::vector<std::string>;

// What is to be added, in both styles: an item of a list, or an entry of a mapping.
struct Piece {
  Lines block;       // as lines, the first at column 0
  std::string flow;  // on one line, between commas
};

// `- name: ...` lines, and the same as JSON, which is YAML.
Piece item_piece(const nlohmann::ordered_json& item);

// `key: "text"`, marked.
Piece text_entry(std::string_view key, std::string_view text);

// `key:`, marked, with the entries under it; or with the items under it, `nested` columns deeper.
Piece mapping_entry(std::string_view key, const std::vector<Piece>& entries);
Piece list_entry(std::string_view key, const Piece& item, std::size_t nested);

Lines indented(Lines lines, std::size_t blanks);

class ManifestText {
 public:
  ManifestText(std::string_view text, const std::string& file);

  std::string_view text() const { return text_; }
  // With the way out: a kustomize component, or another one.
  Error refuse(const yaml::Node& node, std::string_view why) const;
  Error refuse(const yaml::Node& node, std::string_view why, std::string way_out) const;

  // Throws for an alias, at its place: what is below it stands elsewhere, and others may share it.
  void require_own(const yaml::Node& node) const;

  std::size_t line_begin(std::size_t offset) const;
  std::size_t behind_line(std::size_t offset) const;
  // Where the last byte of a node's content is: libyaml's end of a block collection lies behind the
  // comments that follow.
  std::size_t content_end(const yaml::Node& node) const;

  // True for an entry or item that bears the mark; `key`: the entry's, or the first of the item.
  bool is_marked(const yaml::Node& key) const;

  // Behind the last item or entry. Throws for aliases, and for anchors and tags in block style.
  Edit insert_item(const yaml::Node& list, const Piece& item) const;
  Edit insert_entry(const yaml::Node& mapping, const Piece& entry) const;
  // Under `key:`, which has nothing under it yet.
  Edit insert_below(const yaml::Node& key, const Lines& lines) const;

  Edit remove_item(const yaml::Node& list, std::size_t index) const;
  // `indices`: ascending.
  std::vector<Edit> remove_entries(const yaml::Node& mapping,
                                   const std::vector<std::size_t>& indices) const;

 private:
  void require_open(const yaml::Node& node) const;
  std::size_t line_end(std::size_t offset) const;
  std::size_t before_line(std::size_t offset) const;
  std::size_t scalar_end(const yaml::Node& node) const;
  std::size_t after(const yaml::Node& node, std::size_t column) const;
  Edit insert_lines(std::size_t at, const Lines& lines) const;
  Edit insert_flow(const yaml::Node& collection, const std::string& part) const;
  Edit remove_lines(const yaml::Node& from, const yaml::Node& to) const;

  std::string_view text_;
  const std::string& file_;
  std::string newline_;
};

// The index of the item whose `key` is `value`, or of the entry; else the size.
std::size_t find_item(const yaml::Node& list, std::string_view key, std::string_view value);
std::size_t find_entry(const yaml::Node& mapping, std::string_view key);

// `key:` and nothing.
bool is_empty(const yaml::Node& node);

}  // namespace wasmctl::kube
