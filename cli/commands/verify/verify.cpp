// wasmctl verify: say who has signed an image, or refuse it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/commands/verify/rebuild.hpp"
#include "cli/flags/key_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/pulled_image.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"
#include "sign/image_signature.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;

struct VerifyFlags {
  std::string image;
  std::string key;
  std::string directory;  // of --rebuild
  bool json = false;
  BuildFlags build;
  RegistryOptions registry;
};

json found_json(const sign::Found& found) {
  json value = {{"form", sign::to_string(found.form)}, {"manifest", found.holder.text()}};
  if (!found.predicate_type.empty()) value["predicateType"] = found.predicate_type;
  if (!found.identity.empty()) value["identity"] = found.identity;
  if (!found.why_not.empty()) value["whyNot"] = found.why_not;
  return value;
}

json all_json(const std::vector<sign::Found>& all) {
  json list = json::array();
  for (const auto& found : all) list.push_back(found_json(found));
  return list;
}

void print_signatures(Context& context, const VerifyFlags& flags, const sign::PublicKey& key,
                      const sign::Verified& verified) {
  context.err.print("signed with {} ({}):\n", flags.key, key.kind());
  for (const auto& signature : verified.signatures) {
    if (signature.form == sign::Form::bundle) {
      context.err.print("  signature    bundle {}\n", signature.holder.text());
    } else if (signature.identity.empty()) {
      context.err.print("  signature    older form\n");
    } else {
      context.err.print("  signature    older form, of {}\n", signature.identity);
    }
  }
  for (const auto& attestation : verified.attestations) {
    context.err.print("  attestation  {}\n", attestation.predicate_type);
  }
  for (const auto& other : verified.others) {
    context.err.print("  not counted  {} {}: {}\n", sign::to_string(other.form),
                      other.holder.text(), other.why_not);
  }
}

// What was verified, each if it was asked for.
struct Findings {
  std::optional<sign::PublicKey> key;
  sign::Verified verified;
  std::optional<Rebuilt> rebuilt;
};

void print_json(Context& context, const oci::Reference& image, const Findings& findings) {
  json result = {{"image", oci::to_string(image)}, {"digest", image.digest->text()}};
  if (findings.key) {
    result["key"] = {{"kind", findings.key->kind()}, {"hint", findings.key->hint()}};
    result["signatures"] = all_json(findings.verified.signatures);
    result["attestations"] = all_json(findings.verified.attestations);
    result["others"] = all_json(findings.verified.others);
  }
  if (findings.rebuilt) {
    result["rebuilt"] = {{"sha256", findings.rebuilt->sha256}, {"bytes", findings.rebuilt->bytes}};
  }
  context.out.print_json(result);
}

void run_verify(Context& context, const VerifyFlags& flags) {
  if (flags.key.empty() && flags.directory.empty()) {
    throw Error(Code::usage, "--key is required, or --rebuild").hint("see `wasmctl verify --help`");
  }
  const auto reference = oci::parse_reference(flags.image);
  const auto connecting = registry::preconnect(reference);
  Findings findings;
  if (!flags.key.empty()) findings.key = read_public_key(context, flags.key);
  const auto options = registry_options(context, flags.registry);
  const auto store = registry::open_store(reference, options);
  auto image = reference;
  if (findings.key) {
    findings.verified = sign::verify_image(*store, reference, *findings.key, flags.key);
    image = oci::pinned(reference, findings.verified.manifest.digest);
  }
  oci::PulledImage pulled(registry::open_store(image, options), image);
  image = oci::pinned(image, pulled.descriptor().digest);
  if (!flags.directory.empty()) {
    findings.rebuilt = rebuild(context, flags.directory, flags.build, pulled, *store);
  }
  if (flags.json) return print_json(context, image, findings);
  context.out.print("{}\n", oci::to_string(image));
  if (context.quiet) return;
  if (findings.key) print_signatures(context, flags, *findings.key, findings.verified);
  if (findings.rebuilt) {
    context.err.print("its module is what {} builds: sha256:{}\n", flags.directory,
                      findings.rebuilt->sha256);
  }
}

}  // namespace

void add_verify(CLI::App& root, Context& context, Action& action) {
  auto flags = std::make_shared<VerifyFlags>();
  auto* app = root.add_subcommand(
      "verify", "Verify an image's signature, or that it is what a directory builds");
  app->add_option("IMAGE", flags->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option("--key", flags->key, kPublicKeyHelp)->type_name("FILE");
  app->add_option("--rebuild", flags->directory,
                  "Build the plugin in DIR anew, and compare the module byte by byte")
      ->type_name("DIR");
  app->add_flag("--json", flags->json, "Print what was verified as JSON");
  add_build_flags(*app, flags->build);
  add_registry_options(*app, flags->registry);
  app->footer(
      "Prints IMAGE@sha256:..., the name of what was verified. Both of cosign's forms count:\n"
      "bundles that refer to the image, and the tag sha256-....sig; every config and layer is\n"
      "fetched and compared with its digest. Statements by the same key that are no signatures\n"
      "(SBOM, provenance) are listed. No transparency log is asked. Exit status 11 if the image\n"
      "is not signed with this key, or something is not what was signed.\n"
      "With --rebuild the image's module must be what DIR builds; if not, what differs is said:\n"
      "sections, and of what the image's provenance names compiler, SDK, flags and sources.\n"
      "\n"
      "Examples:\n"
      "  wasmctl verify ghcr.io/acme/header-logger:v1 --key cosign.pub\n"
      "  wasmctl verify ghcr.io/acme/header-logger:v1 --rebuild plugins/header-logger\n"
      "  wasmctl render \"$(wasmctl verify IMAGE --key cosign.pub)\" | kubectl apply -f -");
  app->callback(
      [flags, &context, &action] { action = [flags, &context] { run_verify(context, *flags); }; });
}

}  // namespace wasmctl::cli
