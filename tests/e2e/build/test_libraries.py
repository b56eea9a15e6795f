"""Libraries in source form: compiled once by their contents, linked as far as they are used, whatever becomes of the cache."""

import os
import pathlib
import shutil

import pytest

PLUGIN = """#include "proxy_wasm_intrinsics.h"
#include "geo.h"

class Example : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    addRequestHeader("x-code", std::to_string(geo_code(20)) + " of " + std::to_string(GEO_SCALE));
    return FilterHeadersStatus::Continue;
  }
};
static RegisterContextFactory registered(CONTEXT_FACTORY(Example));
"""

SUITE = """test:
- name: code
  request_headers: {result: {has_header: [{key: x-code, value: 121 of 6}]}}
"""


@pytest.fixture
def geo(tmp_path):
    """A plugin `p` and a library in C beside it: tmp_path."""
    library, plugin = tmp_path / "geo", tmp_path / "p"
    for directory in (library / "src", library / "include", plugin):
        directory.mkdir(parents=True)
    (library / "include/geo.h").write_text(
        "#ifdef __cplusplus\nextern \"C\"\n#endif\nint geo_code(int);\n#define GEO_SCALE GEO_UNIT * 2\n")
    (library / "src/geo.c").write_text(f"// {tmp_path}\n"
                                       '#include "geo.h"\nint geo_code(int n) { return n * GEO_SCALE + 1; }\n')
    (library / "src/unused.c").write_text(f"// {tmp_path}\n"
                                          "int missing(void);\nint geo_unused(void) { return missing(); }\n")
    (plugin / "plugin.cc").write_text(PLUGIN)
    (plugin / "wasmctl.yaml").write_text(
        "name: p\nlibraries:\n  geo: {path: ../geo, sources: [src/*.c], includes: [include], defines: [GEO_UNIT=3]}\n")
    return tmp_path


@pytest.fixture
def objects(clean_env, geo):
    """objects() -> what was compiled of this test's library, with the time of it."""
    places = pathlib.Path(clean_env["HOME"]) / ".cache/wasmctl"

    def found():
        return {path: path.stat().st_mtime_ns for path in places.glob("library-geo-*/**/*.o")}

    before = found()
    return lambda: {path: time for path, time in found().items() if before.get(path) != time}


def test_a_library_is_compiled_once_for_all_plugins(wasmctl, geo, objects):
    wasmctl("build", "p")
    first = objects()
    assert len(first) == 2
    # The same contents elsewhere, for another plugin.
    shutil.copytree(geo / "geo", geo / "other/geo")
    shutil.copytree(geo / "p", geo / "other/p", ignore=shutil.ignore_patterns("build"))
    wasmctl("build", "other/p")
    assert objects() == first
    assert (geo / "p/build/p.wasm").read_bytes() == (geo / "other/p/build/p.wasm").read_bytes()
    # One source changes: it alone is compiled again, and the plugin is not.
    source = geo / "geo/src/geo.c"
    source.write_text(source.read_text().replace("+ 1", "+ 2"))
    plugin = (geo / "p/build/obj/plugin.cc.o").stat().st_mtime_ns
    wasmctl("build", "p")
    assert len(objects()) == 3 and first.items() <= objects().items()
    assert (geo / "p/build/obj/plugin.cc.o").stat().st_mtime_ns == plugin
    assert (geo / "p/build/p.wasm").read_bytes() != (geo / "other/p/build/p.wasm").read_bytes()
    # As it was before: nothing to compile.
    source.write_text(source.read_text().replace("+ 2", "+ 1"))
    wasmctl("build", "p")
    assert len(objects()) == 3
    assert (geo / "p/build/p.wasm").read_bytes() == (geo / "other/p/build/p.wasm").read_bytes()


def test_what_is_linked_runs(wasmctl, geo):
    (geo / "p/tests").mkdir()
    (geo / "p/tests/p.yaml").write_text(SUITE)
    wasmctl("test", "p")


def test_a_cache_that_was_damaged_serves(wasmctl, geo, objects):
    wasmctl("build", "p")
    module = (geo / "p/build/p.wasm").read_bytes()

    def build_again():
        shutil.rmtree(geo / "p/build")
        wasmctl("build", "p")
        assert (geo / "p/build/p.wasm").read_bytes() == module

    for path in objects():  # a disk that was full
        path.write_bytes(path.read_bytes()[:100])
        (path.parent / "geo.c.new.o").write_text("of a compiler that was killed")
    build_again()
    for path in objects():
        (path.parent / "geo.c.json").write_text("[{")
    build_again()


def test_every_command_builds_the_same_module(wasmctl, geo):
    (geo / "p/wasmctl.yaml").write_text((geo / "p/wasmctl.yaml").read_text() +
                                        "defines: [STAGE=1]\nincludes: [../geo]\noptimize: s\nstd: c++23\n"
                                        "cxxflags: [-fno-inline]\nldflags: ['-Wl,--initial-memory=1048576']\n")
    digests = set()

    def built():
        module = geo / "p/build/p.wasm"
        digests.add(module.read_bytes())
        shutil.rmtree(geo / "p/build")

    (geo / "p/tests").mkdir()
    (geo / "p/tests/p.yaml").write_text(SUITE)
    for command in (["build", "p"], ["lint", "p"], ["inspect", "p"], ["test", "p"],
                    ["push", "p", "oci:layout:v1"],
                    ["render", "p", "--via", "configmap", "--namespace", "default", "--selector", "app=a",
                     "--workload", "deployment/a"]):
        wasmctl(*command)
        built()
    wasmctl("pull", "oci:layout:v1", "-o", "pulled.wasm")
    digests.add((geo / "pulled.wasm").read_bytes())
    assert len(digests) == 1


def test_what_is_not_the_library_is_told_at_its_place(wasmctl, geo):
    (geo / "no").mkdir()
    refused = wasmctl("build", "p", "--library", f"abseil={geo}/no", status=3).stderr
    assert refused == (f"error: --library abseil={geo}/no: `{geo}/no` is not a tree of Abseil: it has no "
                       "absl/strings/str_cat.cc\n"
                       "hint: such a tree comes from https://github.com/abseil/abseil-cpp\n")


def test_a_library_that_does_not_compile_is_named(wasmctl, geo):
    (geo / "geo/src/unused.c").write_text("#include <absl/x.h>\n")
    refused = wasmctl("build", "p", status=5).stderr
    assert "error: the library geo does not compile: src/unused.c\n" in refused
    assert "hint: `libraries: {abseil: DIR}` in wasmctl.yaml compiles Abseil" in refused


def test_a_strangers_library_runs_and_writes_nothing(wasmctl, geo):
    """Names that a compiler would take for words, and links that lead out."""
    (geo / "geo/src/@words.c").write_text("int a;\n")
    (geo / "geo/src/-o.c").write_text("int b;\n")
    (geo / "geo/src/linked.c").symlink_to("/etc/passwd")
    (geo / "geo/src/dangling.c").symlink_to("nowhere")
    (geo / "geo/src/loop").symlink_to(".")
    (geo / "words.c").write_text("-o " + str(geo / "written") + "\n")
    refused = wasmctl("lint", "p", status=5).stderr
    assert "error: the library geo does not compile: src/linked.c\n" in refused
    (geo / "geo/src/linked.c").unlink()
    wasmctl("lint", "p")
    assert not (geo / "written").exists()
    os.mkfifo(geo / "geo/src/pipe.c")
    wasmctl("lint", "p")
