"""login, logout and the files that docker keeps credentials in: what goes wrong around them."""

import base64
import json
import os
import pty
import signal
import socket
import subprocess
import termios

import pytest
from conftest import WASMCTL
from registries import PASSWORD, USER


def login_of(host):
    return {"auths": {host: {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}}}


def docker_config(directory, config):
    directory.mkdir(exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config))
    return {"DOCKER_CONFIG": str(directory)}


@pytest.fixture
def helper(tmp_path, clean_env):
    """helper("name", script) -> the environment in which docker-credential-name is found."""

    def make(name, script):
        directory = tmp_path / "helpers"
        directory.mkdir(exist_ok=True)
        program = directory / f"docker-credential-{name}"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return {"PATH": f"{directory}:{clean_env['PATH']}"}

    return make


def login(env, host, **stdin):
    command = [WASMCTL, "login", host, "-u", USER, "--password-stdin"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, **stdin)


def test_login_that_nobody_asked_for(registry, private_registry, clean_env, tmp_path):
    env = clean_env | {"DOCKER_CONFIG": str(tmp_path)}
    file = tmp_path / "config.json"
    for host, said in ((registry.host, "{} asked for no login, so this one was not checked: stored in {}\n"),
                       (private_registry.host, "logged in to {}: stored in {}\n")):
        done = login(env, host, input=PASSWORD)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", said.format(host, file))
        assert host in json.loads(file.read_text())["auths"]


