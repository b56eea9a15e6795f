// Logs, dumps and counters as strangers write them: what is said of them does not depend on the
// pieces in which they come, evidence is bounded, and no secret that is marked as one is shown.
#include <algorithm>
#include <string>
#include <string_view>

#include "explain/explainer.hpp"
#include "explain/secrets.hpp"

namespace {

using namespace wasmctl;

std::string said(const explain::Report& report) {
  std::string all;
  for (const auto* list : {&report.causes, &report.remarks, &report.signs}) {
    for (const auto& found : *list) {
      all += found.cause + found.remedy + found.said + '\n';
      for (const auto& [file, line, text] : found.evidence) {
        if (text.size() > explain::kMostShown + 6) __builtin_trap();
        all += std::to_string(line) + text + '\n';
      }
    }
  }
  return all;
}

std::string explained(std::string_view text, std::size_t piece) {
  explain::Explainer explainer;
  explainer.begin("fuzz");
  for (std::size_t at = 0; at < text.size(); at += piece) explainer.write(text.substr(at, piece));
  explainer.end();
  return said(explainer.finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = explained(text, std::max<std::size_t>(size, 1));
  if (explained(text, 7) != whole) __builtin_trap();
  if (whole.find("hunter2hunter2") != std::string::npos &&
      text.find("Bearer hunter2hunter2") != std::string_view::npos &&
      text.find("hunter2hunter2") == text.find("Bearer hunter2hunter2") + 7 &&
      text.rfind("hunter2hunter2") == text.find("hunter2hunter2")) {
    __builtin_trap();
  }
  return 0;
}
