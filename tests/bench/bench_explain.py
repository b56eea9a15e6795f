"""Speed and memory of `wasmctl explain` on a log of 1 GB, and its start.

    .venv/bin/python tests/bench/bench_explain.py [BYTES]

The log is a gateway's: access log lines, Envoy's and the agent's own, one line in 2,000 about a
plugin. The figures are of the processor's time of one run and the most memory that it held.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WASMCTL = pathlib.Path(os.environ.get("WASMCTL", ROOT / "build/release/wasmctl")).resolve()
RUNS = 9

ACCESS = ('[2026-11-26T16:15:{:02}.129Z] "GET /productpage?id={} HTTP/1.1" 200 - via_upstream - "-" 0 5183 {} 20 "-" '
          '"Mozilla/5.0 (X11; Linux x86_64)" "6d9e1a52-8c0b-9d0e-a5d1-3f0f6cd4d1{:02x}" "web.example.com" "10.0.0.7:9080" '
          'outbound|9080||productpage.default.svc.cluster.local 10.0.0.3:41122 10.0.0.3:8080 10.0.0.9:51234 - -\n')
TALK = "2026-11-26T16:15:{:02}.129123Z\tinfo\txdsproxy\tconnected to delta upstream XDS server: istiod.istio-system.svc:15012\tid={}\n"
OWN = "2026-11-26T16:15:{:02}.129123Z\tinfo\tenvoy wasm source/extensions/common/wasm/context.cc:1151\twasm log default.filter: request {}\tthread=22\n"
TRAP = ("2026-11-26T16:15:{:02}.129123Z\terror\tenvoy wasm external/envoy/source/extensions/common/wasm/wasm_vm.cc:38\t"
        "Function: proxy_on_request_headers failed: Uncaught RuntimeError: unreachable\n"
        "Proxy-Wasm plugin in-VM backtrace:\n  0:  0x16a - abort\n  1:  0x198 - proxy_on_request_headers\tthread={}\n")


def block():
    lines = []
    for i in range(20_000):
        form = TRAP if i == 19_000 else OWN if i % 2_000 == 0 else TALK if i % 20 == 0 else ACCESS
        lines.append(form.format(i % 60, i, i % 97, i % 256))
    return "".join(lines).encode()


def seconds_of(*command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000_000
    one = block()
    with tempfile.TemporaryDirectory() as directory:
        log = pathlib.Path(directory) / "proxy.log"
        with open(log, "wb") as out:
            for _ in range(max(1, size // len(one))):
                out.write(one)
        seconds = min(seconds_of(WASMCTL, "explain", log) for _ in range(2))
        megabytes = log.stat().st_size / 1e6
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{megabytes:.0f} MB: {seconds:.2f} s of processor time, {megabytes / seconds:.0f} MB/s; {peak:.0f} MiB at most")
    starts = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([WASMCTL, "explain", "W-203"], stdout=subprocess.DEVNULL, check=True)
        starts.append(time.perf_counter() - begin)
    print(f"a code's page: {statistics.median(starts) * 1000:.1f} ms")
    short = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([WASMCTL, "explain"], input=one[:100_000], stdout=subprocess.DEVNULL, check=False)
        short.append(time.perf_counter() - begin)
    print(f"a log of 100 kB: {statistics.median(short) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
