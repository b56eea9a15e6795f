"""What the program tells its users to install is what `./dev` installs."""

import re


def test_the_toolchain_is_named_alike(root):
    hinted = re.search(r"kDebianPackages\[\] =(.*?);", (root / "lib/compile/toolchain.hpp").read_text(), re.S)[1]
    installed = re.search(r"PACKAGES_WASM=\((.*?)\)", (root / "dev").read_text(), re.S)[1]
    assert "".join(re.findall(r'"([^"]*)"', hinted)).split() == installed.split()
