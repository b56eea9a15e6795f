#include "kube/patch/template_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "kube/patch/annotation_text.hpp"
#include "yaml/write.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using yaml::Kind;
using yaml::Node;
using yaml::Style;

constexpr std::array kContainerLists = {"containers", "initContainers"};

// By place; of two at one place the earlier stays before. (A workload has a handful.)
std::vector<Edit> in_order(std::vector<Edit> edits) {
  std::vector<Edit> sorted;
  sorted.reserve(edits.size());
  for (auto& edit : edits) {
    sorted.insert(std::ranges::upper_bound(sorted, edit.begin, {}, &Edit::begin), std::move(edit));
  }
  return sorted;
}

const yaml::Entry* entry_of(const Node& mapping, std::string_view key) {
  const auto index = find_entry(mapping, key);
  return index < mapping.entries.size() ? &mapping.entries[index] : nullptr;
}

// A volume of that name may be somebody's own: ours hold a ConfigMap or an image.
bool may_hold_module(const Node& volume) {
  return entry_of(volume, "configMap") != nullptr || entry_of(volume, "image") != nullptr;
}

bool mounts_volume(const Node& item, const std::string& volume) {
  const auto* const name = yaml::find(item, "name");
  return name != nullptr && name->text == volume;
}

constexpr char kUndoFirst[] =
    "if wasmctl mounted it, take it out first: `wasmctl patch ... --undo`";

// An item of a list that stands under a key.
struct Place {
  const Node* list = nullptr;
  std::size_t index = 0;
  const Node& item() const { return list->items[index]; }

  // Before anything below it is edited.
  void require_own(const ManifestText& text) const {
    text.require_own(*list);
    text.require_own(item());
  }
};

// ---- a container istio-proxy ----------------------------------------------------------------

class ContainerEditor {
 public:
  ContainerEditor(const ManifestText& text, const Node& pod_spec, const Mount& mount,
                  std::vector<Edit>& edits)
      : text_(text), pod_(pod_spec), mount_(mount), edits_(edits) {
    const auto* const containers = entry_of(pod_spec, "containers");
    if (containers == nullptr || containers->value.items.empty()) {
      throw text.refuse(pod_spec, "the pod template has no containers");
    }
    const auto& list = containers->value;
    containers_ = &list;
    const bool deeper =
        list.style == Style::block && list.start.column > containers->key.start.column;
    nested_ = deeper ? 2 : 0;
  }

  void add() {
    add_mount();
    add_volume();
  }

  void undo() {
    if (const auto proxy = find_proxy()) undo_mount(*proxy);
    const auto volume = find_volume();
    if (volume && may_hold_module(volume->item())) {
      volume->require_own(text_);
      remove_from(pod_, "volumes", "name", volume_name(mount_));
    }
  }

  // What annotations would mount a second time.
  void refuse_present() const {
    if (const auto volume = find_volume()) {
      throw text_.refuse(volume->item(),
                         fmt::format("there is a volume `{}` already", volume_name(mount_)),
                         kUndoFirst);
    }
    const auto proxy = find_proxy();
    const auto* const mounts = proxy ? entry_of(proxy->item(), "volumeMounts") : nullptr;
    if (mounts == nullptr) return;
    const auto index = find_item(mounts->value, "mountPath", mount_path(mount_));
    if (index == mounts->value.items.size()) return;
    throw text_.refuse(mounts->value.items[index],
                       fmt::format("something is mounted at {} already", mount_path(mount_)),
                       kUndoFirst);
  }

 private:
  std::optional<Place> find_proxy() const {
    for (const char* key : kContainerLists) {
      const auto* const entry = entry_of(pod_, key);
      if (entry == nullptr) continue;
      const auto index = find_item(entry->value, "name", kProxyContainer);
      if (index < entry->value.items.size()) return Place{&entry->value, index};
    }
    return std::nullopt;
  }

  Piece mount_item() const {
    return item_piece(with_name(volume_name(mount_), mounted_at(mount_)));
  }

