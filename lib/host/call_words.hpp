// A host call in words, as traces show it: `proxy_get_header_map_value(request_headers, "a") = Ok
// "b"`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/store.hpp"
#include "host/mask.hpp"

namespace wasmctl::host {

class CallWords {
 public:
  // The bytes of the module's memory; none: not all of them are known.
  using Memory =
      std::function<std::optional<std::string_view>(std::uint64_t address, std::uint64_t size)>;

  static constexpr std::size_t kUsual = 200;  // bytes shown of a text

  // `slots` are the arguments. Mask, name and slots must outlive it.
  CallWords(Memory memory, Mask& mask, std::string_view name, std::span<const engine::Slot> slots,
            std::size_t most_bytes = kUsual);

  // Before it returns.
  std::string call();
  // What it has returned, and written at the addresses in its slots.
  std::string result_of_abi(std::uint32_t result);  // a status
  std::string result_of_wasi(std::uint32_t result);

 private:
  char letter(std::size_t i) const { return i < form_.size() ? form_[i] : 'n'; }
  std::uint64_t number_at(std::uint64_t address, unsigned size) const;
  std::string_view bytes_at(std::uint64_t address, std::uint64_t size) const;
  std::string in_quotes(std::string_view text) const;
  std::string argument(std::size_t i);
  std::string written(std::size_t i);
  std::string with_written(std::string text, std::uint32_t result);
  std::string text(std::string_view bytes) const { return in_quotes(mask_.masked(bytes)); }
  std::string value(std::string_view bytes, bool is_hidden);
  std::string configuration(std::string_view bytes) const;
  std::string pairs(std::string_view bytes);
  std::string_view name_before(std::size_t i) const;

  Memory memory_;
  Mask& mask_;
  std::string_view name_;
  std::string_view form_;
  std::span<const engine::Slot> slots_;
  std::size_t most_bytes_;
};

}  // namespace wasmctl::host
