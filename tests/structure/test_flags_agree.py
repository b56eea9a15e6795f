"""A flag means the same in every command that has it: it is spelled alike, takes the same, and says the same of itself,
but for what is listed here. docs/commands are the commands' own tables (tests/cli/test_manual.py)."""

import collections
import pathlib
import re

COMMANDS = pathlib.Path(__file__).resolve().parents[2] / "docs/commands"

# Of one name, and yet not alike: why.
DIFFERENT = {
    "--diff": "inspect compares with another module, patch shows its own change",
    "--format": "of findings, and of an image",
    "--output": "render writes several files, into a directory",
}

# What a flag means in all commands, where each says in its own words what that is there.
SHARED = {
    "--config": "the plugin's configuration, in place of what is said elsewhere",
    "--config-map": "the ConfigMap's name",
    "--file": "manifests",
    "--fix": "do what was found missing or wrong",
    "--json": "the result as JSON",
    "--key": "a key in a file: the private one to sign, the public one to verify",
    "--list": "list what there is, and do no more",
    "--markdown": "the list as a page of the manual",
    "--mask": "a header whose values are secret",
    "--module": "the module that it is about",
    "--name": "the plugin's name, or that of what is made of it",
    "--namespace": "the namespace of what is looked at or made",
    "--no-mask": "secrets as they are",
    "--no-lint": "take a module that Envoy would refuse",
    "--referrers": "what refers to the image, too",
    "--schema": "the JSON Schema, for editors",
    "--selector": "pods by a label",
    "--verify-key": "the public key that images must be signed with",
    "--undo": "the other way round",
    "--watch": "again whenever something changes",
    "--workload": "what makes the pods",
}


def flags():
    """name -> [(command, the flag as it is shown, what it says)]"""
    found = collections.defaultdict(list)
    for page in sorted(COMMANDS.glob("*.md")):
        for shown, about in re.findall(r"^\| `(-[^`]*)` \| (.*) \|$", page.read_text(), re.M):
            names = re.findall(r"(?<![\w-])--[a-z][\w-]*", shown) or [shown.split()[0]]
            if page.stem != "README":
                found[names[0]].append((page.stem, shown, about))
    return found


def test_flags_are_spelled_alike_and_take_the_same():
    odd = {name: sorted({shown for _, shown, _ in rows}) for name, rows in flags().items()
           if name not in DIFFERENT and len({shown for _, shown, _ in rows}) > 1}
    assert odd == {}


def test_flags_say_the_same():
    odd = {name: sorted({about for _, _, about in rows}) for name, rows in flags().items()
           if name not in DIFFERENT | SHARED and len({about for _, _, about in rows}) > 1}
    assert odd == {}


# A letter of two flags: why.
TWICE = {"f": "manifests, as `kubectl apply` has it; `logs` follows, as `kubectl logs` does"}


def test_a_letter_is_of_one_flag():
    letters = collections.defaultdict(set)
    for name, rows in flags().items():
        for _, shown, _ in rows:
            for letter in re.findall(r"(?<![\w-])-([A-Za-z])\b", shown):
                letters[letter].add(name)
    assert {letter for letter, names in letters.items() if len(names) > 1} == set(TWICE)


def test_the_lists_here_are_of_flags_that_there_are():
    several = {name for name, rows in flags().items() if len(rows) > 1}
    assert set(DIFFERENT) | set(SHARED) <= several