  void add_mount() {
    const auto proxy = find_proxy();
    if (!proxy) {
      edits_.push_back(text_.insert_item(*containers_, container()));
      return;
    }
    if (const auto* const mounts = entry_of(proxy->item(), "volumeMounts")) {
      const auto index = find_item(mounts->value, "mountPath", mount_path(mount_));
      if (index < mounts->value.items.size()) {
        if (mounts_volume(mounts->value.items[index], volume_name(mount_))) return;  // done already
        throw text_.refuse(mounts->value.items[index],
                           fmt::format("something else is mounted at {}", mount_path(mount_)));
      }
    }
    proxy->require_own(text_);
    add_to(proxy->item(), "volumeMounts", mount_item());
  }

  // The whole container, marked at its name.
  Piece container() const {
    auto piece = item_piece({{"name", kProxyContainer}, {"image", kInjectedImage}});
    piece.block.front() += fmt::format("  {}", kAddedMark);
    piece.block.emplace_back("  volumeMounts:");
    for (auto& line : indented(mount_item().block, 2 + nested_)) {
      piece.block.push_back(std::move(line));
    }
    piece.flow = fmt::format(R"({{"name" :"{}","image":"{}","volumeMounts":[{}]}})",
                             kProxyContainer, kInjectedImage, mount_item().flow);
    return piece;
  }

  std::optional<Place> find_volume() const {
    const auto* const volumes = entry_of(pod_, "volumes");
    if (volumes == nullptr) return std::nullopt;
    const auto index = find_item(volumes->value, "name", volume_name(mount_));
    if (index == volumes->value.items.size()) return std::nullopt;
    return Place{&volumes->value, index};
  }

  void add_volume() {
    if (const auto volume = find_volume()) return update_volume(*volume);
    add_to(pod_, "volumes", item_piece(with_name(volume_name(mount_), volume_source(mount_))));
  }

  void update_volume(const Place& place) {
    const auto& volume = place.item();
    const bool image = mount_.source == VolumeSource::image;
    const auto* const source = yaml::find(volume, image ? "image" : "configMap");
    const auto* const name =
        source == nullptr ? nullptr : yaml::find(*source, image ? "reference" : "name");
    if (name == nullptr || name->alias) {
      throw text_.refuse(
          volume, fmt::format("the volume `{}` is made of something else", volume_name(mount_)),
          kUndoFirst);
    }
    if (name->text == mount_.name) return;
    place.require_own(text_);
    text_.require_own(*source);
    const bool plain = name->style == Style::plain;
    edits_.push_back({name->start.offset, name->end.offset,
                      plain ? yaml::quote(mount_.name) : ordered_json(mount_.name).dump()});
  }

  // Appends to the list under `key` of `parent`, which is made if there is none.
  void add_to(const Node& parent, const char* key, const Piece& item) {
    const auto* const entry = entry_of(parent, key);
    if (entry == nullptr) {
      edits_.push_back(text_.insert_entry(parent, list_entry(key, item, nested_)));
    } else if (is_empty(entry->value) && parent.style == Style::block) {
      edits_.push_back(text_.insert_below(entry->key, indented(item.block, nested_)));
    } else {
      edits_.push_back(text_.insert_item(entry->value, item));
    }
  }

  void undo_mount(const Place& proxy) {
    const auto* const mounts = entry_of(proxy.item(), "volumeMounts");
    if (mounts == nullptr) return;
    const auto& items = mounts->value.items;
    const auto index = find_item(mounts->value, "mountPath", mount_path(mount_));
    if (index == items.size() || !mounts_volume(items[index], volume_name(mount_))) return;
    proxy.require_own(text_);
    const bool sole = items.size() == 1;
    if (sole && text_.is_marked(proxy.item().entries.front().key)) {
      edits_.push_back(text_.remove_item(*proxy.list, proxy.index));
    } else {
      remove_from(proxy.item(), "volumeMounts", "mountPath", mount_path(mount_));
    }
  }

  // Takes the item whose `key` is `value` out of a list, and the list with it if it was made for
  // it.
  void remove_from(const Node& parent, const char* list, std::string_view key,
                   std::string_view value) {
    const auto entry = find_entry(parent, list);
    if (entry == parent.entries.size()) return;
    const auto& items = parent.entries[entry].value;
    const auto index = find_item(items, key, value);
    if (index == items.items.size()) return;
    if (items.items.size() == 1 && text_.is_marked(parent.entries[entry].key)) {
      std::ranges::move(text_.remove_entries(parent, {entry}), std::back_inserter(edits_));
    } else {
      edits_.push_back(text_.remove_item(items, index));
    }
  }

