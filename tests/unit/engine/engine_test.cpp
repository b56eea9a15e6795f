#include <doctest/doctest.h>

#include "base/error.hpp"
#include "engine/store.hpp"
#include "tests/unit/wasm/assemble.hpp"

using namespace wasmctl;        // NOLINT(google-build-using-namespace)
using namespace wasmctl::test;  // NOLINT(google-build-using-namespace)
using namespace std::string_literals;

// What instructions do is tested by the scripts of tests/conformance. These are for what only this
// engine has: limits, counts, places of traps, what ran.

namespace {

// Functions () -> () with these instructions, after the import env.f of the same type, which is
// function 0; the last one is exported as `run`. A memory of one page.
std::string program(const std::vector<std::string>& functions) {
  std::vector<std::string> types;
  std::vector<std::string> bodies;
  for (const auto& code : functions) {
    types.push_back(leb(0));
    bodies.push_back(name("\0"s + code + "\x0b"));
  }
  const auto last = leb(static_cast<std::uint32_t>(functions.size()));
  return header() + section(1, vec({func_type(":")})) +
         section(2, vec({name("env") + name("f") + '\0' + leb(0)})) + section(3, vec(types)) +
         section(5, vec({"\0\1"s})) + section(7, vec({name("run") + '\0' + last})) +
         section(10, vec(bodies));
}

struct Run {
  std::string bytes;
  std::string reason;              // of its trap, with the detail; "" without one
  std::vector<std::string> stack;  // the first byte of each place, and the function
  std::uint64_t instructions = 0;
  std::string executed;  // opcodes that ran, in the order of the file
  // Of each call, in the order of the first: the functions from outside to it, and what it spent in
  // each group.
  std::vector<std::string> profile;
};

// The group of an instruction is its opcode.
std::vector<std::uint32_t> groups_by_opcode(const std::string& bytes) {
  std::vector<std::uint32_t> groups;
  for (const char byte : bytes) groups.push_back(static_cast<unsigned char>(byte));
  return groups;
}

std::vector<std::string> describe(const engine::Profile& profile) {
  std::vector<std::string> lines;
  for (const auto& call : profile.calls()) {
    auto line = std::to_string(call.function) + ":";
    for (auto at = &call; at->caller != engine::Profile::kNone; at = &profile.calls()[at->caller])
      line.insert(0, fmt::format("{}>", profile.calls()[at->caller].function));
    for (const auto& [group, count] : call.spent) line += fmt::format(" {:02x}*{}", group, count);
    lines.push_back(line);
  }
  return lines;
}

Run run(
    const std::vector<std::string>& functions, const engine::Limits& limits = {},
    const engine::HostFunction& host = [](engine::HostCall&) { return std::nullopt; }) {
  Run result;
  result.bytes = program(functions);
  const engine::Program program(wasm::parse_module(result.bytes, "m"), "m");
  engine::Profile profile(groups_by_opcode(result.bytes));
  engine::Store store(limits, engine::Coverage::on, &profile);
  auto* imported = store.add_host_function({}, host);
  const auto made = store.instantiate(
      program, [&](const wasm::Import&) -> std::optional<engine::External> { return imported; });
  const auto exported = engine::find_export(*made.instance, "run");
  const auto outcome = store.invoke(*std::get<engine::Function*>(*exported), {});
  result.instructions = store.instructions();
  result.profile = describe(profile);
  for (std::size_t i = 0; i < result.bytes.size(); ++i) {
    if (made.instance->executed[i] != 0) {
      result.executed += fmt::format("{:02x} ", static_cast<unsigned char>(result.bytes[i]));
    }
  }
  if (!outcome.trap) return result;
  result.reason = engine::to_string(outcome.trap->reason);
  if (!outcome.trap->detail.empty()) result.reason += ": " + outcome.trap->detail;
  for (const auto& frame : outcome.trap->stack) {
    result.stack.push_back(fmt::format(
        "{:02x} in {}", static_cast<unsigned char>(result.bytes[frame.offset]), frame.function));
  }
  return result;
}

constexpr const char* kCallImport = "\x10\0";

}  // namespace

