"""`wasmctl explain` on inputs that a transcript cannot hold: archives, streams, hostile bytes."""

import gzip
import io
import json
import tarfile

MISSING = ("[2026-11-26 16:15:53.129][22][error][wasm] [source/extensions/common/wasm/wasm_vm.cc:38] "
           "Failed to load Wasm module due to a missing import: env.proxy_bogus\n")


def test_the_page_is_made_from_the_table(wasmctl, root):
    """`wasmctl explain --list --markdown > docs/explain.md` makes it so."""
    assert wasmctl("explain", "--list", "--markdown").stdout == (root / "docs/explain.md").read_text()


def test_lines_that_their_producers_made(wasmctl, root):
    """Istio's agent, istiod, istioctl and kubectl, by their own code: `./dev producers` makes the file."""
    wrong = []
    for row in (root / "tests/data/producers.jsonl").read_text().splitlines():
        row = json.loads(row)
        report = json.loads(wasmctl("explain", "--json", stdin=row["text"], status=3 if row["want"] else 0).stdout)
        found = [f["code"] for f in report["findings"]]
        if found != row["want"]:
            wrong.append((row, found))
    assert wrong == []


def explained(wasmctl, *arguments, status=3):
    return json.loads(wasmctl("explain", "--json", *arguments, status=status).stdout)


def bug_report(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def test_an_archive_is_read_file_by_file(wasmctl, tmp_path):
    bug_report(tmp_path / "bug-report.tar.gz", {
        "bug-report/istio/istiod.log": "2026-11-26T16:15:53.1Z\tinfo\tads\tPush debounce stable\n",
        "bug-report/proxies/default/web/proxy.log": "\n" + MISSING})
    found = explained(wasmctl, tmp_path / "bug-report.tar.gz")["findings"]
    assert [f["code"] for f in found] == ["W-203"]
    place = f"{tmp_path}/bug-report.tar.gz:bug-report/proxies/default/web/proxy.log"
    assert (found[0]["evidence"][0]["file"], found[0]["evidence"][0]["line"]) == (place, 2)


def test_a_log_that_is_packed_alone(wasmctl, tmp_path):
    (tmp_path / "proxy.log.gz").write_bytes(gzip.compress(MISSING.encode()))
    assert explained(wasmctl, tmp_path / "proxy.log.gz")["findings"][0]["code"] == "W-203"


def test_an_archive_that_is_cut_short(wasmctl, tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(MISSING.encode() * 100)[:-20])
    done = wasmctl("explain", tmp_path / "a.gz", status=3)
    assert done.stderr == (f"error: cannot read the archive {tmp_path}/a.gz\n"
                           "  caused by: the gzip stream is cut short\n"
                           f"hint: unpack it, and hand in its files: `wasmctl explain DIR`\n")


def test_hostile_bytes_do_no_harm(wasmctl, tmp_path):
    """Escapes are shown as such; an endless line is cut; what is no UTF-8 is no error."""
    log = tmp_path / "log"
    log.write_bytes(b"x" * 300_000 + b"\n" + b"\xff\xfe\x00" * 1000 + b"\n" +
                    b"\x1b[31mWasm VM failed Failed to load Wasm module due to a missing import: env.\x1b]0;x\x07\n" +
                    b"wasm log " * 100_000 + b"\n" + b"{" * 100_000 + b"\n" + MISSING.encode())
    done = wasmctl("explain", log, status=3)
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout
    assert "env.proxy_bogus" in done.stdout
    assert len(done.stdout) < 5000


def test_lines_are_found_across_pieces(wasmctl, tmp_path):
    """A file is read in pieces of 256 KiB; the line that counts is across two of them."""
    filler = "2026-11-26T16:15:52.1Z\tinfo\tnothing of ours\n"
    before = filler * ((256 * 1024 - 50) // len(filler))
    log = tmp_path / "log"
    log.write_text(before + "x" * (256 * 1024 - 40 - len(before)) + "\n" + MISSING)
    found = explained(wasmctl, log)["findings"][0]
    assert found["evidence"][0]["line"] == before.count("\n") + 2
