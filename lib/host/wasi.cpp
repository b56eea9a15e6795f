// WASI as Envoy offers it: standard output and error are the log, there are clocks, variables and
// random bytes, and no files. tests/e2e/envoy/test_wasi.py compares each answer with a real
// Envoy's. Source: proxy-wasm-cpp-host, src/exports.cc.
#include "host/hostcalls.hpp"

#include <fmt/format.h>

namespace wasmctl::host {

namespace {

using Call = const HostcallArguments&;

// WASI's errno.
constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kBadFile = 8;
constexpr std::uint32_t kExists = 20;
constexpr std::uint32_t kFault = 21;
constexpr std::uint32_t kNoEntry = 44;
constexpr std::uint32_t kNoSystemCall = 52;
constexpr std::uint32_t kNotSupported = 58;

constexpr std::uint32_t kStandardOutput = 1;
constexpr std::uint32_t kStandardError = 2;

constexpr std::uint32_t kRealTime = 0;
constexpr std::uint32_t kMonotonic = 1;

bool is_output(std::uint32_t fd) {
  return fd == kStandardOutput || fd == kStandardError;
}

std::uint32_t write_u32(Vm& vm, std::uint32_t address, std::uint32_t value) {
  return vm.write(address, little_endian(value)) ? kSuccess : kFault;
}

std::uint32_t write_u64(Vm& vm, std::uint32_t address, std::uint64_t value) {
  return vm.write(address, little_endian(value)) ? kSuccess : kFault;
}

std::optional<std::uint32_t> read_u32(const Vm& vm, std::uint64_t address) {
  const auto bytes = vm.read(address, 4);
  if (!bytes) return std::nullopt;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i)
    value |= std::uint32_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
  return value;
}

std::uint32_t success(Call /*call*/) {
  return kSuccess;
}

std::uint32_t no_system_call(Call /*call*/) {
  return kNoSystemCall;
}

std::uint32_t bad_file(Call /*call*/) {
  return kBadFile;
}

std::uint32_t exists(Call /*call*/) {
  return kExists;
}

std::uint32_t no_entry(Call /*call*/) {
  return kNoEntry;
}

std::uint32_t not_supported(Call /*call*/) {
  return kNotSupported;
}

// Of standard output and error it succeeds, and does nothing.
std::uint32_t of_output(Call call) {
  return is_output(call.u32(0)) ? kSuccess : kBadFile;
}

std::uint32_t args_sizes_get(Call call) {
  const auto result = write_u32(call.vm(), call.u32(0), 0);
  return result == kSuccess ? write_u32(call.vm(), call.u32(1), 0) : result;
}

std::uint32_t environ_sizes_get(Call call) {
  const auto& variables = call.vm().environment();
  std::size_t size = 0;
  for (const auto& [name, value] : variables) size += name.size() + value.size() + 2;
  const auto result =
      write_u32(call.vm(), call.u32(0), static_cast<std::uint32_t>(variables.size()));
  return result == kSuccess ? write_u32(call.vm(), call.u32(1), static_cast<std::uint32_t>(size))
                            : result;
}

std::uint32_t environ_get(Call call) {
  auto entry = call.u32(0);
  auto text = call.u32(1);
  for (const auto& [name, value] : call.vm().environment()) {
    if (write_u32(call.vm(), entry, text) != kSuccess) return kFault;
    auto line = fmt::format("{}={}", name, value);
    line.push_back('\0');
    if (!call.vm().write(text, line)) return kFault;
    entry += 4;
    text += static_cast<std::uint32_t>(line.size());
  }
  return kSuccess;
}

std::uint32_t clock_res_get(Call call) {
  if (call.u32(0) != kRealTime && call.u32(0) != kMonotonic) return kNotSupported;
  return write_u64(call.vm(), call.u32(1), 1);
}

std::uint32_t clock_time_get(Call call) {
  const auto& proxy = call.vm().proxy();
  if (call.u32(0) == kRealTime) return write_u64(call.vm(), call.u32(2), proxy.real_time());
  if (call.u32(0) == kMonotonic) return write_u64(call.vm(), call.u32(2), proxy.monotonic_time());
  return kNotSupported;
}

std::uint32_t fd_fdstat_get(Call call) {
  if (!is_output(call.u32(0))) return kBadFile;
  // 24 bytes: of all that they say, only the right to write.
  constexpr std::uint64_t kRightToWrite = 64;
  constexpr std::uint64_t kNothing = 0;
  call.vm().write(call.u32(1),
                  little_endian(kNothing) + little_endian(kRightToWrite) + little_endian(kNothing));
  return kSuccess;
}

// What is written at once is one message of the log; how many bytes go to argument `count_at`.
std::uint32_t write(Call call, std::size_t count_at) {
  const auto fd = call.u32(0);
  if (!is_output(fd)) return kBadFile;
  std::string text;
  for (std::uint64_t i = 0; i < call.u32(2); ++i) {
    const auto at = call.u32(1) + 8 * i;
    const auto address = read_u32(call.vm(), at);
    const auto size = read_u32(call.vm(), at + 4);
    if (!address || !size) return kFault;
    if (*size == 0) continue;
    const auto bytes = call.vm().take(*address, *size);
    // The same bytes may be named again and again: more than the memory has is no message.
    constexpr std::size_t kMostBytes = 64U << 20U;
    if (!bytes || bytes->size() > kMostBytes - text.size()) return kFault;
    text += *bytes;
  }
  const auto written = static_cast<std::uint32_t>(text.size());
  if (written != 0) {
    if (text.ends_with('\n')) text.pop_back();
    const auto level = fd == kStandardOutput ? LogLevel::info : LogLevel::error;
    call.vm().proxy().log(call.vm().context(), level, text);
  }
  return write_u32(call.vm(), call.u32(count_at), written);
}

std::uint32_t fd_write(Call call) {
  return write(call, 3);
}

std::uint32_t fd_pwrite(Call call) {
  return write(call, 4);
}

std::uint32_t random_get(Call call) {
  if (!call.vm().read(call.u32(0), call.u32(1))) return kFault;
  call.vm().write(call.u32(0), call.vm().proxy().random(call.u32(1)));
  return kSuccess;
}

constexpr HostcallRow kRows[] = {
    {"args_get", success},
    {"args_sizes_get", args_sizes_get},
    {"clock_res_get", clock_res_get},
    {"clock_time_get", clock_time_get},
    {"environ_get", environ_get},
    {"environ_sizes_get", environ_sizes_get},
    {"fd_advise", success},
    {"fd_allocate", of_output},
    {"fd_close", success},
    {"fd_datasync", of_output},
    {"fd_fdstat_get", fd_fdstat_get},
    {"fd_fdstat_set_flags", no_system_call},
    {"fd_fdstat_set_rights", of_output},
    {"fd_filestat_get", bad_file},
    {"fd_filestat_set_size", of_output},
    {"fd_filestat_set_times", of_output},
    {"fd_pread", no_system_call},
    {"fd_prestat_dir_name", no_system_call},
    {"fd_prestat_get", bad_file},
    {"fd_pwrite", fd_pwrite},
    {"fd_read", no_system_call},
    {"fd_readdir", exists},
    {"fd_renumber", bad_file},
    {"fd_seek", success},
    {"fd_sync", of_output},
    {"fd_tell", of_output},
    {"fd_write", fd_write},
    {"path_create_directory", not_supported},
    {"path_filestat_get", not_supported},
    {"path_filestat_set_times", not_supported},
    {"path_link", not_supported},
    {"path_open", no_entry},
    {"path_readlink", not_supported},
    {"path_remove_directory", not_supported},
    {"path_rename", not_supported},
    {"path_symlink", not_supported},
    {"path_unlink_file", not_supported},
    {"poll_oneoff", success},
    {"proc_exit", success},
    {"random_get", random_get},
    {"sched_yield", success},
    {"sock_accept", not_supported},
    {"sock_recv", not_supported},
    {"sock_send", not_supported},
    {"sock_shutdown", not_supported},
};

}  // namespace

std::span<const HostcallRow> wasi_hostcalls() {
  return kRows;
}

}  // namespace wasmctl::host
