// Every call across the ABI in words, indented by what it lies in:
//
//     proxy_on_request_headers(context 2, 3, false)
//       proxy_get_header_map_value(request_headers, "user-agent") = Ok "curl/8.5.0"
//       proxy_log(info, "User-Agent: curl/8.5.0") = Ok
//     = 0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/mask.hpp"
#include "host/vm.hpp"

namespace wasmctl::host {

class Trace : public Observer {
 public:
  explicit Trace(MaskOptions mask) : mask_(std::move(mask)) {}

  void callback_begins(Vm& vm, std::string_view name,
                       std::span<const engine::Slot> arguments) override;
  void callback_ends(Vm& vm, std::string_view name, const engine::Outcome& outcome) override;
  void hostcall_begins(Vm& vm, const wasm::HostFunction& function,
                       std::span<const engine::Slot> arguments) override;
  void hostcall_ends(Vm& vm, const wasm::HostFunction& function,
                     std::optional<std::uint32_t> result) override;

  // A heading for what follows.
  void begin(std::string_view phase);
  std::vector<std::string> take_lines();

 private:
  void add(std::string text);

  Mask mask_;
  std::vector<std::string> lines_;
  std::size_t depth_ = 0;
  std::vector<engine::Slot> arguments_;  // of the host call that runs
};

}  // namespace wasmctl::host
