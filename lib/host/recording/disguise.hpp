// Other values in the place of secrets, for what is kept in a file: of the same length, so that
// sizes stay true, and the same for the same secret wherever it comes, so that what is compared
// with it, in a configuration or an answer, is still the same. A secret in JSON's escapes, as many
// plugins log what they get, becomes what the other value would be there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/abi.hpp"
#include "host/mask.hpp"

namespace wasmctl::host {

class Disguise {
 public:
  explicit Disguise(MaskOptions options) : mask_(std::move(options)) {}

  // Notes the secrets in a header, or in a property by its path. All are to be noted before the
  // first text is disguised.
  void learn(std::string_view name, std::string_view value);

  // A header's value: the scheme of credentials and the names of cookies stay.
  std::string header(std::string_view name, std::string_view value) const;
  Pairs headers(const Pairs& pairs) const;
  // Any text, without the secrets that are known. One of few bytes stays: it is a word of others,
  // too.
  std::string text(std::string_view text) const;

 private:
  // How a secret may be written.
  struct Form {
    std::string text;
    std::size_t number;  // of the secret, from 1
    std::size_t size;    // the secret's
  };
  void add(Form form);
  bool knows(std::string_view secret) const;
  std::string stand_in(std::string_view secret) const;
  const Form* form_at(std::string_view text) const;

  Mask mask_;
  std::size_t secrets_ = 0;
  std::vector<Form> forms_;
  // By how they begin, so that many do not make a text slow: their places, the longest first.
  std::unordered_map<std::string, std::vector<std::size_t>> by_begin_;
};

}  // namespace wasmctl::host