namespace {

// The trap of 100 turns of a loop that makes an array of 10,000 bytes each and does `keep` with it.
// Types: 0 () -> (), 1 a struct of two anyref, 2 an array of i8. Globals: 0 the turns, 1 an anyref.
std::string run_arrays(const std::string& keep, const engine::Limits& limits) {
  const auto body =
      "\0\x03\x40\x41\x90\xce\0\xfb\7\2"s + keep + "\x23\0\x41\1\x6b\x24\0\x23\0\x0d\0\x0b\x0b"s;
  const auto bytes =
      header() + section(1, vec({func_type(":"), "\x5f\2\x6e\0\x6e\0"s, "\x5e\x78\1"s})) +
      section(3, vec({leb(0)})) +
      section(6, vec({"\x7f\1\x41\xe4\0\x0b"s, "\x6e\1\xd0\x6e\x0b"s})) +
      section(7, vec({name("run") + '\0' + leb(0)})) + section(10, vec({name(body)}));
  const engine::Program program(wasm::parse_module(bytes, "m"), "m");
  engine::Store store(limits);
  const auto made = store.instantiate(program, [](const wasm::Import&) { return std::nullopt; });
  const auto exported = engine::find_export(*made.instance, "run");
  const auto outcome = store.invoke(*std::get<engine::Function*>(*exported), {});
  if (!outcome.trap) return "";
  return std::string(engine::to_string(outcome.trap->reason)) + ": " + outcome.trap->detail;
}

}  // namespace

TEST_CASE("a trap has its reason and the places of the whole stack") {
  // 1: unreachable; 2 calls 1; 3 calls 2 after a nop
  const auto got = run({"\0"s, "\x10\1", "\1\x10\2"});
  CHECK(got.reason == "unreachable");
  CHECK(got.stack == std::vector<std::string>{"00 in 1", "10 in 2", "10 in 3"});
  CHECK(run({"\x41\1\x41\0\x6d\x1a"s}).stack == std::vector<std::string>{"6d in 1"});
  // i32.load at 0xfffffffc
  CHECK(run({"\x41\x7c\x28\2\0\x1a"s}).reason == "out of bounds memory access");
}

TEST_CASE("what a host function says ends the run") {
  const auto host = [](engine::HostCall&) -> std::optional<engine::Trap> {
    return engine::Trap{engine::Reason::host, "no more", {}};
  };
  const auto got = run({std::string(kCallImport, 2)}, {}, host);
  CHECK(got.reason == "a host function failed: no more");
  CHECK(got.stack == std::vector<std::string>{"10 in 1"});
  CHECK(run({std::string(kCallImport, 2)}).reason.empty());
}

TEST_CASE("a host function calls back into the module, and a trap there keeps its stack") {
  int calls = 0;
  const auto host = [&](engine::HostCall& call) -> std::optional<engine::Trap> {
    if (calls++ > 0) return std::nullopt;
    // Function 1 of the caller traps.
    auto outcome = call.store.invoke(*call.caller->functions[1], {});
    return outcome.trap;
  };
  const auto got = run({"\0"s, std::string(kCallImport, 2)}, {}, host);
  CHECK(got.reason == "unreachable");
  CHECK(got.stack == std::vector<std::string>{"00 in 1", "10 in 2"});
}

TEST_CASE("limits are traps that name them") {
  engine::Limits limits;
  limits.instructions = 1000;
  const auto endless = run({"\x03\x40\x0c\0\x0b"s}, limits);
  CHECK(endless.reason == "the limit of instructions is used up: 1000 instructions");
  CHECK(endless.instructions == 1000);
  CHECK(endless.stack == std::vector<std::string>{"0c in 1"});

  limits = {};
  limits.call_depth = 5;
  const auto recursion = run({"\x10\1"}, limits);
  CHECK(recursion.reason == "call stack exhausted: 5 calls, 1048576 values");
  CHECK(recursion.stack.size() == 5);

  limits = {};
  limits.interrupted = [] { return true; };
  CHECK(run({"\x41\0\x1a"s}, limits).reason == "interrupted");

  limits = {};
  limits.memory_bytes = 3 * engine::kPageBytes;
  // memory.grow by 2 works, by 3 does not: unreachable unless it is -1
  const auto grow = [&](char pages) {
    return run({"\x41"s + pages + "\x40\0\x41\x7f\x47\x04\x40\0\x0b"s}, limits).reason;
  };
  CHECK(grow(2) == "unreachable");
  CHECK(grow(3).empty());
  limits.memory_bytes = 1;
  CHECK_THROWS_WITH_AS(run({""}, limits), "a memory begins with 1 pages; the limit is 1 bytes",
                       Error);
}

TEST_CASE("instructions are counted as wasmtime's fuel counts them") {
  CHECK(run({""}).instructions == 0);
  CHECK(run({"\1\1"}).instructions == 0);                               // nop
  CHECK(run({"\x41\0\x1a"s}).instructions == 1);                        // i32.const; drop
  CHECK(run({"\x02\x40\x0b"s}).instructions == 0);                      // block, end
  CHECK(run({"\x41\1\x04\x40\x41\1\x1a\x05\x0b"s}).instructions == 3);  // if and what is in it
  CHECK(run({"\x41\0\x1a"s, "\x10\1"}).instructions == 2);              // a call
}

