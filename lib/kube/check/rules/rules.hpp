// What the files of rules have in common.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "kube/check/check.hpp"
#include "kube/check/survey.hpp"
#include "yaml/node.hpp"

namespace wasmctl::kube {

// In the order in which they are listed.
std::span<const ManifestRule> file_rules();        // whatever is in the files
std::span<const ManifestRule> plugin_rules();      // a plugin by itself
std::span<const ManifestRule> image_rules();       // what is pulled, and with what secret
std::span<const ManifestRule> mount_rules();       // how the module gets into the proxy
std::span<const ManifestRule> annotation_rules();  // the annotations that mount
std::span<const ManifestRule> gateway_rules();     // policies of Envoy Gateway
std::span<const ManifestRule> reach_rules();       // whom a plugin reaches, and beside whom

// Where a rule puts what it finds.
class Report {
 public:
  Report(const Rule& rule, const Inventory& inventory, std::vector<Finding>& findings)
      : rule_(rule), inventory_(inventory), findings_(findings) {}

  void add(const Site& site, std::string message, std::string hint) {
    findings_.push_back({rule_.name, rule_.severity, place_of(inventory_, site), std::move(message),
                         std::move(hint)});
  }

 private:
  const Rule& rule_;
  const Inventory& inventory_;
  std::vector<Finding>& findings_;
};

// For a hint: how to say where the objects go that name no namespace; empty if all do.
std::string assumption(std::initializer_list<const Object*> objects);

}  // namespace wasmctl::kube
