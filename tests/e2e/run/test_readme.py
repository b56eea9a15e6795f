"""README.md's tutorial and the pages of docs, as one who follows them types them: every command that needs no cluster
and no registry of others, and the output that is shown there. Of all others the flags are compared with `--help`."""

import re

import pytest

from tutorial import follow

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


@pytest.fixture
def env(root, clean_env):
    return clean_env | {"ENVOY_PATH": str(root / ".venv/bin/envoy")}


def test_the_tutorial_does_what_it_says(root, env, tmp_path):
    text = (root / "README.md").read_text()
    tutorial = text[text.index("## From nothing to a log line"):text.index("## Commands")]
    way, _, fault = tutorial.partition("When something is wrong")
    (tmp_path / "one").mkdir()
    (tmp_path / "one/a.cc").write_text(ONE)
    assert follow(way, tmp_path, env) >= 6
    assert follow(fault, tmp_path, env) == 1


def test_the_quickstart_does_what_it_says(root, env, tmp_path):
    assert follow((root / "docs/quickstart.md").read_text(), tmp_path, env) >= 9


def test_the_page_of_signing_does_what_it_says(root, env, tmp_path):
    assert follow((root / "docs/signing.md").read_text(), tmp_path, env) == 5


def test_the_page_of_suites_does_what_it_says(root, env, tmp_path):
    (tmp_path / "plugins").symlink_to(root / "plugins")
    assert follow((root / "docs/test-suites.md").read_text(), tmp_path, env) >= 1


PAGES = ["README.md", "ARCHITECTURE.md", "docs/*.md", "docs/commands/*.md", "plugins/**/README.md", "examples/**/README.md"]


def pages(root):
    return sorted(path for pattern in PAGES for path in root.glob(pattern))


def written_commands(text):
    """Each `wasmctl ...` between backticks or in a block, as words."""
    spans = re.findall(r"`([^`]*)`", re.sub(r"```.*?```", "", text, flags=re.S).replace("\n", " "))
    blocks = re.findall(r"^(?:    |```\w*\n)(.*)$", text.replace("\\\n", " "), re.M)
    for span in spans + blocks:
        for command in re.findall(r"(?:^|[|($ ;&])wasmctl ([^|)`;&>]*)", span):
            yield command.split("#")[0].split()


def test_no_page_has_a_command_or_flag_that_does_not_exist(root, wasmctl):
    """Those that need a cluster are read, at least."""
    known = {}
    for name in re.findall(r"^  ([a-z]+)  +\S", wasmctl("--help").stdout, re.M):
        known[name] = set(re.findall(r"(?<![\w-])-{1,2}[a-zA-Z][\w-]*", wasmctl(name, "--help").stdout))
    wrong = []
    for page in pages(root):
        for words in written_commands(page.read_text()):
            if not words or not re.fullmatch("[a-z]+", words[0]):
                continue
            bare = [word.strip("[].,:") for word in words[1:]]
            flags = {word.split("=")[0] for word in bare if re.match("-{1,2}[a-zA-Z]", word)}
            if words[0] not in known or flags - known[words[0]]:
                wrong.append((page.name, " ".join(words)))
    assert wrong == []


def test_links_lead_somewhere(root):
    wrong = []
    for page in pages(root):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if re.match("[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = (page.parent / name).resolve() if name else page
            anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
                       for heading in re.findall(r"^#+ (.*)$", file.read_text(), re.M)] if anchor and file.exists() else []
            if not file.exists() or (anchor and anchor not in anchors):
                wrong.append((page.name, target))
    assert wrong == []


def test_the_index_has_every_page(root):
    index = (root / "docs/README.md").read_text()
    assert [page.name for page in (root / "docs").glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []
