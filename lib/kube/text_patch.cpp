#include "kube/text_patch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ranges>

#include "base/error.hpp"
#include "kube/names.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"
#include "yaml/write.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using yaml::Kind;
using yaml::Node;
using yaml::Style;

using Lines = std::vector<std::string>;

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Lines indented(Lines lines, std::size_t blanks) {
  for (auto& line : lines) line.insert(0, blanks, ' ');
  return lines;
}

// `- name: ...`, as lines of a block list.
Lines item_lines(const ordered_json& item) {
  return split_lines(yaml::write(ordered_json::array({item})));
}

// One line, for a list in brackets. JSON is YAML.
std::string flow_text(const ordered_json& item) {
  return item.dump();
}

// ---- one file's text, its places and its lines
// ---------------------------------------------------

class Text {
 public:
  Text(std::string_view text, const std::string& file) : text_(text), file_(file) {
    const auto newline = text.find('\n');
    const bool has_cr =
        newline != std::string_view::npos && newline > 0 && text[newline - 1] == '\r';
    newline_ = has_cr ? "\r\n" : "\n";
  }

  Error refuse(const Node& node, std::string_view why) const {
    return yaml::error_at(file_, node.start, why)
        .hint("`wasmctl render ... -o DIR` makes a kustomize component that needs no such edit");
  }

  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  // The end of the line's content, before its line end.
  std::size_t line_end(std::size_t offset) const {
    const auto newline = std::min(text_.find('\n', offset), text_.size());
    return newline > offset && newline < text_.size() && text_[newline - 1] == '\r' ? newline - 1
                                                                                    : newline;
  }
  std::size_t line_begin(std::size_t offset) const {
    const auto before = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return before == std::string_view::npos ? 0 : before + 1;
  }
  // Before the line end that leads to this line: a removed line takes it along.
  std::size_t before_line(std::size_t offset) const {
    auto begin = line_begin(offset);
    if (begin > 0) --begin;
    if (begin > 0 && text_[begin - 1] == '\r') --begin;
    return begin;
  }
  std::size_t behind_line(std::size_t offset) const {
    return std::min(text_.find('\n', offset), text_.size() - 1) + 1;
  }
  bool is_marked(std::size_t offset) const {
    const auto begin = line_begin(offset);
    return text_.substr(begin, line_end(offset) - begin).ends_with(kAddedMark);
  }

  // Where the last byte of a node's content ends: libyaml's end of a block collection lies behind
  // the comments that follow.
  std::size_t content_end(const Node& node) const {
    if (node.style == Style::block && node.kind == Kind::sequence && !node.items.empty()) {
      return content_end(node.items.back());
    }
    if (node.style == Style::block && node.kind == Kind::mapping && !node.entries.empty()) {
      return content_end(node.entries.back().value);
    }
    if (node.style == Style::literal || node.style == Style::folded) return scalar_end(node);
    return node.end.offset;
  }

  // Where lines go that follow `node`: at the end of its last line, and of the comments below it
  // that are indented deeper than `column` and so belong to it.
  std::size_t after(const Node& node, std::size_t column) const {
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

  Edit insert_lines(std::size_t at, const Lines& lines) const {
    std::string block;
    for (const auto& line : lines) block += newline_ + line;
    return {at, at, block};
  }

  // From the first line of `from` to the last of `to`.
  Edit remove_lines(const Node& from, const Node& to) const {
    return {before_line(from.start.offset), line_end(content_end(to)), ""};
  }

 private:
  // Blank lines behind a block scalar are not its content, unless it keeps them (`|+`).
  std::size_t scalar_end(const Node& node) const {
    const auto header =
        text_.substr(node.start.offset, line_end(node.start.offset) - node.start.offset);
    std::size_t end = std::min<std::size_t>(node.end.offset, text_.size());
    if (header.find('+') != std::string_view::npos) return before_line(end);
    while (end > node.start.offset &&
           (text_[end - 1] == '\n' || text_[end - 1] == '\r' || text_[end - 1] == ' ')) {
      --end;
    }
    return end;
  }

  std::string_view text_;
  const std::string& file_;
  std::string newline_;
};

// ---- one workload
// --------------------------------------------------------------------------------

std::size_t blanks_before(const Node& node) {
  return node.start.column - 1;
}

const yaml::Entry* find_entry(const Node& mapping, std::string_view key) {
  const auto found = std::ranges::find_if(mapping.entries,
                                          [&](const auto& entry) { return entry.key.text == key; });
  return found == mapping.entries.end() ? nullptr : &*found;
}

bool is_null(const Node& node) {
  return node.kind == Kind::scalar && node.style == Style::plain && node.text.empty();
}

// The item of a list whose `key` is `value`; its index, or the list's size.
std::size_t find_item(const Node& list, std::string_view key, std::string_view value) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const auto* const found = yaml::find(list.items[i], key);
    if (found != nullptr && found->text == value) return i;
  }
  return list.items.size();
}