TEST_CASE("what ran is noted") {
  // if (0) { nop } else { i32.const; drop }
  CHECK(run({"\x41\0\x04\x40\1\x05\x41\1\x1a\x0b"s}).executed == "41 04 41 1a 0b 0b ");
}

TEST_CASE("a profile counts each instruction in the call that ran it") {
  using Lines = std::vector<std::string>;
  // 1: const, drop; 2: calls 1 twice; 3: 2, 1, 2
  CHECK(run({"\x41\0\x1a"s, "\x10\1\x10\1", "\x10\2\x10\1\x10\2"}).profile ==
        Lines{"3: 10*3", "3>2: 10*4", "3>2>1: 41*4", "3>1: 41*1"});
  // A tail call takes its caller's place: 2 becomes 1, then 3 goes on.
  CHECK(run({"\x41\0\x1a"s, "\x41\0\x1a\x12\1"s, "\x10\2\x41\0\x1a"s}).profile ==
        Lines{"3: 10*1 41*1", "3>2: 12*1 41*1", "3>1: 41*1"});
  // A trap: what ran counts, but for the unreachable, which no count has.
  CHECK(run({"\x41\0\x1a\0"s, "\x10\1"}).profile == Lines{"2: 10*1", "2>1: 41*1"});
  // What a host function calls belongs to its caller.
  const auto host = [](engine::HostCall& call) -> std::optional<engine::Trap> {
    return call.store.invoke(*call.caller->functions[1], {}).trap;
  };
  CHECK(run({"\x41\0\x1a"s, std::string(kCallImport, 2) + "\x41\0\x1a"s}, {}, host).profile ==
        Lines{"2: 10*1 41*1", "2>1: 41*1"});
}

TEST_CASE("a profile has all instructions, also where the machine takes a breath") {
  engine::Limits limits;
  limits.instructions = 2'500'000;
  const auto got = run({"\x03\x40\x41\1\x0d\0\x0b"s}, limits);  // loop: const, br_if
  CHECK(got.instructions == 2'500'000);
  CHECK(got.profile == std::vector<std::string>{"1: 0d*1250000 41*1250000"});
}

TEST_CASE("what the engine does not run is refused by name") {
  // i64.add128 of zeros; drop; drop
  const auto bytes = program({"\x42\0\x42\0\x42\0\x42\0\xfc\x13\x1a\x1a"s});
  CHECK_THROWS_WITH_AS(engine::Program(wasm::parse_module(bytes, "m"), "m"),
                       "m: uses wide-arithmetic, which the embedded host does not run", Error);
}

TEST_CASE("objects that nothing refers to go, others count") {
  engine::Limits limits;
  limits.heap_bytes = 100'000;
  // loop 100 times: array.new_default of 10,000 bytes; drop
  const auto endless = [&](const std::string& keep) { return run_arrays(keep, limits); };
  CHECK(endless("\x1a").empty());
  // global.set instead: the one before goes
  CHECK(endless("\x24\1").empty());
  // into a list of structs that the global begins
  CHECK(endless("\x23\1\xfb\0\1\x24\1"s) == "the limit of the heap is used up: 100000 bytes");
}

TEST_CASE("a vector takes two slots outside") {
  // The import f and an exported function, both of type v128, i32 -> i32, v128; one calls the
  // other.
  const auto bytes = header() + section(1, vec({"\x60\2\x7b\x7f\2\x7f\x7b"s})) +
                     section(2, vec({name("env") + name("f") + '\0' + leb(0)})) +
                     section(3, vec({leb(0)})) + section(7, vec({name("run") + '\0' + leb(1)})) +
                     section(10, vec({name("\0\x20\0\x20\1\x10\0\x0b"s)}));
  const engine::Program program(wasm::parse_module(bytes, "m"), "m");
  engine::Store store({});
  const auto& type = program.module().types[0].function;
  auto* imported = store.add_host_function(type, [](engine::HostCall& call) {
    const auto low = call.slots[0];
    CHECK(call.slots[1] == 2);
    call.slots[0] = call.slots[2] | engine::Slot{5} << 32U;  // not all of it is an i32
    call.slots[1] = low;
    call.slots[2] = 4;
    return std::nullopt;
  });
  const auto made = store.instantiate(
      program, [&](const wasm::Import&) -> std::optional<engine::External> { return imported; });
  const auto exported = engine::find_export(*made.instance, "run");
  const engine::Slot arguments[] = {1, 2, 3};
  const auto outcome = store.invoke(*std::get<engine::Function*>(*exported), arguments);
  CHECK(outcome.results == std::vector<engine::Slot>{3, 1, 4});
}
