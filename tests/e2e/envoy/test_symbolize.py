"""A real trap in a real Envoy, and the line of the source behind each frame of its back-trace."""

import json
import pathlib
import re
import subprocess

import pytest

from envoy import Envoy, Filter

CRASH = """\
#include "proxy_wasm_intrinsics.h"

namespace acme {

class Crash : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override;
  void fall(int depth);
};

[[gnu::noinline]] void Crash::fall(int depth) {
  logInfo("falling");
  if (depth == 0) __builtin_trap();
  fall(depth - 1);
  logInfo("never");
}

FilterHeadersStatus Crash::onRequestHeaders(uint32_t, bool) {
  fall(2);
  return FilterHeadersStatus::Continue;
}

static RegisterContextFactory register_Crash(CONTEXT_FACTORY(Crash));

}  // namespace acme
"""
FRAMES = [
    r"  0:  0x[0-9a-f]+ - acme::Crash::fall\(int\) at crash.cc:14",
    r"  1:  0x[0-9a-f]+ - acme::Crash::fall\(int\) at crash.cc:15",
    r"  2:  0x[0-9a-f]+ - acme::Crash::fall\(int\) at crash.cc:15",
    r"  3:  0x[0-9a-f]+ - .*onRequestHeaders.* at crash.cc:20",
]


def crash_in_envoy(module, log):
    with Envoy([Filter("crash", module)], log) as envoy:
        assert envoy.get("/")[0] == 503
        envoy.wait_for_log("  3:  0x")
    return pathlib.Path(log)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory, clean_env):
    """(the plugin's directory, the log of an Envoy in which it crashed)."""
    from conftest import WASMCTL
    plugin = tmp_path_factory.mktemp("p") / "crash"
    plugin.mkdir()
    (plugin / "crash.cc").write_text(CRASH)
    subprocess.run([WASMCTL, "build", plugin], check=True, env=clean_env)
    return plugin, crash_in_envoy(plugin / "build/crash.wasm", plugin / "log")


def frames(text):
    return [line for line in text.splitlines() if re.match(r"  \d+:  0x", line)]


def same_but_for_frames(one, other):
    def left(text):
        return [line for line in text.split("\n") if not re.match(r"  \d+:  0x", line)]

    return left(one) == left(other)


def assert_symbolized(lines):
    assert len(lines) == len(FRAMES)
    for line, pattern in zip(lines, FRAMES):
        assert re.fullmatch(pattern, line)


def test_the_small_module_gives_a_trace_and_the_side_file_its_lines(wasmctl, crashed):
    plugin, log = crashed
    text = log.read_text()
    assert re.fullmatch(r"  0:  0x[0-9a-f]+ - unknown\(function index:\d+\)", frames(text)[0])
    by_directory = wasmctl("symbolize", log, "-m", plugin)
    assert by_directory.stderr == ""
    assert_symbolized(frames(by_directory.stdout))
    assert same_but_for_frames(text, by_directory.stdout)
    # The module, the side file alone, the directory that one is in, standard input.
    assert wasmctl("symbolize", log, "-m", plugin / "build/crash.wasm").stdout == by_directory.stdout
    alone = plugin / "alone.debug.wasm"
    alone.write_bytes((plugin / "build/crash.debug.wasm").read_bytes())
    assert wasmctl("symbolize", log, "-m", alone).stdout == by_directory.stdout
    assert wasmctl("symbolize", cwd=plugin, stdin=text).stdout == by_directory.stdout


def test_a_module_with_names_or_dwarf_of_its_own(wasmctl, crashed, tmp_path):
    plugin, _ = crashed
    for flag in ("-g", "--names"):
        module = tmp_path / f"crash{flag}.wasm"
        wasmctl("build", plugin, flag, "--build-dir", tmp_path / flag, "-o", module)
        log = crash_in_envoy(module, tmp_path / "log")
        assert frames(log.read_text())[0].endswith(" - acme::Crash::fall(int)")
        alone = flag == "-g"  # with --names the lines are in the side file
        given = module if alone else tmp_path / flag / "crash.wasm"
        assert_symbolized(frames(wasmctl("symbolize", log, "-m", given).stdout))


def test_traces_inside_json(wasmctl, crashed):
    plugin, log = crashed
    text = log.read_text()
    trace = text[text.index("[error] Function"):text.index("[warning] caught")].rstrip("\n")
    line = json.dumps({"level": "error", "msg": trace, "more": 1})
    out = wasmctl("symbolize", "-m", plugin, stdin=line + "\n").stdout
    assert out.endswith("\n") and out.count("\n") == 1
    document = json.loads(out)
    assert document["more"] == 1
    assert_symbolized(frames(document["msg"]))


def test_what_is_not_ours_passes_unchanged(wasmctl, crashed, root):
    plugin, log = crashed
    strange = log.read_bytes() + b"\xff\xfe\0 0x1 - x\n  0:  0xffffffff - f\n\n  0:  0x1 - unknown(function index:9)\nend"
    other = root / "tests/data/toolchains/rust.wasm"
    assert wasmctl("symbolize", "-m", other, stdin=strange, text=False).stdout == strange
    # Of two modules the one that can have made it.
    both = wasmctl("symbolize", log, "-m", other, "-m", plugin)
    assert_symbolized(frames(both.stdout))
    assert both.stderr == ""


def test_another_build_is_not_taken_for_this_one(wasmctl, crashed, tmp_path):
    plugin, log = crashed
    module = tmp_path / "crash.wasm"
    module.write_bytes((plugin / "build/crash.wasm").read_bytes())
    (tmp_path / "crash.debug.wasm").write_bytes((plugin / "build/crash.debug.wasm").read_bytes()[:-1] + b"x")
    done = wasmctl("symbolize", log, "-m", module)
    assert done.stderr == (f"warning: {tmp_path}/crash.debug.wasm belongs to another build of the module: "
                           "its names and lines are not used\n")
    assert frames(done.stdout)[0].endswith(" - function " + re.search(r"index:(\d+)", log.read_text())[1])


def test_errors(wasmctl, tmp_path):
    assert wasmctl("symbolize", "-m", tmp_path / "none.wasm", stdin="", status=4).stderr.startswith(
        "error: cannot read")
    (tmp_path / "p").mkdir()
    (tmp_path / "p/p.cc").write_text("")
    assert "has not been built: there is no" in wasmctl("symbolize", "-m", "p", stdin="", status=4).stderr
    (tmp_path / "text.wasm").write_text("hello")
    assert "not a Wasm module but a text file" in wasmctl("symbolize", "-m", "text.wasm", stdin="", status=3).stderr


def test_explain_names_the_line_and_what_the_plugin_said(crashed, wasmctl):
    plugin, log = crashed
    done = wasmctl("explain", log, "--module", plugin, "--json", status=3)
    found = json.loads(done.stdout)["findings"][0]
    assert (found["code"], found["said"]) == ("W-401", "falling")
    assert found["stack"][:2] == ["acme::Crash::fall(int) at crash.cc:14", "acme::Crash::fall(int) at crash.cc:15"]
