"""What `./dev package` makes, out of the build that is tested: installed as users do, away from the sources."""

import os
import pathlib
import shutil
import subprocess

import pytest

PLUGIN = "plugins/header-logger"
pytestmark = pytest.mark.xdist_group("package")  # made once


@pytest.fixture(scope="module")
def build_directory(clean_env):
    return pathlib.Path(shutil.which("wasmctl", path=clean_env["PATH"])).resolve().parent


@pytest.fixture(scope="module")
def packages(build_directory, tmp_path_factory):
    """The directory with the .deb and the tarball."""
    directory = tmp_path_factory.mktemp("packages")
    subprocess.run(["cmake", "--build", build_directory, "--target", "manual"], check=True, capture_output=True)
    subprocess.run(["cpack", "--config", build_directory / "CPackConfig.cmake", "-B", directory], check=True,
                   capture_output=True, cwd=directory)
    return directory


@pytest.fixture(scope="module")
def installed(packages, tmp_path_factory):
    """The files of the .deb."""
    directory = tmp_path_factory.mktemp("root")
    (deb,) = packages.glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", deb, directory], check=True)
    return directory


def test_the_deb_is_as_debian_wants_it(packages, clean_env):
    (deb,) = packages.glob("*.deb")
    done = subprocess.run(["lintian", "--fail-on", "warning", "--allow-root", deb], capture_output=True, text=True,
                          env=clean_env | {"HOME": str(packages)})
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_checksums_are_right(packages):
    sums = sorted(packages.glob("*.sha256"))
    assert len(sums) == 2
    for file in sums:
        subprocess.run(["sha256sum", "--check", "--quiet", file.name], cwd=packages, check=True)


def test_the_tarball_has_what_the_deb_has(packages, installed, tmp_path):
    (tarball,) = packages.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", tarball, "--strip-components=1", "-C", tmp_path], check=True)

    def files(directory):
        return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}

    assert files(tmp_path) == files(installed / "usr")


def test_the_main_job_with_what_was_installed(installed, root, tmp_path, clean_env):
    plugin = shutil.copytree(root / PLUGIN, tmp_path / "plugin", ignore=shutil.ignore_patterns("build"))
    env = clean_env | {"PATH": f"{installed}/usr/bin:/usr/bin:/bin"}

    def run(*command):
        return subprocess.run(["wasmctl", *command], cwd=tmp_path, env=env, check=True, capture_output=True, text=True)

    run("build", plugin)
    run("test", plugin)
    pushed = run("push", plugin, "oci:layout:v1").stdout
    assert pushed.startswith("oci:layout:v1@sha256:")
    assert "kind: WasmPlugin" in run("render", plugin, "--selector", "app=web", "-n", "default").stdout


def test_it_is_a_plugin_of_kubectl(installed, clean_env):
    env = clean_env | {"PATH": f"{installed}/usr/bin:{clean_env['PATH']}"}
    done = subprocess.run(["kubectl", "wasm", "--version"], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("wasmctl ")


def test_man_finds_the_pages(installed, clean_env):
    env = clean_env | {"MANPATH": str(installed / "usr/share/man")}
    found = subprocess.run(["man", "-w", "wasmctl", "wasmctl-push"], env=env, capture_output=True, text=True, check=True)
    assert [os.path.basename(line) for line in found.stdout.split()] == ["wasmctl.1.gz", "wasmctl-push.1.gz"]


def test_the_shells_find_the_completions(installed, clean_env):
    share = installed / "usr/share"
    script = (share / "bash-completion/completions/wasmctl").read_text()
    assert script == subprocess.run(["wasmctl", "completion", "bash"], env=clean_env, capture_output=True, text=True,
                                    check=True).stdout
    done = subprocess.run(["bash", "-c", f". {share}/bash-completion/completions/wasmctl; complete -p wasmctl"],
                          capture_output=True, text=True, check=True)
    assert done.stdout == "complete -F _wasmctl wasmctl\n"
    done = subprocess.run(["zsh", "-f", "-c", "fpath=($0 $fpath); autoload -U compinit; compinit -u -D; echo $_comps[wasmctl]",
                           share / "zsh/vendor-completions"], capture_output=True, text=True, check=True)
    assert done.stdout == "_wasmctl\n"
    done = subprocess.run(["fish", "--no-config", "-c", f"source {share}/fish/vendor_completions.d/wasmctl.fish; "
                           "complete -C 'wasmctl symb'"], capture_output=True, text=True, check=True,
                          env=clean_env | {"PATH": f"{installed}/usr/bin:/usr/bin:/bin"})
    assert done.stdout.startswith("symbolize\t")


@pytest.fixture
def action(packages, root, tmp_path, clean_env):
    """Runs the script of the GitHub Action as its step does, for a release that lies in tmp_path/v0.1.0."""
    release = tmp_path / "v0.1.0"
    release.mkdir()
    for file in packages.glob("*.tar.gz*"):
        shutil.copy(file, release)

    def run(version="v0.1.0"):
        env = clean_env | {"RELEASES": f"file://{tmp_path}", "GITHUB_PATH": str(tmp_path / "path"),
                           "GITHUB_OUTPUT": str(tmp_path / "output")}
        return subprocess.run([root / "setup-wasmctl/install.sh", version, tmp_path / "installed"], env=env,
                              capture_output=True, text=True)

    return run


def test_the_action_installs_a_release(action, tmp_path):
    done = action()
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "path").read_text() == f"{tmp_path}/installed/bin\n"
    assert (tmp_path / "output").read_text() == "version=0.1.0\n"


@pytest.mark.parametrize("spoil", ["bytes", "another's checksum", "no checksum"])
def test_the_action_unpacks_nothing_that_is_not_what_was_released(action, tmp_path, spoil):
    (tarball,) = tmp_path.glob("v0.1.0/*.tar.gz")
    sums = tarball.with_name(tarball.name + ".sha256")
    if spoil == "bytes":
        with tarball.open("ab") as file:
            file.write(b"x")
    elif spoil == "another's checksum":
        sums.write_text(sums.read_text().replace("wasmctl-", "other-"))
    else:
        sums.unlink()
    assert action().returncode != 0
    assert not (tmp_path / "installed").exists()


def test_the_action_wants_a_version(action):
    done = action("main")
    assert (done.stderr, done.returncode) == (
        "::error::`main` is not a version: name one, as in `with: {version: 0.1.0}`\n", 2)
