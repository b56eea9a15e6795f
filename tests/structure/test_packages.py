"""What the program tells its users to install is what `./dev` installs."""

import re


def test_the_toolchain_is_named_alike(root):
    hinted = re.search(r"kDebianPackages\[\] =(.*?);", (root / "lib/compile/toolchain.hpp").read_text(), re.S)[1]
    installed = re.search(r"PACKAGES_WASM=\((.*?)\)", (root / "dev").read_text(), re.S)[1]
    assert "".join(re.findall(r'"([^"]*)"', hinted)).split() == installed.split()


def test_no_two_files_of_tests_have_one_name(root):
    """pytest imports them by their names alone."""
    names = [file.name for file in (root / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