class WorkloadEditor {
 public:
  WorkloadEditor(const Text& text, const Node& pod_spec, const Mount& mount,
                 std::vector<Edit>& edits)
      : text_(text), pod_(pod_spec), mount_(mount), edits_(edits) {
    volume_name_ = label_with_prefix("wasm-", mount.plugin);
    const auto* const containers = find_entry(pod_, "containers");
    if (containers == nullptr || containers->value.items.empty()) {
      throw text.refuse(pod_spec, "the pod template has no containers");
    }
    require_block(containers->value, "containers");
    containers_ = containers;
    nested_ = containers->value.start.column > containers->key.start.column ? 2 : 0;
  }

  void add() {
    add_mount();
    add_volume();
  }

  void undo() {
    if (const auto* const container = find_proxy()) undo_mount(*container);
    const auto* const volumes = find_entry(pod_, "volumes");
    if (volumes != nullptr) remove_item(*volumes, "name", volume_name_, nullptr);
  }

 private:
  void require_block(const Node& node, std::string_view what) const {
    if (node.alias) throw text_.refuse(node, fmt::format("`{}` is an alias", what));
    if (node.style == Style::flow) {
      throw text_.refuse(node, fmt::format("`{}` is in brackets: no line can be added", what));
    }
    if (node.kind == Kind::sequence && text_.at(node.start.offset) != '-') {
      throw text_.refuse(node, fmt::format("`{}` has an anchor or a tag", what));
    }
  }

  ordered_json mount_item() const {
    return {{"name", volume_name_}, {"mountPath", mount_path(mount_)}, {"readOnly", true}};
  }

  ordered_json volume_item() const {
    if (mount_.source == VolumeSource::image) {
      return {{"name", volume_name_}, {"image", {{"reference", mount_.name}}}};
    }
    return {{"name", volume_name_}, {"configMap", {{"name", mount_.name}}}};
  }

  const Node* find_proxy() const {
    for (const char* key : {"containers", "initContainers"}) {
      const auto* const list = find_entry(pod_, key);
      if (list == nullptr) continue;
      const auto index = find_item(list->value, "name", kProxyContainer);
      if (index < list->value.items.size()) return &list->value.items[index];
    }
    return nullptr;
  }

  void add_mount() {
    const auto* const container = find_proxy();
    if (container == nullptr) return add_container();
    require_block(*container, kProxyContainer);
    const auto* const mounts = find_entry(*container, "volumeMounts");
    if (mounts != nullptr) {
      const auto index = find_item(mounts->value, "mountPath", mount_path(mount_));
      if (index < mounts->value.items.size()) {
        const auto* const name = yaml::find(mounts->value.items[index], "name");
        if (name != nullptr && name->text == volume_name_) return;  // done already
        throw text_.refuse(mounts->value.items[index],
                           fmt::format("something else is mounted at {}", mount_path(mount_)));
      }
    }
    add_item(*container, mounts, "volumeMounts", mount_item());
  }

