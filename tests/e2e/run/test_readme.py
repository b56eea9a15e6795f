"""README.md's tutorial as one who follows it types it: every command that needs no cluster and no registry of
others, and the output that is shown there. `…` in it stands for anything."""

import re
import subprocess

NEEDS_OTHERS = re.compile(r"ghcr\.io|kubectl|istioctl|wasmctl (?:status|logs) ")
ONE = """#include <proxy_wasm_intrinsics.h>
extern "C" int proxy_logg(int);
class C : public Context {
 public:
  using Context::Context;
  void onLog() override { proxy_logg(helper()); }
  int helper();
};
static RegisterContextFactory register_C(CONTEXT_FACTORY(C));
"""


def blocks(text):
    """The commands of the indented blocks, each with the lines that it prints."""
    found = []
    for line in re.findall(r"^    (.*)$", text, re.M):
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif found and found[-1][0].endswith("\\"):
            found[-1][0] += "\n" + line
        elif found:
            found[-1][1].append(line)
    return found


def test_the_tutorial_does_what_it_says(root, clean_env, tmp_path):
    text = (root / "README.md").read_text()
    tutorial = text[text.index("## From nothing to a log line"):text.index("## Commands")]
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.cc").write_text(ONE)
    env = clean_env | {"ENVOY_PATH": str(root / ".venv/bin/envoy")}
    directory, ran = tmp_path, 0
    for command, lines in blocks(tutorial):
        if NEEDS_OTHERS.search(command):
            continue
        where = tmp_path if " one" in command else directory
        done = subprocess.run(["bash", "-c", command], cwd=where, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        shown = "".join("[^\\0]*?" if line == "…" else re.escape(line).replace("…", "[^\\n]*") + "\n+" for line in lines)
        assert re.match(shown, done.stdout), f"{command}\n{done.stdout}"
        directory = tmp_path / "hello" if "cd hello" in command else directory
        ran += 1
    assert ran >= 7
