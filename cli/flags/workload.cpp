#include "cli/flags/workload.hpp"

#include "cli/flags/choice.hpp"

namespace wasmctl::cli {

namespace {

constexpr Choice<kube::MountStyle> kStyles[] = {{"container", kube::MountStyle::container},
                                                {"annotations", kube::MountStyle::annotations}};

}  // namespace

void add_workload_option(CLI::App& app, std::optional<kube::Workload>& workload,
                         const std::string& help) {
  app.add_option_function<std::string>(
         "--workload",
         [&workload](const std::string& word) { workload = kube::parse_workload(word); }, help)
      ->type_name("KIND/NAME");
}

void add_mount_option(CLI::App& app, kube::MountStyle& style) {
  add_choice(app, "--mount", style, kStyles,
             "How the file is mounted into the proxy (default: container)");
}

}  // namespace wasmctl::cli