  void add_container() {
    const auto& list = containers_->value;
    auto lines = item_lines({{"name", kProxyContainer}, {"image", kInjectedImage}});
    lines.front() += fmt::format("  {}", kAddedMark);
    lines.emplace_back("  volumeMounts:");
    for (auto& line : indented(item_lines(mount_item()), 2 + nested_)) {
      lines.push_back(std::move(line));
    }
    const auto column = blanks_before(list);
    edits_.push_back(
        text_.insert_lines(text_.after(list, column + 1), indented(std::move(lines), column)));
  }

  void add_volume() {
    const auto* const volumes = find_entry(pod_, "volumes");
    if (volumes != nullptr) {
      const auto index = find_item(volumes->value, "name", volume_name_);
      if (index < volumes->value.items.size()) return update_volume(volumes->value.items[index]);
    }
    add_item(pod_, volumes, "volumes", volume_item());
  }

  void update_volume(const Node& volume) {
    const bool image = mount_.source == VolumeSource::image;
    const auto* const source = yaml::find(volume, image ? "image" : "configMap");
    const auto* const name =
        source == nullptr ? nullptr : yaml::find(*source, image ? "reference" : "name");
    if (name == nullptr || name->alias) {
      throw text_.refuse(volume,
                         fmt::format("the volume `{}` is made of something else", volume_name_));
    }
    if (name->text == mount_.name) return;
    edits_.push_back({name->start.offset, name->end.offset, yaml::quote(mount_.name)});
  }

  // Appends to the list under `key` of `parent`, which is made if there is none.
  void add_item(const Node& parent, const yaml::Entry* entry, const char* key,
                const ordered_json& item) {
    if (entry == nullptr) {
      require_block(parent, key);
      const auto column = blanks_before(parent.entries.front().key);
      auto lines = indented(item_lines(item), column + nested_);
      lines.insert(lines.begin(),
                   fmt::format("{}{}:  {}", std::string(column, ' '), key, kAddedMark));
      edits_.push_back(text_.insert_lines(text_.after(parent, column + 1), lines));
      return;
    }
    const auto& list = entry->value;
    if (is_null(list)) {
      const auto column = blanks_before(entry->key) + nested_;
      edits_.push_back(text_.insert_lines(text_.line_end(entry->key.end.offset),
                                          indented(item_lines(item), column)));
    } else if (list.kind == Kind::sequence && list.style == Style::flow && !list.alias) {
      const auto end = list.end.offset - 1;  // before the bracket
      const auto at = list.items.empty() ? end : list.items.back().end.offset;
      edits_.push_back({at, at, (list.items.empty() ? "" : ", ") + flow_text(item)});
    } else {
      require_block(list, key);
      const auto column = blanks_before(list);
      edits_.push_back(
          text_.insert_lines(text_.after(list, column + 1), indented(item_lines(item), column)));
    }
  }

  void undo_mount(const Node& container) {
    const auto* const mounts = find_entry(container, "volumeMounts");
    if (mounts != nullptr) remove_item(*mounts, "mountPath", mount_path(mount_), &container);
  }

  // Takes the item out, and what was made for it alone: the list, or the container around it.
  void remove_item(const yaml::Entry& entry, std::string_view key, std::string_view value,
                   const Node* container) {
    const auto& list = entry.value;
    const auto index = find_item(list, key, value);
    if (index == list.items.size()) return;
    const auto& item = list.items[index];
    if (list.alias) throw text_.refuse(list, "is an alias");
    if (list.style == Style::flow) {
      const auto begin = index == 0 ? item.start.offset : list.items[index - 1].end.offset;
      const bool leads = index == 0 && list.items.size() > 1;
      edits_.push_back({begin, leads ? list.items[1].start.offset : item.end.offset, ""});
    } else if (list.items.size() > 1) {
      edits_.push_back(text_.remove_lines(item, item));
    } else if (container != nullptr && text_.is_marked(container->start.offset)) {
      edits_.push_back(text_.remove_lines(*container, *container));
    } else {
      edits_.push_back(
          text_.remove_lines(text_.is_marked(entry.key.start.offset) ? entry.key : item, item));
    }
  }

