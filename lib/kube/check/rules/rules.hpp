// What the files of rules have in common.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kube/check/check.hpp"
#include "kube/check/survey.hpp"
#include "kube/shape.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

// In the order in which they are listed.
std::span<const ManifestRule> file_rules();        // whatever is in the files
std::span<const ManifestRule> metadata_rules();    // names and labels, as the API server has them
std::span<const ManifestRule> plugin_rules();      // a plugin by itself
std::span<const ManifestRule> image_rules();       // what is pulled, and with what secret
std::span<const ManifestRule> mount_rules();       // how the module gets into the proxy
std::span<const ManifestRule> config_map_rules();  // what it is mounted from
std::span<const ManifestRule> proxy_rules();       // the container that is Istio's
std::span<const ManifestRule> annotation_rules();  // the annotations that mount
std::span<const ManifestRule> gateway_rules();     // policies of Envoy Gateway
std::span<const ManifestRule> filter_rules();      // EnvoyFilters
std::span<const ManifestRule> target_rules();      // what targetRefs name
std::span<const ManifestRule> reach_rules();       // whom a plugin reaches, and beside whom

// Where a rule puts what it finds. It keeps so many of them, and counts the rest; logins that a
// message quotes are left out.
class Report {
 public:
  static constexpr std::size_t kMaxFindings = 10'000;

  Report(const ManifestRule& rule, const Inventory& inventory, std::vector<Finding>& findings)
      : rule_(rule), inventory_(inventory), findings_(findings) {}
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void add(const Site& site, std::string message, std::string hint);

 private:
  const ManifestRule& rule_;
  const Inventory& inventory_;
  std::vector<Finding>& findings_;
  std::size_t count_ = 0;
};

// For a hint: how to say where the objects go that name no namespace; empty if all do.
std::string assumption(std::initializer_list<const Object*> objects);

// "deployment/web", "deployment/web and 39 more workloads".
std::string describe(const std::vector<const Pods*>& pods);

// The items of targetRefs, and targetRef; what one of them names: kind and name.
std::vector<const yaml::Node*> targets_of(const yaml::Node& spec);
std::pair<std::string, std::string> named_by(const yaml::Node& target);

struct Remark {
  std::string message;
  std::string hint;
};

// A name of an image that its `consumer` cannot read; `form` is the right one.
std::optional<Remark> judge_image(std::string_view image, std::string_view consumer,
                                  std::string_view form);

// Of the module at hand, if it is this plugin's.
const ModuleFacts* facts_of(const Survey& survey, const PluginManifest& plugin);

// The value of a node; what JSON cannot hold is reported, in the reader's words and at its place.
std::optional<nlohmann::json> to_json(const yaml::Node& node, const Object& object, Report& report);

// Where a value is, or the key that its mapping does not have.
Site site_of(const Object& object, const yaml::Node& root, const ShapeViolation& violation);

}  // namespace wasmctl::kube
