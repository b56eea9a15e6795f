// What `push` says of an image beside it: --sign, --sbom, --provenance.
#pragma once

#include <optional>
#include <string>

#include "cli/command.hpp"
#include "cli/flags/build_flags.hpp"
#include "cli/flags/source.hpp"
#include "oci/image.hpp"
#include "oci/store.hpp"
#include "sign/key.hpp"

namespace wasmctl::cli {

struct StatementFlags {
  std::string key;  // empty: nothing is signed
  bool sbom = false;
  bool provenance = false;
};

void add_statement_flags(CLI::App& command, StatementFlags& flags);

class Statements {
 public:
  // Reads the key, and asks for its password. All must outlive it.
  Statements(Context& context, const StatementFlags& flags, const BuildFlags& build);

  // Of an image that was pushed to the store, made of `module`: the statements as in-toto
  // attestations by the key, or without one as referrers of their own types; then the signature.
  // What is there already is not written again.
  void add(oci::Store& store, const oci::Reference& reference, const oci::Image& image,
           const LocalModule& module, const oci::Annotations& annotations) const;

 private:
  Context& context_;
  const StatementFlags& flags_;
  const BuildFlags& build_;
  std::optional<sign::PrivateKey> key_;
};

}  // namespace wasmctl::cli