  const ManifestText& text_;
  const Node& pod_;
  const Mount& mount_;
  std::vector<Edit>& edits_;
  const Node* containers_ = nullptr;
  std::size_t nested_ = 0;  // how much deeper than its key this file writes a list
};

// ---- the annotations of Istio ---------------------------------------------------------------

struct Annotation {
  const char* key;
  ordered_json value;  // of the plugin's volume
};

std::array<Annotation, 2> annotations_of(const Mount& mount) {
  return {{{kVolumeAnnotation, volume_source(mount)}, {kMountAnnotation, mounted_at(mount)}}};
}

class AnnotationEditor {
 public:
  AnnotationEditor(const ManifestText& text, const Node& pod_template, const Mount& mount,
                   std::vector<Edit>& edits)
      : text_(text), template_(pod_template), mount_(mount), edits_(edits) {
    metadata_ = entry_of(pod_template, "metadata");
    if (metadata_ != nullptr) annotations_ = entry_of(metadata_->value, "annotations");
  }

  void add() {
    std::vector<Piece> missing;
    for (const auto& annotation : annotations_of(mount_)) {
      const auto* const entry =
          annotations_ == nullptr ? nullptr : entry_of(annotations_->value, annotation.key);
      if (entry == nullptr) {
        const ordered_json value = {{volume_name(mount_), annotation.value}};
        missing.push_back(text_entry(annotation.key, value.dump()));
      } else if (auto edit =
                     put_member(text_, entry->value, volume_name(mount_), annotation.value)) {
        require_own();
        edits_.push_back(std::move(*edit));
      }
    }
    if (!missing.empty()) add_entries(missing);
  }

  // What a container would mount a second time.
  void refuse_present() const {
    if (annotations_ == nullptr) return;
    const auto* const entry = entry_of(annotations_->value, kMountAnnotation);
    if (entry == nullptr || !has_member(entry->value, volume_name(mount_))) return;
    throw text_.refuse(entry->value,
                       fmt::format("the annotation mounts `{}` already", volume_name(mount_)),
                       kUndoFirst);
  }

  void undo() {
    if (annotations_ == nullptr) return;
    const auto& mapping = annotations_->value;
    std::vector<std::size_t> whole;
    std::vector<Edit> parts;
    for (const char* key : {kVolumeAnnotation, kMountAnnotation}) {
      const auto index = find_entry(mapping, key);
      if (index == mapping.entries.size()) continue;
      const auto& entry = mapping.entries[index];
      const auto removal = take_member(text_, entry.value, volume_name(mount_));
      if (!removal) continue;
      require_own();
      if (removal->leaves_nothing && text_.is_marked(entry.key)) {
        whole.push_back(index);
      } else {
        parts.push_back(removal->edit);
      }
    }
    std::ranges::sort(whole);
    std::ranges::move(parts, std::back_inserter(edits_));
    if (!whole.empty()) remove_entries(whole);
  }

 private:
  void require_own() const {
    if (metadata_ != nullptr) text_.require_own(metadata_->value);
    if (annotations_ != nullptr) text_.require_own(annotations_->value);
  }

  void add_entries(const std::vector<Piece>& missing) {
    require_own();
    if (metadata_ == nullptr) {
      edits_.push_back(text_.insert_entry(
          template_, mapping_entry("metadata", {mapping_entry("annotations", missing)})));
    } else if (annotations_ == nullptr) {
      add_under(template_, *metadata_, {mapping_entry("annotations", missing)});
    } else {
      add_under(metadata_->value, *annotations_, missing);
    }
  }

  void add_under(const Node& parent, const yaml::Entry& entry, const std::vector<Piece>& pieces) {
    if (is_empty(entry.value) && parent.style == Style::block) {
      Lines lines;
      for (const auto& piece : pieces) std::ranges::copy(piece.block, std::back_inserter(lines));
      edits_.push_back(text_.insert_below(entry.key, indented(lines, 2)));
      return;
    }
    Piece all;
    for (const auto& piece : pieces) {
      std::ranges::copy(piece.block, std::back_inserter(all.block));
      all.flow += (all.flow.empty() ? "" : ", ") + piece.flow;
    }
    edits_.push_back(text_.insert_entry(entry.value, all));
  }

