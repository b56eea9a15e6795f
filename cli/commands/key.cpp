// wasmctl key: pairs of keys for `sign` and `verify`, in cosign's form.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/flags/choice.hpp"
#include "cli/flags/key_flags.hpp"
#include "sign/key.hpp"

namespace wasmctl::cli {

namespace {

enum class KeyTask : std::uint8_t { generate };
constexpr Choice<KeyTask> kKeyTasks[] = {{"generate", KeyTask::generate}};

struct KeyOptions {
  KeyTask task = KeyTask::generate;
  std::string name = "cosign";
};

void refuse_existing(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return;
  throw Error(Code::bad_input, fmt::format("`{}` is there already", file))
      .hint("no key is ever written over: give another name by `-o NAME`");
}

void run_generate(Context& context, const KeyOptions& options) {
  const auto private_file = options.name + ".key";
  const auto public_file = options.name + ".pub";
  refuse_existing(private_file);
  refuse_existing(public_file);
  const auto password = new_password(context);
  const auto key = sign::PrivateKey::generate();
  base::write_new_file(private_file, key.encrypted_pem(password), base::Mode::secret);
  try {
    base::write_new_file(public_file, key.public_key().pem(), base::Mode::as_usual);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(private_file, ignored);
    throw;
  }
  if (password.empty()) {
    base::log_warning(fmt::format(
        "{}: the password is empty, so who reads the file can sign with it", private_file));
  }
  context.out.print("{}\n{}\n", private_file, public_file);
}

}  // namespace

void add_key(CLI::App& root, Context& context, Action& action) {
  auto options = std::make_shared<KeyOptions>();
  auto* app = root.add_subcommand("key", "Make a pair of keys to sign images with");
  add_choice(*app, "ACTION", options->task, kKeyTasks, "generate: write a new pair")->required();
  app->add_option("-o,--output", options->name,
                  "NAME.key is the private key, NAME.pub the public one")
      ->type_name("NAME")
      ->capture_default_str();
  app->footer(
      "The key is ECDSA P-256, encrypted as cosign does it, with the password of\n"
      "$COSIGN_PASSWORD or one that is asked for: `cosign` takes the files, and\n"
      "`wasmctl sign` takes those of `cosign generate-key-pair`.\n"
      "\n"
      "Examples:\n"
      "  wasmctl key generate -o release\n"
      "  wasmctl sign ghcr.io/acme/header-logger:v1 --key release.key");
  app->callback([options, &context, &action] {
    action = [options, &context] { run_generate(context, *options); };
  });
}

}  // namespace wasmctl::cli
