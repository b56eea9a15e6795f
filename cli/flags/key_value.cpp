#include "cli/flags/key_value.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "cli/command.hpp"
#include "kube/names.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::string_view kSelector = "--selector";

Error expected(std::string_view flag, std::string_view form, std::string_view word) {
  return usage_error(flag, fmt::format("expected {}, not `{}`", form, word));
}

KeyValue parse_label(const std::string& word) {
  if (word.find('=') == std::string::npos || word.find("!=") != std::string::npos) {
    throw expected(kSelector, "KEY=VALUE", word)
        .hint("for example `--selector app=productpage`; only equal labels are selected by");
  }
  auto label = parse_key_value(kSelector, word);
  if (label.value.starts_with('=')) label.value.erase(0, 1);
  if (const auto why = kube::refuse_label_key(label.key)) throw usage_error(kSelector, *why);
  if (const auto why = kube::refuse_label_value(label.value)) throw usage_error(kSelector, *why);
  return label;
}

}  // namespace

KeyValue parse_key_value(std::string_view flag, std::string_view word, std::string_view form) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) throw expected(flag, form, word);
  return {std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))};
}

std::map<std::string, std::string> parse_selector(const std::vector<std::string>& words) {
  std::map<std::string, std::string> labels;
  for (const auto& word : words) {
    auto [key, value] = parse_label(word);
    if (!labels.try_emplace(key, std::move(value)).second) {
      throw usage_error(kSelector, fmt::format("`{}` is given a second value", key))
          .hint("a pod has one value of a label");
    }
  }
  return labels;
}

}  // namespace wasmctl::cli
