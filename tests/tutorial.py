"""Pages that show what to type and what is printed then: indented blocks of `$ COMMAND` and output, in which `…` stands
for anything. A command that ends in a backslash, or has a here-document until END, goes on in the next lines."""

import re
import subprocess

# What needs a cluster or a registry of others, or goes on until Ctrl-C.
NEEDS_OTHERS = re.compile(r"ghcr\.io|kubectl|istioctl|wasmctl (?:status|logs) |wasmctl run (?!.*--once)")


def blocks(text):
    """[(command, the lines that it prints)]"""
    found, open_document = [], False
    for line in re.findall(r"^(?:    (.*))?$", text, re.M):
        if open_document:
            found[-1][0] += "\n" + line
            open_document = line != "END"
        elif line.startswith("$ "):
            found.append([line[2:], []])
            open_document = line.endswith("<<'END'")
        elif found and found[-1][0].endswith("\\"):
            found[-1][0] += "\n" + line
        elif found and line:
            found[-1][1].append(line)
    return found


def follow(text, directory, env):
    """Types the page's commands, and compares what they print; how many there were."""
    ran, left = 0, directory / ".left"
    for command, lines in blocks(text):
        if NEEDS_OTHERS.search(command):
            continue
        done = subprocess.run(["bash", "-c", f"{command}\npwd >{left}"], cwd=directory, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)
        directory = left.read_text().strip()  # the next command begins there
        shown = "".join("[^\\0]*?" if line == "…" else re.escape(line).replace("…", "[^\\n]*") + "\n+" for line in lines)
        assert re.match(shown, done.stdout), f"{command}\n{done.stdout}"
        ran += 1
    return ran
