#include "cli/commands/run/run_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <set>

#include "base/error.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/key_value.hpp"

namespace wasmctl::cli {

namespace {

constexpr const char* kEnvoyGroup = "Envoy";

constexpr Choice<std::string_view> kLogLevels[] = {
    {"trace", "trace"}, {"debug", "debug"},       {"info", "info"}, {"warning", "warning"},
    {"error", "error"}, {"critical", "critical"}, {"off", "off"}};

// "[::1]:80" has the host `::1`.
envoy::Cluster parse_server(std::string_view flag, std::string_view word, std::string_view form) {
  const auto colon = word.rfind(':');
  envoy::Cluster server;
  if (colon != std::string_view::npos && colon > 0) {
    server.host = word.substr(0, colon);
    const auto digits = word.substr(colon + 1);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), server.port).ptr;
    if (end != digits.data() + digits.size()) server.port = 0;
  }
  const bool is_bracketed = server.host.starts_with('[') && server.host.ends_with(']');
  if (is_bracketed) server.host = server.host.substr(1, server.host.size() - 2);
  const bool is_bare_ipv6 = !is_bracketed && server.host.find(':') != std::string::npos;
  if (server.port == 0 || server.host.empty() || is_bare_ipv6) {
    throw usage_error(flag, fmt::format("expected {}, not `{}`", form, word));
  }
  return server;
}

void add_clusters(envoy::Setup& setup, std::string_view flag, const std::vector<std::string>& words,
                  envoy::Protocol protocol) {
  constexpr std::string_view kForm = "NAME=HOST:PORT";
  for (const auto& word : words) {
    const auto [name, where] = parse_key_value(flag, word, kForm);
    auto cluster = parse_server(flag, where, kForm);
    cluster.name = name;
    cluster.protocol = protocol;
    setup.clusters.push_back(std::move(cluster));
  }
}

void check_names(const envoy::Setup& setup) {
  std::set<std::string> names = {envoy::kUpstreamName};
  for (const auto& cluster : setup.clusters) {
    if (names.insert(cluster.name).second) continue;
    throw usage_error("--cluster", cluster.name == envoy::kUpstreamName
                                       ? "`upstream` is the name of what --upstream says"
                                       : fmt::format("`{}` is given twice", cluster.name));
  }
}

void add_traffic(CLI::App& app, RunOptions& options) {
  auto* once = app.add_option("--once", options.once,
                              "Send one request, print what it is answered, and end: "
                              "'POST /path -H \"name: value\" -d body'; with --tcp the bytes");
  once->type_name("REQUEST")->each([&](const std::string&) { options.is_once = true; });
  app.add_option("--upstream", options.upstream,
                 "What is behind Envoy (default: a server that answers with what came)")
      ->type_name("HOST:PORT");
  app.add_option("--cluster", options.clusters, "A server for the plugin's callouts")
      ->type_name("NAME=HOST:PORT")
      ->allow_extra_args(false);
  app.add_option("--cluster-tls", options.tls_clusters,
                 "The same, spoken to in TLS, its certificate judged by the system's "
                 "authorities, or $SSL_CERT_FILE")
      ->type_name("NAME=HOST:PORT")
      ->allow_extra_args(false);
  app.add_flag("--tcp", options.tcp, "A network filter, for TCP (default: as wasmctl.yaml's type)");
  app.add_option("--chain", options.chain, "A further plugin, behind SOURCE")
      ->type_name("SOURCE")
      ->allow_extra_args(false);
}

void add_recording(CLI::App& app, RunOptions& options) {
  auto* record = app.add_option("--record", options.record,
                                "Write the requests that SOURCE sees as a suite, at the end");
  record->type_name("FILE");
  auto* mask =
      app.add_option("--mask", options.masked, "Do not record the values of this header, either");
  mask->type_name("NAME")->allow_extra_args(false)->needs(record);
  app.add_flag("--no-mask", options.unmasked,
               "Record the values of headers that carry credentials as they are")
      ->needs(record)
      ->excludes(mask);
}

void add_envoy(CLI::App& app, RunOptions& options) {
  app.add_option("--envoy", options.envoy,
                 "The Envoy (default: $ENVOY_PATH, `envoy` on PATH, .venv/bin/envoy here or above)")
      ->type_name("PROGRAM")
      ->group(kEnvoyGroup);
  app.add_option("--port", options.port,
                 fmt::format("Of the listener, on 127.0.0.1 (default: {}; of --once any that is "
                             "free, as is 0)",
                             kUsualPort))
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535).description(""))
      ->group(kEnvoyGroup);
  app.add_option("--admin-port", options.admin_port,
                 "Of the admin interface, 0 for any that is free (default: none; it is on a socket "
                 "that no other user reaches)")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535).description(""))
      ->group(kEnvoyGroup);
  app.add_option("--concurrency", options.concurrency, "Worker threads, each with VMs of its own")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""))
      ->group(kEnvoyGroup);
  add_choice(app, "--log-level", options.log_level, kLogLevels,
             "From which level on the plugin's lines are shown")
      ->group(kEnvoyGroup);
  app.add_flag("--fresh", options.fresh,
               "A new VM for a new configuration, too: its globals begin anew")
      ->group(kEnvoyGroup);
}

}  // namespace

void add_run_options(CLI::App& app, RunOptions& options) {
  app.add_option("SOURCE", options.source,
                 "A plugin's directory, a .wasm file or an image (default: .)")
      ->type_name("");
  add_traffic(app, options);
  add_config_flags(app, options.plugin);
  add_recording(app, options);
  app.add_flag("--print-config", options.print_config,
               "Print a bootstrap that `envoy -c` takes, and run nothing");
  app.add_flag("--json", options.json, "Print requests as JSON, one a line");
  add_lint_option(app, options.lint);
  add_envoy(app, options);
  add_build_flags(app, options.build);
  add_registry_options(app, options.registry);
}

envoy::Setup setup_of(const RunOptions& options) {
  envoy::Setup setup;
  setup.port = static_cast<std::uint16_t>(options.port.value_or(options.is_once ? 0 : kUsualPort));
  if (options.admin_port) setup.admin_port = static_cast<std::uint16_t>(*options.admin_port);
  if (!options.upstream.empty()) {
    setup.upstream = parse_server("--upstream", options.upstream, "HOST:PORT");
  }
  add_clusters(setup, "--cluster", options.clusters, envoy::Protocol::http1);
  add_clusters(setup, "--cluster-tls", options.tls_clusters, envoy::Protocol::tls);
  check_names(setup);
  return setup;
}

}  // namespace wasmctl::cli