def test_password_from_a_file_that_was_read_in_part(private_registry, clean_env, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(f"{USER}\n{PASSWORD}\n")
    env = clean_env | {"DOCKER_CONFIG": str(tmp_path)}
    with secret.open() as file:
        os.lseek(file.fileno(), len(USER) + 1, os.SEEK_SET)
        done = login(env, private_registry.host, stdin=file)
    assert done.returncode == 0, done.stderr


def test_password_from_a_socket(private_registry, clean_env, tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(PASSWORD.encode())
        ours.shutdown(socket.SHUT_WR)
        done = login(clean_env | {"DOCKER_CONFIG": str(tmp_path)}, private_registry.host, stdin=theirs)
    assert done.returncode == 0, done.stderr


def test_module_from_a_socket(root, clean_env):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall((root / "tests/data/minimal.wasm").read_bytes())
        ours.shutdown(socket.SHUT_WR)
        done = subprocess.run([WASMCTL, "inspect", "-"], env=clean_env, stdin=theirs, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_terminal_echoes_after_a_signal_at_the_prompt(clean_env, number):
    def echoes():
        return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(WASMCTL, ["wasmctl", "login", "localhost:1", "-u", "me"], clean_env)
    prompt = b""
    while b"Password: " not in prompt:
        prompt += os.read(terminal, 1000)
    assert not echoes()
    os.kill(pid, number)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -number
    assert echoes()
    os.close(terminal)


def test_logout_without_the_helper_clears_the_file(wasmctl, tmp_path):
    env = docker_config(tmp_path / "docker", login_of("h.example") | {"credsStore": "wasmctl-none"})
    done = wasmctl("logout", "h.example", env=env, status=7)
    config = tmp_path / "docker/config.json"
    assert json.loads(config.read_text()) == {"auths": {}, "credsStore": "wasmctl-none"}
    assert done.stderr.splitlines() == [
        f"logged out of h.example: removed from {config}",
        "error: cannot log out of h.example everywhere",
        "  caused by: cannot run `docker-credential-wasmctl-none`: PATH has no such program that may be run",
        "hint: see to what is named there, and repeat the command",
    ]


def test_logout_with_broken_files_beside(wasmctl, tmp_path):
    env = docker_config(tmp_path / "docker", login_of("h.example"))
    (tmp_path / "broken").write_text("auths:")
    (tmp_path / "run/containers/auth.json").mkdir(parents=True)
    env |= {"REGISTRY_AUTH_FILE": str(tmp_path / "broken"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    done = wasmctl("logout", "h.example", env=env)
    assert json.loads((tmp_path / "docker/config.json").read_text()) == {"auths": {}}
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning:")]
    assert [f"{tmp_path}/broken" in warnings[0], f"{tmp_path}/run/containers" in warnings[1]] == [True, True]


def test_config_that_was_named_and_is_not_there(wasmctl, registry, private_registry, wasm, tmp_path):
    env = {"DOCKER_CONFIG": str(tmp_path / "dokcer"), "REGISTRY_AUTH_FILE": str(tmp_path / "auht.json")}
    assert wasmctl("push", wasm, f"{registry.host}/acme/anonymous:v1", env=env).stderr == ""
    done = wasmctl("push", wasm, f"{private_registry.host}/acme/mistyped:v1", env=env, status=10)
    warnings = [
        f"warning: `{tmp_path}/auht.json` is not used for the login: there is no such file, though "
        "$REGISTRY_AUTH_FILE names it",
        f"warning: `{tmp_path}/dokcer/config.json` is not used for the login: there is no directory "
        f"`{tmp_path}/dokcer`, though $DOCKER_CONFIG names it"]
    assert done.stderr.splitlines() == warnings + [
        f"error: cannot push to {private_registry.host}/acme/mistyped:v1: the registry answered 401 UNAUTHORIZED",
        "  caused by: authentication required",
        f"hint: log in: `wasmctl login {private_registry.host}`"]
    assert wasmctl("logout", "h.example", env=env).stderr.splitlines() == [
        f"warning: `{tmp_path}/auht.json` is passed over: there is no such file, though $REGISTRY_AUTH_FILE names it",
        f"warning: `{tmp_path}/dokcer/config.json` is passed over: there is no directory `{tmp_path}/dokcer`, though "
        "$DOCKER_CONFIG names it",
        "there was no login to h.example"]


def test_config_that_cannot_be_read_is_said_once(wasmctl, private_registry, wasm, tmp_path):
    env = docker_config(tmp_path / "docker", login_of(private_registry.host))
    wasmctl("push", wasm, f"{private_registry.host}/acme/once:v1", env=env)
    # For each of the two repositories credentials are looked for, and the first place is no use to either.
    env = {"HOME": str(tmp_path), "REGISTRY_AUTH_FILE": str(tmp_path / "auht.json"), **env}
    done = wasmctl("copy", f"{private_registry.host}/acme/once:v1", f"{private_registry.host}/acme/twice:v1", env=env)
    assert done.stderr == (f"warning: `{tmp_path}/auht.json` is not used for the login: there is no such file, though "
                           "$REGISTRY_AUTH_FILE names it\n")
    (tmp_path / ".docker").write_text("a file in the place of a directory")
    (tmp_path / ".config/containers").mkdir(parents=True)
    (tmp_path / ".config/containers/auth.json").write_text(json.dumps(login_of(private_registry.host)))
    done = wasmctl("copy", f"{private_registry.host}/acme/once:v1", f"{private_registry.host}/acme/twice:v1",
                   env={"HOME": str(tmp_path)})
    assert done.stderr == (f"warning: `{tmp_path}/.docker/config.json` is not used for the login: cannot read "
                           f"`{tmp_path}/.docker/config.json`: Not a directory\n")


def test_helper_that_knows_nobody_means_anonymous(wasmctl, registry, wasm, tmp_path, helper):
    env = helper("empty", """cat > /dev/null; echo '{"ServerURL":"","Username":"","Secret":""}'""")
    env |= docker_config(tmp_path / "docker", {"credsStore": "empty"})
    assert wasmctl("push", wasm, f"{registry.host}/acme/anonymous:v1", env=env).stderr == ""
    assert "there was no login" in wasmctl("logout", registry.host, env=env).stderr


LOCKED = "echo secret tool is locked"


@pytest.mark.parametrize("script,reason", [
    (f"{LOCKED}; echo two", ": secret tool is locked"),
    (f"{LOCKED} >&2", ": secret tool is locked"),
    (f"{LOCKED}; echo no terminal >&2", ": secret tool is locked"),
    ("printf '\\n  a\\033[2Jb  \\n'", ": a [2Jb"),
    ("yes | head -c 1000 | tr -d '\\n'", ": " + 300 * "y" + "..."),
    (f"""echo '{{"Username":"{USER}","Secret":"{PASSWORD}"}}'""", ""),  # a login, though it failed
    ("true", ""),
])
def test_helper_that_fails_says_why(wasmctl, registry, private_registry, wasm, tmp_path, helper, script, reason):
    env = helper("shut", f"cat > /dev/null; {script}; exit 1") | docker_config(tmp_path / "docker", {"credsStore": "shut"})
    file = tmp_path / "docker/config.json"
    done = wasmctl("push", wasm, f"{private_registry.host}/acme/shut:v1", env=env, status=10)
    assert done.stderr.splitlines()[0] == (
        f"warning: `{file}` is not used for the login: `docker-credential-shut get` failed{reason}")
    done = wasmctl("login", registry.host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD, status=8)
    assert done.stderr == f"error: `docker-credential-shut store` failed{reason}\n"


def test_helper_that_cannot_erase_says_why(wasmctl, registry, tmp_path, helper):
    env = helper("keep", f"""cat > /dev/null; [ $1 = erase ] && {LOCKED} && exit 1
                             echo '{{"Username":"{USER}","Secret":"{PASSWORD}"}}'""")
    env |= docker_config(tmp_path / "docker", {"credsStore": "keep"})
    assert wasmctl("logout", registry.host, env=env, status=8).stderr.splitlines() == [
        f"error: cannot log out of {registry.host} everywhere",
        "  caused by: `docker-credential-keep erase` failed: secret tool is locked",
        "hint: see to what is named there, and repeat the command"]


@pytest.mark.parametrize("script", ["sed 's/^/got: /'", """sed 's/.*"Secret":/got: /'"""])
@pytest.mark.parametrize("password", [PASSWORD, 's3"cret'])
def test_helper_that_repeats_the_password_keeps_it(wasmctl, registry, tmp_path, helper, script, password):
    env = helper("echo", f"{script}; exit 1") | docker_config(tmp_path / "docker", {"credsStore": "echo"})
    done = wasmctl("login", registry.host, "-u", USER, "--password-stdin", env=env, stdin=password, status=8)
    assert done.stderr == "error: `docker-credential-echo store` failed\n"


def test_login_into_a_new_file_of_a_relative_name(wasmctl, registry, tmp_path):
    env = {"REGISTRY_AUTH_FILE": "new.json"}
    done = wasmctl("login", registry.host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD)
    assert done.stderr == f"{registry.host} asked for no login, so this one was not checked: stored in new.json\n"
    assert json.loads((tmp_path / "new.json").read_text()) == login_of(registry.host)


def test_helper_that_never_stops_writing(wasmctl, private_registry, wasm, tmp_path, helper):
    env = helper("endless", "exec yes")
    env |= docker_config(tmp_path / "docker", {"credsStore": "endless"})
    done = wasmctl("push", wasm, f"{private_registry.host}/acme/endless:v1", env=env, status=10)
    assert "`docker-credential-endless` wrote more than 1048576 bytes and was killed" in done.stderr


def test_helper_cannot_have_what_is_no_text(registry, clean_env, tmp_path, helper):
    env = clean_env | helper("any", "cat > /dev/null")
    env |= docker_config(tmp_path / "docker", {"credsStore": "any"})
    command = [WASMCTL, "login", registry.host, "-u", "me", "--password-stdin"]
    done = subprocess.run(command, env=env, capture_output=True, input=b"s\xffcret", timeout=60)
    assert done.returncode == 3, done.stderr
    assert done.stderr.decode().startswith(
        "error: `docker-credential-any` cannot keep a user or password that is no UTF-8\nhint: keep it in the file: ")


def test_helper_of_the_current_directory_is_not_run(clean_env, private_registry, tmp_path):
    env = clean_env | docker_config(tmp_path / "docker", {"credsStore": "lies-around"})
    program = tmp_path / "docker-credential-lies-around"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/got\n")
    program.chmod(0o755)
    for path in (f":{env['PATH']}", f"{env['PATH']}:", f"{env['PATH']}::/nowhere", ""):
        done = login(env | {"PATH": path}, private_registry.host, input=PASSWORD, cwd=tmp_path)
        assert done.returncode == 7 and not (tmp_path / "got").exists()
        assert done.stderr.splitlines() == [
            "error: cannot run `docker-credential-lies-around`: PATH has no such program that may be run",
            f"  caused by: `{tmp_path}/docker/config.json` names it in `credsStore`",
            "hint: install it, or take it out of `credsStore`: logins are then kept in the file itself"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_login_leaves_the_password_to_the_owner_alone(wasmctl, private_registry, tmp_path, mode):
    config = tmp_path / "config.json"
    config.write_text("{}")
    config.chmod(mode)
    (tmp_path / "link.json").symlink_to("config.json")
    for env in ({"DOCKER_CONFIG": str(tmp_path)}, {"REGISTRY_AUTH_FILE": str(tmp_path / "link.json")}):
        wasmctl("login", private_registry.host, "-u", USER, "--password-stdin", env=env, stdin=PASSWORD)
        assert config.stat().st_mode & 0o777 == 0o600
        config.chmod(mode)
    assert (tmp_path / "link.json").is_symlink()
