"""No file keeps what `git merge` left in it."""

import subprocess


def test_no_file_has_a_conflict_marker(root):
    found = subprocess.run(["git", "grep", "-nE", "^(<{7}|>{7}) ", "--", "."], cwd=root, capture_output=True, text=True)
    assert found.stdout == "", found.stdout
    assert found.returncode == 1, found.stderr
