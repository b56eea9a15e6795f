"""wasmctl build, with the real compiler."""

import json
import re
import pathlib
import os
import shutil
import subprocess
import time

import pytest

SIZE_AIM = 3500  # bytes of the header-logger, config parsing included

MINIMAL = """\
#include "proxy_wasm_intrinsics.h"
class Minimal : public Context {
 public:
  explicit Minimal(uint32_t id, RootContext* root) : Context(id, root) {}
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override { return FilterHeadersStatus::Continue; }
};
static RegisterContextFactory register_Minimal(CONTEXT_FACTORY(Minimal));
"""


@pytest.fixture
def plugin(tmp_path):
    directory = tmp_path / "minimal"
    directory.mkdir()
    (directory / "minimal.cc").write_text(MINIMAL)
    return directory


def built(wasmctl, directory, *flags):
    return wasmctl("build", directory, *flags).stdout.strip()


def custom_sections(module):
    out = subprocess.run(["wasm-objdump", "-h", module], capture_output=True, text=True, check=True).stdout
    return [line.split('"')[1] for line in out.splitlines() if line.strip().startswith("Custom")]


def test_header_logger_is_small_and_the_same_from_any_directory(wasmctl, root, tmp_path):
    one = wasmctl("build", root / "plugins/header-logger", "-o", tmp_path / "one.wasm", "--build-dir", tmp_path / "b")
    assert one.stdout == f"{tmp_path}/one.wasm\n"
    other = tmp_path / "some where/else"
    shutil.copytree(root / "plugins/header-logger", other, ignore=shutil.ignore_patterns("build"))
    wasmctl("build", ".", "-o", tmp_path / "two.wasm", cwd=other)
    bytes_one = (tmp_path / "one.wasm").read_bytes()
    assert bytes_one == (tmp_path / "two.wasm").read_bytes()
    assert len(bytes_one) <= SIZE_AIM
    assert custom_sections(tmp_path / "one.wasm") == ["name"]  # the smallest one: Envoy prints back-traces


def test_modules_are_valid_to_an_independent_tool(wasmctl, plugin):
    subprocess.run(["wasm-validate", built(wasmctl, plugin)], check=True)


def test_only_what_changed_is_compiled(wasmctl, plugin):
    header = plugin / "answer.h"
    header.write_text("#define ANSWER 42\n")
    (plugin / "second.cc").write_text('#include "answer.h"\nint answer() { return ANSWER; }\n')
    objects = plugin / "build/obj"

    def changed(action):
        before = {f: os.stat(f).st_mtime_ns for f in objects.rglob("*.o")}
        module_before = (plugin / "build/minimal.wasm").stat().st_mtime_ns
        time.sleep(0.05)
        action()
        wasmctl("build", plugin)
        after = {f: os.stat(f).st_mtime_ns for f in objects.rglob("*.o")}
        relinked = (plugin / "build/minimal.wasm").stat().st_mtime_ns != module_before
        return {f.name for f in after if before.get(f) != after[f]}, relinked

    wasmctl("build", plugin)
    time.sleep(0.05)  # the sources must be older than the clock's tick in which they were compiled
    wasmctl("build", plugin)
    assert changed(lambda: None) == (set(), False)
    assert changed(lambda: header.write_text("#define ANSWER 43\n")) == ({"second.cc.o"}, True)
    assert changed(lambda: (plugin / "minimal.cc").write_text(MINIMAL + "// more\n")) == ({"minimal.cc.o"}, True)
    assert changed(lambda: (objects / "second.cc.o").unlink()) == ({"second.cc.o"}, True)
    assert changed(lambda: (plugin / "build/minimal.wasm").write_bytes(b"damaged")) == (set(), True)
    assert changed(lambda: (plugin / "build/obj/state.json").write_text("{broken")) == (
        {"minimal.cc.o", "second.cc.o"}, True)


def test_flags_reach_the_compiler(wasmctl, plugin, tmp_path):
    (tmp_path / "include").mkdir()
    (tmp_path / "include/extra.h").write_text("#define EXTRA 1\n")
    (plugin / "second.cc").write_text(
        '#include "extra.h"\n#if !EXTRA || NAME != 7 || !defined(FLAG)\n#error flags\n#endif\n')
    built(wasmctl, plugin, "-I", "include", "-D", "NAME=7", "--cxxflag=-DFLAG", "-O", "2")


