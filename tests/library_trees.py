"""Trees of libraries, as far as PyPI has them: the source distributions of grpcio-tools (Abseil, protobuf) and grpcio
(RE2), downloaded once into $XDG_CACHE_HOME/wasmctl-tests.

    .venv/bin/python tests/library_trees.py    the table of `./dev libraries`: plugins, seconds, bytes
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VERSION = "1.71.0"
# Of each distribution, the folders that are taken.
FOLDERS = {"grpcio-tools": ("third_party/abseil-cpp/absl", "third_party/protobuf/src/google",
                            "third_party/protobuf/third_party/utf8_range"),
           "grpcio": ("third_party/re2/re2", "third_party/re2/util")}
# What protoc 29.0 makes fits the protobuf of grpcio-tools 1.71.0.
PLUGINS = {"strings": ("abseil",), "abseil": ("abseil",), "re2": ("re2",), "messages": ("abseil", "protobuf")}
# A request, and what the upstream of `run` tells of it.
REQUESTS = {"strings": ("GET /a/b", '"x-last":["b of 3"]'), "abseil": ("GET /42", '"x-number":["42"]'),
            "re2": ("GET /v4/users", '"x-name":["users of 4"]'), "messages": ("GET /a", '"x-name":["/a 3"]')}
PLACES = {"abseil": "abseil-cpp", "re2": "re2", "protobuf": "protobuf"}


def trees():
    """The directory with abseil-cpp, protobuf and re2 in it."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    place = cache / "wasmctl-tests" / f"grpc-{VERSION}"
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as directory:
        made = pathlib.Path(directory) / "made"
        for name, folders in FOLDERS.items():
            # pip asks the distribution for its metadata, too, for which it installs setuptools beside.
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                            "--no-binary", name, "--dest", directory, f"{name}=={VERSION}"], check=True)
            archive, = pathlib.Path(directory).glob(f"{name.replace('-', '_')}-{VERSION}.tar.gz")
            with tarfile.open(archive) as tar:
                top = archive.name.removesuffix(".tar.gz")
                wanted = tuple(f"{top}/{folder}/" for folder in folders)
                for member in tar:
                    if member.isfile() and member.name.startswith(wanted):
                        member.name = member.name.removeprefix(f"{top}/third_party/")
                        tar.extract(member, made, filter="data")
        with contextlib.suppress(OSError):  # another test run was faster
            made.rename(place)
    return place


def make_plugin(name, directory):
    """A plugin of tests/data/libraries with its wasmctl.yaml."""
    shutil.copytree(ROOT / "tests/data/libraries" / name, directory)
    lines = [f"  {library}: {trees() / PLACES[library]}\n" for library in PLUGINS[name]]
    (directory / "wasmctl.yaml").write_text(f"name: {name}\nlibraries:\n" + "".join(lines))
    return directory


def main():
    wasmctl = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
    with tempfile.TemporaryDirectory() as directory:
        env = os.environ | {"XDG_CACHE_HOME": directory, "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}

        def seconds(plugin):
            started = time.perf_counter()
            subprocess.run([wasmctl, "-q", "build", plugin], check=True, env=env, stdout=subprocess.DEVNULL)
            return time.perf_counter() - started

        print(f"{'plugin':<10} {'first':>8} {'a source changed':>17} {'nothing changed':>16} {'bytes':>9}")
        seconds(shutil.copytree(ROOT / "plugins/header-logger", pathlib.Path(directory) / "hello",
                                ignore=shutil.ignore_patterns("build")))  # the SDK
        for name in PLUGINS:
            plugin = make_plugin(name, pathlib.Path(directory) / name)
            first = seconds(plugin)
            (plugin / "plugin.cc").write_text((plugin / "plugin.cc").read_text() + "\n")
            changed, same = seconds(plugin), seconds(plugin)
            request, wanted = REQUESTS[name]
            ran = subprocess.run([wasmctl, "-q", "run", plugin, "--once", request], check=True, env=env,
                                 capture_output=True, text=True)  # in a real Envoy
            assert wanted in ran.stdout, ran.stdout
            size = (plugin / f"build/{name}.wasm").stat().st_size
            print(f"{name:<10} {first:>7.1f}s {changed:>16.2f}s {same:>15.3f}s {size:>9}")


if __name__ == "__main__":
    main()
