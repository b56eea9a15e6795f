#include "cli/flags/statements.hpp"

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>
#include <vector>

#include "cli/flags/build_record.hpp"
#include "cli/flags/epoch.hpp"
#include "cli/flags/identity.hpp"
#include "cli/flags/key_flags.hpp"
#include "sign/build_record.hpp"
#include "sign/image_signature.hpp"

namespace wasmctl::cli {

namespace {

// An index and what it lists: either may be pinned.
std::vector<oci::Descriptor> manifests_of(const oci::Image& image) {
  std::vector<oci::Descriptor> all = {image.manifest.descriptor};
  for (const auto& child : image.children) all.push_back(child.manifest.descriptor);
  return all;
}

}  // namespace

void add_statement_flags(CLI::App& command, StatementFlags& flags) {
  command
      .add_option("--sign", flags.key,
                  "Sign the image, and what is said of it, with this private key, as `sign` does")
      ->type_name("FILE");
  command.add_flag("--sbom", flags.sbom,
                   "Add what the module is made of, in SPDX 2.3 and CycloneDX 1.6, as referrers");
  command.add_flag("--provenance", flags.provenance,
                   "Add how it was built, as SLSA provenance v1, as a referrer");
}

Statements::Statements(Context& context, const StatementFlags& flags, const BuildFlags& build)
    : context_(context), flags_(flags), build_(build) {
  if (!flags.key.empty()) key_ = read_private_key(context, flags.key);
}

void Statements::add(oci::Store& store, const oci::Reference& reference, const oci::Image& image,
                     const LocalModule& module, const oci::Annotations& annotations) const {
  std::vector<sign::RecordForm> forms;
  if (flags_.sbom) forms.insert(forms.end(), {sign::kSpdxForm, sign::kCycloneDxForm});
  if (flags_.provenance) forms.push_back(sign::kProvenanceForm);
  const sign::SignOptions options{identity_of(reference), created_at(context_)};
  if (!forms.empty()) {
    const auto record = record_of(context_, module, build_, annotations);
    for (const auto& form : forms) {
      const auto predicate = form.make(record);
      for (const auto& manifest : manifests_of(image)) {
        if (key_) {
          sign::attest(store, manifest, std::string(form.predicate_type), predicate, *key_,
                       options);
        } else {
          sign::attach(store, manifest, form, predicate, options);
        }
      }
    }
  }
  if (key_)
    sign::sign_image(store, oci::by_digest(image.manifest.descriptor.digest), *key_, options);
}

}  // namespace wasmctl::cli
