// wasmctl sign: sign an image with a key, as cosign does, without any other server.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "cli/flags/epoch.hpp"
#include "cli/flags/identity.hpp"
#include "cli/flags/key_flags.hpp"
#include "cli/flags/registry_flags.hpp"
#include "cli/output/image_json.hpp"
#include "oci/reference.hpp"
#include "registry/registry.hpp"
#include "sign/image_signature.hpp"

namespace wasmctl::cli {

namespace {

struct SignFlags {
  std::string image;
  std::string key;
  std::string identity;
  bool json = false;
  RegistryOptions registry;
};

void print_signed(Context& context, const SignFlags& flags, const oci::Reference& reference,
                  const std::vector<sign::Signed>& all) {
  const auto image = oci::to_string(oci::pinned(reference, all.front().subject));
  if (flags.json) {
    nlohmann::json manifests = nlohmann::json::array();
    for (const auto& one : all) {
      manifests.push_back({{"digest", one.subject.text()},
                           {"madeBundle", one.made_bundle},
                           {"madeTag", one.made_tag}});
    }
    context.out.print_json({{"image", image}, {"manifests", std::move(manifests)}});
    return;
  }
  context.out.print("{}\n", image);
  if (context.quiet) return;
  const auto made = std::ranges::count_if(
      all, [](const sign::Signed& one) { return one.made_bundle || one.made_tag; });
  if (made == 0) {
    context.err.print("this key has signed it already: nothing was written\n");
  } else if (all.size() > 1) {
    context.err.print("signed the index and what it lists: {} manifests\n", all.size());
  }
}

void run_sign(Context& context, const SignFlags& flags) {
  const auto reference = oci::parse_reference(flags.image);
  const auto connecting = registry::preconnect(reference);
  sign::SignOptions options;
  options.created = created_at(context);
  options.identity = flags.identity.empty() ? identity_of(reference) : flags.identity;
  if (!flags.identity.empty()) oci::parse_image_name(flags.identity);  // refused, if it can be none
  const auto key = read_private_key(context, flags.key);
  const auto store = registry::open_store(reference, registry_options(context, flags.registry));
  print_signed(context, flags, reference, sign::sign_image(*store, reference, key, options));
}

}  // namespace

void add_sign(CLI::App& root, Context& context, Action& action) {
  auto flags = std::make_shared<SignFlags>();
  auto* app = root.add_subcommand("sign", "Sign an image with a key, as cosign does, offline");
  app->add_option("IMAGE", flags->image, "REGISTRY/REPOSITORY[:TAG][@DIGEST], or oci:DIR[:TAG]")
      ->required();
  app->add_option("--key", flags->key, "The private key, in PEM: a FILE, or env://VARIABLE")
      ->required()
      ->type_name("FILE");
  app->add_option("--identity", flags->identity,
                  "What the signature calls the image (default: REGISTRY/REPOSITORY; a layout has "
                  "none)")
      ->type_name("NAME");
  app->add_flag("--json", flags->json, "Print the image and what was signed as JSON");
  add_registry_options(*app, flags->registry);
  app->footer(
      "Writes the signature beside the image in both of cosign's forms: a Sigstore bundle that\n"
      "refers to it, and the tag sha256-....sig. `cosign verify --key FILE\n"
      "--insecure-ignore-tlog`, Kyverno and `wasmctl verify` read them. Of an index, all that\n"
      "it lists is signed, too. Nothing is written where this key has signed already.\n"
      "cosign 2.6 fetches Sigstore's trusted root for a bundle, or takes --trusted-root.\n"
      "No transparency log is asked or told.\n"
      "Keys: PKCS #8, EC and RSA in PEM, and cosign's encrypted files; the password is\n"
      "$COSIGN_PASSWORD, or asked for on the terminal.\n"
      "\n"
      "Examples:\n"
      "  wasmctl sign ghcr.io/acme/header-logger:v1 --key cosign.key\n"
      "  wasmctl sign oci:layout:v1 --key cosign.key --identity ghcr.io/acme/a");
  app->callback(
      [flags, &context, &action] { action = [flags, &context] { run_sign(context, *flags); }; });
}

}  // namespace wasmctl::cli
