#include "kube/patch/json_patch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "kube/patch/text_patch.hpp"

namespace wasmctl::kube {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

using Pointer = json::json_pointer;

// What tells an item of a list from the others of it, as for a strategic merge: containers and
// volumes have names, a container's mounts have paths.
const char* identity_key(const json& item) {
  for (const char* key : {"mountPath", "name"}) {
    if (item.is_object() && item.contains(key)) return key;
  }
  return nullptr;
}

bool same_item(const json& a, const json& b) {
  const auto* const first = identity_key(a);
  const auto* const second = identity_key(b);
  return first != nullptr && second != nullptr ? a[first] == b[second] : a == b;
}

// Lists of which items were taken out, changed or added at the end: what json::diff, which compares
// place by place, would say by writing most items anew, over what the API server has filled in.
class Difference {
 public:
  void compare(const Pointer& place, const json& before, const json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) {
      compare_objects(place, before, after);
    } else if (before.is_array() && after.is_array()) {
      compare_lists(place, before, after);
    } else {
      add("replace", place, &after);
    }
  }

  ordered_json operations() && {
    auto all = std::move(tests_);
    for (auto& operation : operations_) all.push_back(std::move(operation));
    return all;
  }

 private:
  void compare_objects(const Pointer& place, const json& before, const json& after) {
    for (const auto& [key, value] : before.items()) {
      if (const auto found = after.find(key); found != after.end()) {
        compare(place / key, value, *found);
      } else {
        add("remove", place / key, nullptr);
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key)) add("add", place / key, &value);
    }
  }

  // What changes keeps its place until the removals, which go from the end to the start.
  void compare_lists(const Pointer& place, const json& before, const json& after) {
    std::vector<std::size_t> removed;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto found =
          std::ranges::find_if(after, [&](const json& item) { return same_item(before[i], item); });
      if (found == after.end()) removed.push_back(i);
      if (found == after.end() || *found != before[i]) test(place / i, before[i]);
      if (found != after.end()) compare(place / i, before[i], *found);
    }
    for (; !removed.empty(); removed.pop_back()) add("remove", place / removed.back(), nullptr);
    for (const auto& item : after) {
      const bool is_new =
          std::ranges::none_of(before, [&](const json& old) { return same_item(old, item); });
      if (is_new) add("add", place / "-", &item);
    }
  }

  // By its identity alone: the API server fills in fields that no manifest has.
  void test(const Pointer& place, const json& item) {
    if (const auto* const key = identity_key(item)) {
      tests_.push_back({{"op", "test"}, {"path", (place / key).to_string()}, {"value", item[key]}});
    }
  }

  void add(const char* operation, const Pointer& place, const json* value) {
    ordered_json row = {{"op", operation}, {"path", place.to_string()}};
    if (value != nullptr) row["value"] = *value;
    operations_.push_back(std::move(row));
  }

  ordered_json tests_ = ordered_json::array();
  std::vector<ordered_json> operations_;
};

json find_one(std::string_view text, const std::string& file, const Target& target) {
  auto found = find_workloads(text, file, target);
  if (found.size() == 1) return std::move(found.front());
  throw Error(Code::bad_input, fmt::format("{} has {} twice", file, to_string(*target.workload)))
      .hint("say of which namespace: `-n NS`");
}

}  // namespace

ordered_json json_patch(std::string_view text, const std::string& file, const Workload& workload,
                        const std::optional<std::string>& ns, std::span<const Mount> mounts,
                        Direction direction) {
  const Target target{workload, ns, {}};
  std::string patched(text);
  for (const auto& mount : mounts) {
    patched = apply_edits(patched, patch_text(patched, file, target, mount, direction).edits);
  }
  Difference difference;
  difference.compare(Pointer(), find_one(text, file, target), find_one(patched, file, target));
  return std::move(difference).operations();
}

}  // namespace wasmctl::kube