  const Text& text_;
  const Node& pod_;
  const Mount& mount_;
  std::vector<Edit>& edits_;
  const yaml::Entry* containers_ = nullptr;
  std::string volume_name_;
  std::size_t nested_ = 0;  // how much deeper than its key this file writes a list
};

// ---- finding workloads
// ---------------------------------------------------------------------------

std::string text_at(const Node& node, std::initializer_list<std::string_view> path) {
  const auto* place = &node;
  for (const auto key : path) {
    place = place == nullptr ? nullptr : yaml::find(*place, key);
  }
  return place == nullptr ? "" : place->text;
}

const WorkloadKind* kind_of(const Node& root) {
  const auto api_version = text_at(root, {"apiVersion"});
  const auto kind = text_at(root, {"kind"});
  const auto kinds = workload_kinds();
  const auto found = std::ranges::find_if(kinds, [&](const WorkloadKind& row) {
    return row.kind == kind && row.api_version == api_version;
  });
  return found == kinds.end() ? nullptr : &*found;
}

// The pod template: the mapping that has the pods' metadata and spec.
const Node* find_template(const Node& root, const WorkloadKind& kind) {
  const auto* place = &root;
  for (const auto key : kind.pod_path) {
    place = place == nullptr ? nullptr : yaml::find(*place, key);
  }
  return place;
}

bool fits(const Node& root, const Workload& workload, const Node& pod_template,
          const Target& target) {
  if (target.workload &&
      (target.workload->kind != workload.kind || target.workload->name != workload.name)) {
    return false;
  }
  const auto ns = text_at(root, {"metadata", "namespace"});
  if (target.ns && !ns.empty() && ns != *target.ns) return false;
  return std::ranges::all_of(target.selector, [&](const auto& label) {
    const auto* const metadata = yaml::find(pod_template, "metadata");
    const auto* const labels = metadata == nullptr ? nullptr : yaml::find(*metadata, "labels");
    const auto* const value = labels == nullptr ? nullptr : yaml::find(*labels, label.first);
    return value != nullptr && value->text == label.second;
  });
}

// ---- the safety net
// ------------------------------------------------------------------------------

// A workload without what adding adds, so that before and after can be compared.
void strip(json& pod_spec, const Mount& mount) {
  const auto without = [](json& object, const char* list, const char* key,
                          const std::string& value) {
    if (!object.contains(list) || !object[list].is_array()) return;
    auto& items = object[list];
    std::erase_if(items.get_ref<json::array_t&>(), [&](const json& item) {
      return item.is_object() && item.contains(key) && item[key] == value;
    });
  };
  const auto drop_empty = [](json& object, const char* list) {
    if (object.contains(list) && (object[list].is_null() || object[list].empty()))
      object.erase(list);
  };
  for (const char* list : {"containers", "initContainers"}) {
    if (!pod_spec.contains(list) || !pod_spec[list].is_array()) continue;
    for (auto& container : pod_spec[list]) {
      if (!container.is_object() || container.value("name", json()) != kProxyContainer) continue;
      without(container, "volumeMounts", "mountPath", mount_path(mount));
      drop_empty(container, "volumeMounts");
    }
    const json bare = {{"name", kProxyContainer}, {"image", kInjectedImage}};
    std::erase_if(pod_spec[list].get_ref<json::array_t&>(),
                  [&](const json& item) { return item == bare; });
  }
  without(pod_spec, "volumes", "name", label_with_prefix("wasm-", mount.plugin));
  drop_empty(pod_spec, "volumes");
}

json stripped(const Node& pod_spec, const std::string& file, const Mount& mount) {
  auto value = yaml::to_json(pod_spec, file);
  strip(value, mount);
  return value;
}

// ---- the whole file
// ------------------------------------------------------------------------------

