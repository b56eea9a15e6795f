"""What every test may use: the wasmctl under test, an environment of its own, registries."""

import functools
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # `import envoy`

import golang  # noqa: E402
import modules  # noqa: E402
import registries  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/dev/wasmctl")).resolve()


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def clean_env(tmp_path_factory):
    """An environment in which nothing of the developer's own settings is seen."""
    home = tmp_path_factory.mktemp("home")
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR") or k.endswith("SAN_OPTIONS")}
    return keep | {"HOME": str(home), "PATH": f"{WASMCTL.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


@pytest.fixture
def wasmctl(clean_env, tmp_path):
    """wasmctl(*args, env={}, status=0) -> CompletedProcess; the status is asserted (None: any)."""

    def run(*args, env=None, status=0, text=True, cwd=tmp_path, stdin=None):
        done = subprocess.run([WASMCTL, *map(str, args)], capture_output=True, text=text, cwd=cwd,
                              env=clean_env | (env or {}), input=stdin, timeout=120)
        assert status in (None, done.returncode), f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def wasmctl_once(clean_env):
    """wasmctl(*args), for what several tests need: it succeeds."""
    return lambda *args: subprocess.run([WASMCTL, *map(str, args)], check=True, env=clean_env, capture_output=True)


@pytest.fixture(scope="session")
def built(root, clean_env, tmp_path_factory):
    """built("everything.cc"): the module of a plugin of tests/data/plugins."""

    @functools.cache
    def build(source):
        directory = tmp_path_factory.mktemp(pathlib.Path(source).stem, numbered=False)
        shutil.copy(root / "tests/data/plugins" / source, directory)
        subprocess.run([WASMCTL, "build", directory], check=True, env=clean_env, capture_output=True)
        return directory / f"build/{directory.name}.wasm"

    return build


@pytest.fixture(scope="session")
def covered(root, clean_env, tmp_path_factory):
    """A plugin's directory, its suite run: covered.cc, lcov.info, coverage.html, profile.html."""
    directory = tmp_path_factory.mktemp("covered", numbered=False)
    (directory / "tests").mkdir()
    shutil.copy(root / "tests/data/plugins/covered.cc", directory)
    shutil.copy(root / "tests/data/suites/covered.yaml", directory / "tests")
    (directory / "wasmctl.yaml").write_text("name: covered\n")
    flags = ["--lcov", "lcov.info", "--coverage-html", "coverage.html", "--profile", "profile.html"]
    subprocess.run([WASMCTL, "-q", "test", *flags], check=True, cwd=directory, env=clean_env, stdout=subprocess.DEVNULL)
    return directory


@pytest.fixture(scope="session")
def judge(root):
    """See judging.py."""
    import judging

    return judging.build(root)


@pytest.fixture
def module(root, tmp_path):
    """A small module, as a file whose name gives the plugin's: header-logger."""
    return pathlib.Path(shutil.copy(root / "tests/data/minimal.wasm", tmp_path / "header_logger.wasm"))


@pytest.fixture
def wasm(tmp_path):
    """A module of 9 KB that nobody has seen before."""
    file = tmp_path / "plugin.wasm"
    file.write_bytes(modules.module(os.urandom(9000)))
    return file


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with registries.docker_registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="module")
def private_registry(tmp_path_factory):
    directory = tmp_path_factory.mktemp("private")
    with registries.docker_registry(directory, registries.htpasswd(directory)) as started:
        yield started


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """(registry, ca.pem)"""
    directory = tmp_path_factory.mktemp("tls")
    ca, config = registries.authority(directory)
    with registries.docker_registry(directory, config) as started:
        yield started, ca


@pytest.fixture(scope="session")
def crane():
    """The path of crane, built by Go from the module proxy."""
    return golang.program("crane")


@pytest.fixture(scope="session")
def oras():
    return golang.program("oras")


def pytest_configure(config):
    config.addinivalue_line("markers", "xdist_group(name): tests that run one after the other")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the marks
def pytest_collection_modifyitems(items):
    """Side by side, but the tests of a file after each other: they share its fixtures."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything is installed nothing may be left out."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped: {call.excinfo.value}"
    return report
