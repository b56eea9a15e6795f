"""Stands for kubectl: answers from a record (KUBECTL_RECORD), or asks the real one (KUBECTL_REAL) and writes down what it
answered (a line of JSON each, in KUBECTL_LINES). See clusters.py."""

import http.server
import json
import os
import re
import subprocess
import sys
import urllib.request

argv = sys.argv[1:]
PATH = "/config_dump?resource=dynamic_listeners"  # the only one that is asked over a forwarded port


class Forwarded(http.server.BaseHTTPRequestHandler):
    body = b""

    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


def serve(body):
    """What port-forward does, until it is killed."""
    Forwarded.body = body.encode()
    server = http.server.HTTPServer(("127.0.0.1", 0), Forwarded)
    print(f"Forwarding from 127.0.0.1:{server.server_port} -> 19000", flush=True)
    server.serve_forever()


def forwarded(process):
    port = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}", timeout=10) as answered:
        return answered.read().decode()


def answer(entry):
    if "port-forward" in argv and entry["status"] == 0:
        serve(entry["out"])
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
status, out, err = 0, "", ""
try:
    if "port-forward" in argv:
        out = forwarded(process)
        process.kill()
    else:
        out, err = process.communicate(timeout=2 if "--follow" in argv else None)
        status = process.returncode
except subprocess.TimeoutExpired:  # as when it dies
    process.kill()
    out, err = process.communicate()
    status = 137
entry = {"argv": argv, "status": status, "out": out, "err": err}
hidden = os.environ["KUBECTL_HIDDEN"]
if hidden:
    entry = json.loads(json.dumps(entry).replace(hidden, "/var/lib/istio/data"))
with open(os.environ["KUBECTL_LINES"], "a") as lines:
    lines.write(json.dumps(entry) + "\n")  # in one write(), whoever else writes
answer(entry)
