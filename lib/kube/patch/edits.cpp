#include "kube/patch/edits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wasmctl::kube {

namespace {

constexpr std::size_t kContext = 3;  // lines, as diff has it

using LineViews = std::vector<std::string_view>;  // each with its line end

LineViews split(std::string_view text) {
  LineViews lines;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const auto size = newline == std::string_view::npos ? text.size() : newline + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

// Whole lines that are replaced.
struct LineChange {
  std::size_t first = 0;  // index of the first old line
  LineViews before;
  std::string after;  // text
};

std::size_t line_begin(std::string_view text, std::size_t offset) {
  const auto newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::size_t line_end(std::string_view text, std::size_t offset) {
  const auto newline = text.find('\n', offset);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

// Lines that both sides share at the ends are no change.
void trim(LineChange& change) {
  const auto after = split(change.after);
  std::size_t head = 0;
  while (head < change.before.size() && head < after.size() && change.before[head] == after[head])
    ++head;
  std::size_t tail = 0;
  while (tail < change.before.size() - head && tail < after.size() - head &&
         change.before[change.before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
    ++tail;
  }
  std::string inner;
  for (auto i = head; i < after.size() - tail; ++i) inner += after[i];
  change.first += head;
  change.before = {change.before.begin() + static_cast<std::ptrdiff_t>(head),
                   change.before.end() - static_cast<std::ptrdiff_t>(tail)};
  change.after = std::move(inner);
}

std::vector<LineChange> to_changes(std::string_view text, const std::vector<Edit>& edits) {
  std::vector<LineChange> changes;
  std::size_t line = 0;     // of `counted`
  std::size_t counted = 0;  // bytes
  for (std::size_t i = 0; i < edits.size();) {
    const auto begin = line_begin(text, edits[i].begin);
    auto end = line_end(text, edits[i].end);
    std::vector<Edit> local;
    // What is added behind a last line that has no end belongs to that line.
    const auto is_within = [&](const Edit& edit) {
      return edit.begin < end || (edit.begin == end && !text.substr(0, end).ends_with('\n'));
    };
    for (; i < edits.size() && (local.empty() || is_within(edits[i])); ++i) {
      local.push_back({edits[i].begin - begin, edits[i].end - begin, edits[i].replacement});
      end = std::max(end, line_end(text, edits[i].end));
    }
    line +=
        static_cast<std::size_t>(std::ranges::count(text.substr(counted, begin - counted), '\n'));
    counted = begin;
    const auto old = text.substr(begin, end - begin);
    LineChange change{line, split(old), apply_edits(old, local)};
    trim(change);
    changes.push_back(std::move(change));
  }
  return changes;
}

void print(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

}  // namespace

std::string apply_edits(std::string_view text, const std::vector<Edit>& edits) {
  std::string out;
  std::size_t done = 0;
  for (const auto& edit : edits) {
    out += text.substr(done, edit.begin - done);
    out += edit.replacement;
    done = edit.end;
  }
  out += text.substr(done);
  return out;
}

std::string unified_diff(std::string_view text, const std::vector<Edit>& edits,
                         const std::string& file) {
  const auto changes = to_changes(text, edits);
  if (changes.empty()) return "";
  const auto lines = split(text);
  // A name with a blank needs a tab behind it for `patch`, as GNU diff and git write it.
  const auto* const end = file.find(' ') == std::string::npos ? "" : "\t";
  auto out = fmt::format("--- a/{0}{1}\n+++ b/{0}{1}\n", file, end);
  std::ptrdiff_t shift = 0;  // by how many lines the new text is ahead
  for (std::size_t i = 0; i < changes.size();) {
    const auto first = changes[i].first - std::min(changes[i].first, kContext);
    std::string body;
    auto line = first;
    std::size_t added = 0;
    std::size_t removed = 0;
    do {
      const auto& change = changes[i];
      for (; line < change.first; ++line) print(body, ' ', lines[line]);
      for (const auto old : change.before) print(body, '-', old);
      for (const auto fresh : split(change.after)) {
        print(body, '+', fresh);
        ++added;
      }
      removed += change.before.size();
      line += change.before.size();
      ++i;
    } while (i < changes.size() && changes[i].first <= line + 2 * kContext);
    const auto last = std::min(line + kContext, lines.size());
    for (; line < last; ++line) print(body, ' ', lines[line]);
    const auto old_count = last - first;
    const auto new_count = old_count - removed + added;
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", first + 1, old_count,
                       static_cast<std::ptrdiff_t>(first) + shift + 1, new_count, body);
    shift += static_cast<std::ptrdiff_t>(added) - static_cast<std::ptrdiff_t>(removed);
  }
  return out;
}

}  // namespace wasmctl::kube