  // And what was made around them.
  void remove_entries(const std::vector<std::size_t>& whole) {
    const auto remove = [&](const Node& mapping, const std::vector<std::size_t>& indices) {
      std::ranges::move(text_.remove_entries(mapping, indices), std::back_inserter(edits_));
    };
    const bool all = whole.size() == annotations_->value.entries.size();
    if (!all || !text_.is_marked(annotations_->key)) {
      remove(annotations_->value, whole);
    } else if (metadata_->value.entries.size() > 1 || !text_.is_marked(metadata_->key)) {
      remove(metadata_->value, {find_entry(metadata_->value, "annotations")});
    } else {
      remove(template_, {find_entry(template_, "metadata")});
    }
  }

  const ManifestText& text_;
  const Node& template_;
  const Mount& mount_;
  std::vector<Edit>& edits_;
  const yaml::Entry* metadata_ = nullptr;
  const yaml::Entry* annotations_ = nullptr;
};

// ---- a template's value without the plugin --------------------------------------------------

void drop_item(json& object, const char* list, const auto& is_ours) {
  if (!object.is_object() || !object.contains(list)) return;
  if (object[list].is_array()) {
    std::erase_if(object[list].get_ref<json::array_t&>(),
                  [&](const json& item) { return item.is_object() && is_ours(item); });
  }
  if (object[list].empty()) object.erase(list);  // null, too
}

void strip_container(json& pod_spec, const Mount& mount) {
  if (!pod_spec.is_object()) return;
  for (const char* list : kContainerLists) {
    if (!pod_spec.contains(list) || !pod_spec[list].is_array()) continue;
    const json bare = {{"name", kProxyContainer}, {"image", kInjectedImage}};
    for (auto& container : pod_spec[list]) {
      if (!container.is_object() || container.value("name", json()) != kProxyContainer) continue;
      drop_item(container, "volumeMounts", [&](const json& item) {
        return item.value("mountPath", json()) == mount_path(mount) &&
               item.value("name", json()) == volume_name(mount);
      });
    }
    std::erase(pod_spec[list].get_ref<json::array_t&>(), bare);
  }
  drop_item(pod_spec, "volumes", [&](const json& item) {
    return item.value("name", json()) == volume_name(mount) &&
           (item.contains("configMap") || item.contains("image"));
  });
}

void strip_annotations(json& metadata, const Mount& mount) {
  if (!metadata.is_object() || !metadata.contains("annotations")) return;
  auto& annotations = metadata["annotations"];
  for (const char* key : {kVolumeAnnotation, kMountAnnotation}) {
    if (!annotations.is_object() || !annotations.contains(key) || !annotations[key].is_string()) {
      continue;
    }
    auto value = json::parse(annotations[key].get_ref<const std::string&>(), nullptr, false);
    if (value.is_object()) value.erase(volume_name(mount));
    if (value.is_array()) {
      std::erase_if(value.get_ref<json::array_t&>(), [&](const json& item) {
        return item.is_object() && item.value("name", json()) == volume_name(mount);
      });
    }
    if (value.is_structured()) annotations[key] = value;
    if (value.is_structured() && value.empty()) annotations.erase(key);
  }
  if (annotations.empty()) metadata.erase("annotations");
}

}  // namespace

std::vector<Edit> edit_template(const ManifestText& text, const Node& pod_template,
                                const Mount& mount, Direction direction) {
  std::vector<Edit> edits;
  const auto* const spec = yaml::find(pod_template, "spec");
  if (spec == nullptr || spec->kind != Kind::mapping) {
    throw text.refuse(pod_template, "the pod template has no spec");
  }
  if (pod_template.alias || spec->alias) throw text.refuse(*spec, "the pod template is an alias");
  AnnotationEditor annotations(text, pod_template, mount, edits);
  ContainerEditor container(text, *spec, mount, edits);
  if (direction == Direction::undo) {
    annotations.undo();
    container.undo();
  } else if (mount.style == MountStyle::annotations) {
    container.refuse_present();
    annotations.add();
  } else {
    annotations.refuse_present();
    container.add();
  }
  return in_order(std::move(edits));
}

void strip_template(json& pod_template, const Mount& mount) {
  if (!pod_template.is_object()) return;
  if (pod_template.contains("spec")) strip_container(pod_template["spec"], mount);
  if (!pod_template.contains("metadata")) return;
  strip_annotations(pod_template["metadata"], mount);
  if (pod_template["metadata"].empty()) pod_template.erase("metadata");
}

}  // namespace wasmctl::kube
