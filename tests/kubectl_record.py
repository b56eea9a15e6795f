"""Stands for kubectl: answers from a record (KUBECTL_RECORD), or asks the real one (KUBECTL_REAL) and writes down what it
answered (a line of JSON each, in KUBECTL_LINES). See clusters.py."""

import json
import os
import subprocess
import sys

argv = sys.argv[1:]


def answer(entry):
    sys.stdout.write(entry["out"])
    sys.stderr.write(entry["err"])
    sys.exit(entry["status"])


if "KUBECTL_REAL" not in os.environ:
    with open(os.environ["KUBECTL_RECORD"]) as record:
        for entry in json.load(record):
            if entry["argv"] == argv:
                answer(entry)
    sys.exit(f"no answer to this is in {os.environ['KUBECTL_RECORD']}: {argv}")

process = subprocess.Popen([os.environ["KUBECTL_REAL"], *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
try:
    out, err = process.communicate(timeout=2 if "--follow" in argv else None)
except subprocess.TimeoutExpired:  # as when it dies
    process.kill()
    out, err = process.communicate()
entry = {"argv": argv, "status": abs(process.returncode), "out": out, "err": err}
hidden = os.environ["KUBECTL_HIDDEN"]
if hidden:
    entry = json.loads(json.dumps(entry).replace(hidden, "/var/lib/istio/data"))
with open(os.environ["KUBECTL_LINES"], "a") as lines:
    lines.write(json.dumps(entry) + "\n")  # in one write(), whoever else writes
answer(entry)
