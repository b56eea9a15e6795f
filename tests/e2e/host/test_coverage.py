"""What `wasmctl test` says ran, against what is known to have: each line and function of a plugin made for it."""

import re


def said(source, words):
    """Line -> whether it ran, as the comment at its end says with one of the two words."""
    found = {}
    for number, line in enumerate(source.splitlines(), 1):
        comment = line.partition("//")[2].strip() if line.strip() and not line.strip().startswith("//") else ""
        for word in comment.split(", "):
            if word in words:
                found[number] = word == words[0]
    return found


def test_every_line_and_function(covered):
    source = (covered / "covered.cc").read_text()
    lcov = (covered / "lcov.info").read_text()
    lines = {int(line): ran == "1" for line, ran in re.findall(r"^DA:(\d+),(\d)$", lcov, re.M)}
    functions = {int(line): ran == "1" for line, ran in re.findall(r"^FN:(\d+),.*\nFNDA:(\d),", lcov, re.M)}
    assert lines == said(source, ["ran", "missed"])
    assert functions == said(source, ["called", "not called"])
    for letter, counted in [("L", lines), ("FN", functions)]:
        assert f"{letter}F:{len(counted)}\n{letter}H:{sum(counted.values())}\n" in lcov


def test_the_table_counts_them(covered, wasmctl):
    done = wasmctl("-q", "test", covered, "--coverage", "--fail-under", "90", status=1)
    assert re.search(r"^ +66.7%     16 of  24     5 of   8  \S+/covered.cc: not ", done.stdout, re.M)
    assert re.search(r"^ +not called: \(anonymous namespace\)::refuse\(unsigned int\) \(\S+/covered.cc:\d+\)$", done.stdout, re.M)
    assert done.stderr == "error: 66.7 % of the lines ran, less than 90 %\n"
