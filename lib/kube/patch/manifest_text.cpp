#include "kube/patch/manifest_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "yaml/write.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::ordered_json;
using yaml::Kind;
using yaml::Node;
using yaml::Style;

constexpr std::string_view kFlowMark = " :";

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string marked_key(std::string_view key) {
  return fmt::format("{}:  {}", key, kAddedMark);
}

std::string flow_key(std::string_view key) {
  return fmt::format("\"{}\"{}", key, kFlowMark);
}

std::size_t blanks_before(const Node& node) {
  return node.start.column - 1;
}

void append(Lines& lines, Lines more) {
  std::ranges::move(more, std::back_inserter(lines));
}

bool is_block(const Node& node) {
  return node.style == Style::block;
}

std::size_t end_of(const yaml::Entry& entry) {
  return std::max(entry.key.end.offset, entry.value.end.offset);
}

}  // namespace

Lines indented(Lines lines, std::size_t blanks) {
  for (auto& line : lines) line.insert(0, blanks, ' ');
  return lines;
}

Piece item_piece(const ordered_json& item) {
  return {split_lines(yaml::write(ordered_json::array({item}))), item.dump()};
}

Piece text_entry(std::string_view key, std::string_view text) {
  // In single quotes JSON reads as what it is.
  const bool plain_quotes = text.find('\'') == std::string_view::npos;
  const auto quoted = plain_quotes ? fmt::format("'{}'", text) : ordered_json(text).dump();
  return {{fmt::format("{}: {}  {}", key, quoted, kAddedMark)},
          flow_key(key) + ordered_json(text).dump()};
}

Piece mapping_entry(std::string_view key, const std::vector<Piece>& entries) {
  Piece piece{{marked_key(key)}, {}};
  std::vector<std::string> flow;
  for (const auto& entry : entries) {
    append(piece.block, indented(entry.block, 2));
    flow.push_back(entry.flow);
  }
  piece.flow = fmt::format("{}{{{}}}", flow_key(key), fmt::join(flow, ","));
  return piece;
}

Piece list_entry(std::string_view key, const Piece& item, std::size_t nested) {
  Piece piece{{marked_key(key)}, fmt::format("{}[{}]", flow_key(key), item.flow)};
  append(piece.block, indented(item.block, nested));
  return piece;
}

std::size_t find_item(const Node& list, std::string_view key, std::string_view value) {
  const auto found = std::ranges::find_if(list.items, [&](const Node& item) {
    const auto* const node = yaml::find(item, key);
    return node != nullptr && node->text == value;
  });
  return static_cast<std::size_t>(found - list.items.begin());
}

std::size_t find_entry(const Node& mapping, std::string_view key) {
  const auto found = std::ranges::find_if(
      mapping.entries, [&](const yaml::Entry& entry) { return entry.key.text == key; });
  return static_cast<std::size_t>(found - mapping.entries.begin());
}

bool is_empty(const Node& node) {
  return node.kind == Kind::scalar && node.style == Style::plain && node.text.empty();
}

ManifestText::ManifestText(std::string_view text, const std::string& file)
    : text_(text), file_(file) {
  const auto newline = text.find('\n');
  const bool has_cr = newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r';
  newline_ = has_cr ? "\r\n" : "\n";
}

Error ManifestText::refuse(const Node& node, std::string_view why) const {
  return refuse(node, why,
                "`wasmctl render ... -o DIR` makes a kustomize component that needs no such edit");
}

Error ManifestText::refuse(const Node& node, std::string_view why, std::string way_out) const {
  return yaml::error_at(file_, node.start, why).hint(std::move(way_out));
}

void ManifestText::require_own(const Node& node) const {
  if (node.alias) throw refuse(node, "an alias stands here: the change would reach its anchor too");
}

void ManifestText::require_open(const Node& node) const {
  if (node.kind == Kind::scalar) {
    throw refuse(node, fmt::format("a list or mapping should stand here, not {}", describe(node)));
  }
  require_own(node);
  const char first = node.start.offset < text_.size() ? text_[node.start.offset] : '\0';
  if (first == '&' || first == '!') throw refuse(node, "this has an anchor or a tag");
}

// ---- lines ----------------------------------------------------------------------------------

std::size_t ManifestText::line_end(std::size_t offset) const {
  const auto newline = std::min(text_.find('\n', offset), text_.size());
  const bool has_cr = newline > offset && newline < text_.size() && text_[newline - 1] == '\r';
  return has_cr ? newline - 1 : newline;
}