def test_debug_keeps_names_and_dwarf(wasmctl, plugin):
    release = built(wasmctl, plugin)
    assert custom_sections(release) == ["name"]
    plain = pathlib.Path(release).read_bytes()
    sections = custom_sections(built(wasmctl, plugin, "-g"))
    assert "name" in sections and ".debug_line" in sections
    # Going back is not taken for up to date.
    assert pathlib.Path(built(wasmctl, plugin)).read_bytes() == plain


def test_names_stay_in_the_module_when_asked_for(wasmctl, plugin):
    plain = pathlib.Path(built(wasmctl, plugin)).read_bytes()
    done = wasmctl("build", plugin, "--names")
    named = pathlib.Path(done.stdout.strip()).read_bytes()
    size, of_names = map(int, re.fullmatch(r"minimal: (\d+) bytes, (\d+) of them names\n", done.stderr).groups())
    assert size == len(named)
    assert named[:size - of_names] == plain[:len(plain) - 12]  # but for the name section the same bytes
    assert b"Minimal" in named and b"Minimal" not in plain
    assert wasmctl("build", plugin, "--names").stderr == done.stderr  # nothing to do: the same is said


def test_editors_get_a_compile_command_for_each_source(wasmctl, plugin):
    built(wasmctl, plugin)
    commands = json.loads((plugin / "build/compile_commands.json").read_text())
    own = [c for c in commands if c["file"] == "minimal.cc"]
    assert len(own) == 1 and own[0]["directory"] == str(plugin)
    subprocess.run(own[0]["arguments"] + ["-fsyntax-only"], cwd=own[0]["directory"], check=True)


def test_two_builds_at_once_both_succeed(wasmctl, plugin, clean_env):
    from conftest import WASMCTL
    running = [subprocess.Popen([WASMCTL, "build", plugin], env=clean_env, stdout=subprocess.PIPE) for _ in range(4)]
    assert [p.wait(60) for p in running] == [0] * 4
    subprocess.run(["wasm-validate", plugin / "build/minimal.wasm"], check=True)


def test_a_build_killed_at_any_moment_leaves_a_whole_module_or_none(wasmctl, plugin, clean_env):
    from conftest import WASMCTL
    module = plugin / "build/minimal.wasm"
    for hundredths in range(2, 60, 6):
        (plugin / "minimal.cc").write_text(MINIMAL + f"// {hundredths}\n")
        process = subprocess.Popen([WASMCTL, "build", plugin], env=clean_env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(hundredths / 100)
        process.kill()
        process.wait()
        if module.exists():
            subprocess.run(["wasm-validate", module], check=True)
    built(wasmctl, plugin)
    subprocess.run(["wasm-validate", module], check=True)
    assert {f.name for f in (plugin / "build").glob("*.wasm*")} == {"minimal.wasm", "minimal.debug.wasm"}


def test_a_full_disk_leaves_no_partial_module(wasmctl, plugin, tmp_path):
    done = wasmctl("build", plugin, "-o", "/dev/full", status=8)
    assert "error: cannot write `/dev/full`: No space left on device\n" in done.stderr
    assert done.stdout == ""


def test_the_oldest_standard_of_upstream_plugins_compiles(wasmctl, plugin):
    built(wasmctl, plugin, "--cxxflag=-std=c++17")


def test_exceptions_are_on_where_they_are_used(wasmctl, plugin):
    assert "tag" not in wasmctl("inspect", built(wasmctl, plugin)).stdout
    (plugin / "minimal.cc").write_text(MINIMAL + """
#include <stdexcept>
int number(int n) {
  try {
    if (n == 1) throw std::runtime_error("one");
  } catch (const std::exception& e) {
    logError(e.what());
  }
  return n;
}
""")
    built(wasmctl, plugin)


def test_run_time_type_information_where_it_is_used(wasmctl, plugin):
    (plugin / "minimal.cc").write_text(MINIMAL + """
struct Special : RootContext { using RootContext::RootContext; int n = 0; };
int special(RootContext* root) { auto* s = dynamic_cast<Special*>(root); return s ? s->n : 0; }
""")
    wasmctl("build", plugin)