// By place; of two at one place the earlier stays before. (A workload has a handful.)
std::vector<Edit> in_order(std::vector<Edit> edits) {
  std::vector<Edit> sorted;
  for (auto& edit : edits) {
    sorted.insert(std::ranges::upper_bound(sorted, edit.begin, {}, &Edit::begin), std::move(edit));
  }
  return sorted;
}

class FilePatcher {
 public:
  FilePatcher(std::string_view text, const std::string& file, const Target& target,
              const Mount& mount, Direction direction)
      : text_(text, file),
        whole_(text),
        file_(file),
        target_(target),
        mount_(mount),
        direction_(direction) {}

  TextPatch patch() {
    yaml::Reader reader(whole_, file_);
    while (const auto document = reader.next()) visit(document->root);
    if (patch_.workloads.empty()) throw nothing_fits();
    return std::move(patch_);
  }

 private:
  void visit(const Node& root) {
    const auto* const kind = kind_of(root);
    if (kind == nullptr) return;
    const Workload workload{kind, text_at(root, {"metadata", "name"})};
    others_.push_back(to_string(workload));
    const auto* const pod_template = find_template(root, *kind);
    if (pod_template == nullptr || !fits(root, workload, *pod_template, target_)) return;
    const auto* const spec = yaml::find(*pod_template, "spec");
    if (spec == nullptr || spec->kind != Kind::mapping) return;
    if (spec->alias) throw text_.refuse(*spec, "the pod template is an alias");
    patch_.workloads.push_back(to_string(workload));
    std::vector<Edit> edits;
    WorkloadEditor editor(text_, *spec, mount_, edits);
    direction_ == Direction::add ? editor.add() : editor.undo();
    if (edits.empty()) return;
    edits = in_order(std::move(edits));
    verify(root, *kind, *spec, edits);
    std::ranges::move(edits, std::back_inserter(patch_.edits));
  }

  // Reads the changed document again: but for the plugin's own parts it must say what it said.
  void verify(const Node& root, const WorkloadKind& kind, const Node& spec,
              std::vector<Edit> edits) const {
    const std::size_t begin = text_.line_begin(root.start.offset);
    const std::size_t end =
        std::max(text_.behind_line(text_.content_end(root)), text_.behind_line(edits.back().end));
    for (auto& edit : edits) {
      edit.begin -= begin;
      edit.end -= begin;
    }
    const auto changed = apply_edits(whole_.substr(begin, end - begin), edits);
    const auto again = yaml::read_one(changed, file_);
    const auto* const pod_template = find_template(again.root, kind);
    const auto* const new_spec =
        pod_template == nullptr ? nullptr : yaml::find(*pod_template, "spec");
    if (new_spec == nullptr ||
        stripped(*new_spec, file_, mount_) != stripped(spec, file_, mount_)) {
      throw text_.refuse(spec, "lines added to this pod template would change its meaning");
    }
  }

  Error nothing_fits() const {
    if (others_.empty()) return {Code::not_found, fmt::format("{} has no workload", file_)};
    return Error(Code::not_found, fmt::format("no workload of {} fits", file_))
        .hint(fmt::format("there are: {}", fmt::join(others_, ", ")));
  }

  Text text_;
  std::string_view whole_;
  const std::string& file_;
  const Target& target_;
  const Mount& mount_;
  Direction direction_;
  TextPatch patch_;
  std::vector<std::string> others_;
};

}  // namespace

TextPatch patch_text(std::string_view text, const std::string& file, const Target& target,
                     const Mount& mount, Direction direction) {
  try {
    return FilePatcher(text, file, target, mount, direction).patch();
  } catch (Error& error) {
    if (error.code() == Code::bad_input && error.hints().empty() &&
        text.find("{{") != std::string_view::npos) {
      error.hint(
          "a Helm template is no YAML before it is rendered: patch what `helm template` prints");
    }
    throw;
  }
}

}  // namespace wasmctl::kube
