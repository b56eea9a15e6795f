// wasmctl verify: say who has signed an image, or refuse it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flags/key_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"
#include "sign/image_signature.hpp"

namespace wasmctl::cli {

namespace {

using nlohmann::json;

struct VerifyFlags {
  std::string image;
  std::string key;
  bool json = false;
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

void run_verify(Context& context, const VerifyFlags& flags) {
  const auto reference = oci::parse_reference(flags.image);
  const auto connecting = registry::preconnect(reference);
  const auto key = read_public_key(context, flags.key);
  const auto store = registry::open_store(reference, registry_options(context, flags.registry));
  const auto verified = sign::verify_image(*store, reference, key, flags.key);
  const auto image = oci::to_string(oci::pinned(reference, verified.manifest.digest));
  if (flags.json) {
    context.out.print_json({{"image", image},
                            {"digest", verified.manifest.digest.text()},
                            {"key", {{"kind", key.kind()}, {"hint", key.hint()}}},
                            {"signatures", all_json(verified.signatures)},
                            {"attestations", all_json(verified.attestations)},
                            {"others", all_json(verified.others)}});
    return;
  }
  context.out.print("{}\n", image);
  if (!context.quiet) print_signatures(context, flags, key, verified);
}

}  // namespace

void add_verify(CLI::App& root, Context& context, Action& action) {
  auto flags = std::make_shared<VerifyFlags>();
  auto* app = root.add_subcommand("verify", "Verify an image's signature, and all of its bytes");
  app->add_option("IMAGE", flags->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option("--key", flags->key, kPublicKeyHelp)->required()->type_name("FILE");
  app->add_flag("--json", flags->json, "Print what was verified as JSON");
  add_registry_options(*app, flags->registry);
  app->footer(
      "Prints IMAGE@sha256:..., the name of what was verified. Both of cosign's forms count:\n"
      "bundles that refer to the image, and the tag sha256-....sig; every config and layer is\n"
      "fetched and compared with its digest. Statements by the same key that are no signatures\n"
      "(SBOM, provenance) are listed. No transparency log is asked. Exit status 11 if the image\n"
      "is not signed with this key, or something is not what was signed.\n"
      "\n"
      "Examples:\n"
      "  wasmctl verify ghcr.io/acme/header-logger:v1 --key cosign.pub\n"
      "  wasmctl render \"$(wasmctl verify IMAGE --key cosign.pub)\" | kubectl apply -f -");
  app->callback(
      [flags, &context, &action] { action = [flags, &context] { run_verify(context, *flags); }; });
}

}  // namespace wasmctl::cli
