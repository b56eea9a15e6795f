"""The layers of ARCHITECTURE.md, held against the #include lines: an arrow may only point down."""

import re

import pytest


@pytest.fixture(scope="module")
def layers(root):
    """Folder -> its layer, 0 at the top, as the line of arrows in ARCHITECTURE.md has them."""
    line = re.search(r"^    (cli -> .*)$", (root / "ARCHITECTURE.md").read_text(), re.M)[1]
    return {folder: depth for depth, layer in enumerate(line.split(" -> ")) for folder in layer.split()}


# Third-party header -> the only places that may include it.
WRAPPED = {
    "CLI/": ["cli/"],
    "curl/": ["lib/http/"],
    "openssl/": ["lib/base/sha256.cpp", "lib/sign/"],
    "libdeflate.h": ["lib/base/gzip.cpp"],
    "spdlog/": ["lib/base/log.cpp"],
    "yaml.h": ["lib/yaml/"],
    "zlib.h": ["lib/base/gzip.cpp", "lib/base/zlib.cpp"],
    "re2/": ["lib/plugin/", "lib/host/suite/match.cpp"],
}

PURE = ["base/log.hpp", "base/process.hpp"]  # not for folders that only turn values into values


def includes(file):
    return re.findall(r'^#include\s+[<"]([^>"]+)[>"]', file.read_text(), re.M)


def sources(root, folder):
    return [f for f in sorted((root / folder).rglob("*")) if f.suffix in (".cpp", ".hpp")]


def included_folders(root, folder):
    """(file, folder of the project that it includes), other folders only."""
    for file in sources(root, folder):
        for include in includes(file):
            target = include.split("/")[0]
            if target != folder.removeprefix("lib/") and (target == "cli" or (root / "lib" / target).is_dir()):
                yield str(file.relative_to(root)), target


def folders(root):
    return sorted(f.name for f in (root / "lib").iterdir())


def test_each_folder_has_its_layer(root, layers):
    assert sorted(layers) == sorted(["cli", *folders(root)])


def test_no_arrow_points_up(root, layers):
    wrong = [f"{file} includes {target}" for folder in folders(root)
             for file, target in included_folders(root, f"lib/{folder}") if layers[target] <= layers[folder]]
    assert wrong == []


def test_a_folder_links_what_it_includes(root):
    """What comes by way of another need not be named."""
    links = {}
    for folder in folders(root):
        text = (root / "lib" / folder / "CMakeLists.txt").read_text()
        links[folder] = set(re.findall(r"\bwasmctl_(\w+)(?=[\s)])", text.partition("LINK")[2])) & set(folders(root))

    def reached(folder):
        return links[folder].union(*(reached(f) for f in links[folder]))

    for folder in folders(root):
        included = {target for _, target in included_folders(root, f"lib/{folder}")}
        assert included <= reached(folder) | {folder}, f"lib/{folder}/CMakeLists.txt does not link all of them"
        assert links[folder] <= included, f"lib/{folder}/CMakeLists.txt links what it does not include"


def test_third_party_headers_stay_behind_their_wrappers(root):
    wrong = []
    for file in sources(root, "lib") + sources(root, "cli"):
        name = str(file.relative_to(root))
        for include in includes(file):
            for prefix, places in WRAPPED.items():
                if include.startswith(prefix) and not any(name.startswith(p) for p in places):
                    wrong.append(f"{name} includes <{include}>")
    assert wrong == []


def test_pure_folders_touch_nothing_outside(root):
    wrong = []
    for folder in ("wasm", "engine", "explain", "kube", "yaml", "oci", "sign"):
        for file in sources(root, f"lib/{folder}"):
            text = file.read_text()
            wrong += [f"{file.relative_to(root)} includes {i}" for i in includes(file) if i in PURE]
            wrong += [f"{file.relative_to(root)} reads the environment" for _ in re.findall(r"\bgetenv\b", text)]
    assert wrong == []


def test_only_the_command_line_prints(root):
    wrong = [str(f.relative_to(root)) for f in sources(root, "lib")
             if re.search(r"\bstd::(cout|cerr)\b|\bprintf\(|\bexit\(", f.read_text())]
    assert wrong == []


def test_headers_have_a_manual(root):
    """Every header begins with a comment that says what it is for."""
    wrong = [str(f.relative_to(root)) for f in sources(root, "lib") + sources(root, "cli")
             if f.suffix == ".hpp" and not f.read_text().startswith("// ")]
    assert wrong == []


def test_text_of_others_is_escaped_where_it_is_printed(root):
    """Only results whose bytes count go past Output::print."""
    raw = {"cli/commands.cpp", "cli/commands/completion.cpp", "cli/commands/patch.cpp", "cli/commands/render/render.cpp",
           "cli/commands/run/run.cpp",
           "cli/commands/logs.cpp", "cli/symbolizer.cpp", "cli/output/output.cpp", "cli/output/output.hpp",
           "cli/output/progress.cpp"}
    wrong = [str(f.relative_to(root)) for f in sources(root, "cli")
             if re.search(r"\b(out|err)_?\.write\(", f.read_text())]
    assert set(wrong) <= raw
