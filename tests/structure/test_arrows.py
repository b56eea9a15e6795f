"""The layers of ARCHITECTURE.md, read from the #include lines: an arrow may only point down."""

import re

# Folder of lib/ -> the folders of lib/ that it may include.
ALLOWED = {
    "base": set(),
    "yaml": {"base"},
    "plugin": {"yaml", "base"},
    "wasm": {"base"},
    "oci": {"base"},
    "kube": {"yaml", "plugin", "base"},
    "compile": {"wasm", "plugin", "base"},
    "http": {"base"},
    "registry": {"http", "oci", "base"},
}

# Third-party header -> the only places that may include it.
WRAPPED = {
    "CLI/": ["cli/"],
    "curl/": ["lib/http/"],
    "openssl/": ["lib/base/sha256.cpp"],
    "libdeflate.h": ["lib/base/gzip.cpp"],
    "spdlog/": ["lib/base/log.cpp"],
    "wabt/": ["lib/wasm/validate.cpp"],
    "yaml.h": ["lib/yaml/"],
    "zlib.h": ["lib/base/gzip.cpp"],
    "re2/": ["lib/plugin/"],
}

PURE = ["base/log.hpp", "base/process.hpp"]  # not for folders that only turn values into values


def includes(file):
    return re.findall(r'^#include\s+[<"]([^>"]+)[>"]', file.read_text(), re.M)


def sources(root, folder):
    return [f for f in sorted((root / folder).rglob("*")) if f.suffix in (".cpp", ".hpp")]


def test_no_arrow_points_up(root):
    wrong = []
    for file in sources(root, "lib"):
        folder = file.relative_to(root / "lib").parts[0]
        assert folder in ALLOWED, f"lib/{folder} is not in the table of layers"
        for include in includes(file):
            target = include.split("/")[0]
            if target == "cli" or (target in ALLOWED and target != folder and target not in ALLOWED[folder]):
                wrong.append(f"{file.relative_to(root)} includes {include}")
    assert wrong == []


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
    for folder in ("wasm", "kube", "yaml", "oci"):
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
    raw = {"cli/commands.cpp", "cli/commands/patch.cpp", "cli/commands/render/render.cpp",
           "cli/commands/symbolize.cpp", "cli/output/output.cpp", "cli/output/output.hpp",
           "cli/output/progress.cpp"}
    wrong = [str(f.relative_to(root)) for f in sources(root, "cli")
             if re.search(r"\b(out|err)_?\.write\(", f.read_text())]
    assert set(wrong) <= raw