std::size_t ManifestText::line_begin(std::size_t offset) const {
  const auto before = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

// Before the line end that leads to this line: a removed line takes it along.
std::size_t ManifestText::before_line(std::size_t offset) const {
  auto begin = line_begin(offset);
  if (begin > 0) --begin;
  if (begin > 0 && text_[begin - 1] == '\r') --begin;
  return begin;
}

std::size_t ManifestText::behind_line(std::size_t offset) const {
  return std::min(text_.find('\n', offset), text_.size() - 1) + 1;
}

std::size_t ManifestText::content_end(const Node& node) const {
  if (node.alias) return node.end.offset;  // what is below it stands at the anchor
  if (is_block(node) && !node.items.empty()) return content_end(node.items.back());
  if (is_block(node) && !node.entries.empty()) {
    const auto& last = node.entries.back();
    const bool nothing = is_empty(last.value) && !last.value.alias;
    return nothing ? last.key.end.offset : content_end(last.value);
  }
  if (node.style == Style::literal || node.style == Style::folded) return scalar_end(node);
  return node.end.offset;
}

// Blank lines behind a block scalar are not its content, unless it keeps them (`|+`).
std::size_t ManifestText::scalar_end(const Node& node) const {
  const auto begin = node.start.offset;
  const auto header = text_.substr(begin, line_end(begin) - begin);
  std::size_t end = std::min<std::size_t>(node.end.offset, text_.size());
  if (header.find('+') != std::string_view::npos) return before_line(end);
  while (end > begin && (text_[end - 1] == '\n' || text_[end - 1] == '\r' || text_[end - 1] == ' '))
    --end;
  return end;
}

// Where lines go that follow `node`: at the end of its last line, and of the comments below it that
// are indented deeper than `column` and so belong to it.
std::size_t ManifestText::after(const Node& node, std::size_t column) const {
  auto end = line_end(content_end(node));
  while (end < text_.size()) {
    const auto next = text_.find('\n', end) + 1;
    const auto first = text_.find_first_not_of(' ', next);
    if (next == 0 || first == std::string_view::npos || text_[first] != '#' ||
        first - next < column) {
      break;
    }
    end = line_end(first);
  }
  return end;
}

Edit ManifestText::insert_lines(std::size_t at, const Lines& lines) const {
  std::string block;
  for (const auto& line : lines) block += newline_ + line;
  return {at, at, block};
}

// From the first line of `from` to the last of `to`.
Edit ManifestText::remove_lines(const Node& from, const Node& to) const {
  return {before_line(from.start.offset), line_end(content_end(to)), ""};
}

// ---- items and entries ----------------------------------------------------------------------

bool ManifestText::is_marked(const Node& key) const {
  if (text_.substr(key.end.offset).starts_with(kFlowMark)) return true;
  const auto begin = line_begin(key.start.offset);
  return text_.substr(begin, line_end(begin) - begin).ends_with(kAddedMark);
}

Edit ManifestText::insert_flow(const Node& collection, const std::string& part) const {
  const bool empty = collection.items.empty() && collection.entries.empty();
  const std::size_t at = empty                      ? collection.end.offset - 1  // the bracket
                         : collection.items.empty() ? end_of(collection.entries.back())
                                                    : collection.items.back().end.offset;
  return {at, at, (empty ? "" : ", ") + part};
}

Edit ManifestText::insert_item(const Node& list, const Piece& item) const {
  require_open(list);
  if (!is_block(list)) return insert_flow(list, item.flow);
  const auto column = blanks_before(list);
  return insert_lines(after(list, column + 1), indented(item.block, column));
}

Edit ManifestText::insert_entry(const Node& mapping, const Piece& entry) const {
  require_open(mapping);
  if (!is_block(mapping)) return insert_flow(mapping, entry.flow);
  const auto column = blanks_before(mapping.entries.front().key);
  return insert_lines(after(mapping, column + 1), indented(entry.block, column));
}

Edit ManifestText::insert_below(const Node& key, const Lines& lines) const {
  return insert_lines(line_end(key.end.offset), indented(lines, blanks_before(key)));
}

// In brackets the comma before goes along, of the first one the comma behind.
Edit ManifestText::remove_item(const Node& list, std::size_t index) const {
  require_open(list);
  const auto& item = list.items[index];
  if (is_block(list)) return remove_lines(item, item);
  if (index > 0) return {list.items[index - 1].end.offset, item.end.offset, ""};
  const bool leads = list.items.size() > 1;
  return {item.start.offset, leads ? list.items[1].start.offset : item.end.offset, ""};
}

std::vector<Edit> ManifestText::remove_entries(const Node& mapping,
                                               const std::vector<std::size_t>& indices) const {
  require_open(mapping);
  const auto& entries = mapping.entries;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto first = indices[i];
    if (is_block(mapping)) {
      edits.push_back(remove_lines(entries[first].key, entries[first].value));
      continue;
    }
    // Neighbours go in one edit, since they share commas.
    while (i + 1 < indices.size() && indices[i + 1] == indices[i] + 1) ++i;
    const auto last = indices[i];
    const bool leads = first == 0 && last + 1 < entries.size();
    edits.push_back({first > 0 ? end_of(entries[first - 1]) : entries[first].key.start.offset,
                     leads ? entries[last + 1].key.start.offset : end_of(entries[last]), ""});
  }
  return edits;
}

}  // namespace wasmctl::kube
