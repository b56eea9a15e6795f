"""docs/check-examples.md and docs/lint-examples.md: what each example prints is what is shown there, and each rule
that one file can break has one. WASMCTL_UPDATE=1 rewrites what is shown."""

import os
import re
import subprocess

SECTION = re.compile(r"^## (\S+)\n\n[^\n]*\n\n```(?:yaml|wat)\n(.*?)```\n\n```\n(.*?)```$", re.M | re.S)
# They need another program, several files, images or a megabyte.
CHECK_NEEDS_MORE = {"env-alone", "kind-since", "config-map-build", "config-map-size", "config-map-apply",
                    "same-name-nearby", "image-absent", "index-pin", "image-digest", "image-module", "image-choice", "image-signed", "config-schema"}


def rules(wasmctl, command):
    return re.findall(r"^(\S+)  ", wasmctl(command, "--rules").stdout, re.M)


def follow(page, run):
    """{rule: what its example prints}; fails on the first that the page shows otherwise."""
    text = page.read_text()
    printed = {}
    for rule, example, shown in SECTION.findall(text):
        printed[rule] = run(example)
        if os.environ.get("WASMCTL_UPDATE"):
            text = text.replace(f"{example}```\n\n```\n{shown}```", f"{example}```\n\n```\n{printed[rule]}```")
        else:
            assert printed[rule] == shown, rule
        assert f"[{rule}]" in printed[rule]
    if os.environ.get("WASMCTL_UPDATE"):
        page.write_text(text)
    return printed


def test_of_check(wasmctl, root, tmp_path):
    def run(example):
        (tmp_path / "plugin.yaml").write_text(example)
        return wasmctl("check", "-f", "plugin.yaml", status=None).stdout

    printed = follow(root / "docs/check-examples.md", run)
    assert set(rules(wasmctl, "check")) == set(printed) | CHECK_NEEDS_MORE


# The text format has no words for them, or they are of a size.
LINT_NEEDS_MORE = {"export-type", "feature", "name-section", "config-map-size", "apply-size", "debug-info"}


def test_of_lint(wasmctl, root, tmp_path):
    def run(example):
        (tmp_path / "plugin.wat").write_text(example)
        subprocess.run(["wat2wasm", "--no-check", "--debug-names", "plugin.wat", "-o", "plugin.wasm"], cwd=tmp_path, check=True)
        return wasmctl("lint", "plugin.wasm", status=None).stdout

    printed = follow(root / "docs/lint-examples.md", run)
    assert set(rules(wasmctl, "lint")) == set(printed) | LINT_NEEDS_MORE
