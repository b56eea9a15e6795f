"""docs/ci.md and the GitHub Action: the files are what the CI systems read, and the commands in them run."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree

import yaml


def blocks(root):
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", (root / "docs/ci.md").read_text(), re.S)]


def test_the_commands_of_the_page_run(root, clean_env, tmp_path):
    plugin = shutil.copytree(root / "plugins/header-logger", tmp_path / "header-logger",
                             ignore=shutil.ignore_patterns("build"))
    (tmp_path / "deploy").mkdir()

    def run(command, **more):
        return subprocess.run(["bash", "-e", "-c", command], cwd=tmp_path, env=clean_env | more, capture_output=True,
                              text=True, timeout=120)

    assert run(f"wasmctl render {plugin} --selector app=web -n default >deploy/plugin.yaml").returncode == 0
    github, _, gitlab = blocks(root)
    steps = [step["run"] for step in github["jobs"]["plugin"]["steps"] if "wasmctl" in step.get("run", "")]
    commands = [*steps, *gitlab["plugin"]["script"]]
    assert len(commands) >= 7
    for command in commands:
        done = run(command)
        assert done.returncode == 0, (command, done.stderr)
    for file in ("lint.sarif", "check.sarif"):
        assert json.loads((tmp_path / file).read_text())["version"] == "2.1.0"
    assert xml.etree.ElementTree.parse(tmp_path / "tests.xml").getroot().tag == "testsuites"


def test_the_page_uses_the_action_as_it_is(root):
    action = yaml.safe_load((root / "setup-wasmctl/action.yml").read_text())
    uses = [step for step in blocks(root)[0]["jobs"]["plugin"]["steps"] if "setup-wasmctl" in step.get("uses", "")]
    assert len(uses) == 1 and set(uses[0]["with"]) <= set(action["inputs"])
    (step,) = action["runs"]["steps"]
    assert step["run"] == '"$GITHUB_ACTION_PATH/install.sh" "$VERSION" "$RUNNER_TEMP/wasmctl"'


def test_the_action_installs_what_the_compiler_needs(root):
    """The list of lib/compile/toolchain.hpp."""
    header = (root / "lib/compile/toolchain.hpp").read_text()
    packages = "".join(re.findall(r'"(.*?)"', re.search(r"kDebianPackages\[\] =(.*?);", header, re.S).group(1)))
    assert " ".join(packages.split()) in (root / "setup-wasmctl/install.sh").read_text()
