"""Bytes of each plugin and of each piece of the standard library; time and memory of the header-logger in a
real Envoy, beside no filter and beside a module written by hand on the raw ABI. Rewrites the tables of
plugins/sdk/README.md.

    .venv/bin/python tests/bench/bench_sdk.py [--only sizes]
"""

import argparse
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from envoy import Envoy, Filter  # noqa: E402

WASMCTL = next(p for p in (ROOT / "build/release/wasmctl", ROOT / "build/dev/wasmctl") if p.exists())

PLUGIN = """\
#include "proxy_wasm_intrinsics.h"
%(include)s
class Stream : public Context {
 public:
  using Context::Context;
  FilterHeadersStatus onRequestHeaders(uint32_t headers, bool) override {
    %(body)s
    return FilterHeadersStatus::Continue;
  }
};
static RegisterContextFactory register_stream(CONTEXT_FACTORY(Stream));
"""

# What is used, the headers, and the use.
PIECES = [
    ("nothing but an empty callback", "", "(void)headers;"),
    ("`logInfo(\"...\")`", "", 'logInfo("x");'),
    ("`getRequestHeader`", "", 'logInfo(getRequestHeader("x")->view());'),
    ("`std::string`, concatenated", "", 'logInfo("x: " + getRequestHeader("x")->toString());'),
    ("`LOG_INFO`", "", 'LOG_INFO("x");'),
    ("`std::to_string(int)`", "", "logInfo(std::to_string(headers));"),
    ("`getRequestHeaderPairs()->pairs()`", "", "for (auto& p : getRequestHeaderPairs()->pairs()) logInfo(p.first);"),
    ("`getValue`", "", 'std::string s; if (getValue({"source", "address"}, &s)) logInfo(s);'),
    ("`sendLocalResponse` with a header", "", 'sendLocalResponse(403, "", "no", {{"a", "b"}});'),
    ("`root()->httpCall`", "", 'root()->httpCall("c", {{":path", "/"}}, "", {}, 9, [](uint32_t, size_t, uint32_t) {});'),
    ("`Counter`", "", 'static auto* c = Counter<std::string>::New("n", "t"); c->increment(1, "x");'),
    ("`JsonReader`, a string", "#include \"proxy_wasm_json.h\"",
     'char t[] = "\\"x\\""; proxy_wasm::JsonReader j(t, 3); std::string_view s; if (j.string(s)) logInfo(s);'),
    ("`ProtoReader`", "#include \"proxy_wasm_protobuf.h\"",
     'proxy_wasm::ProtoReader r(getRequestHeader("x")->view()); while (r.next()) logInfo(r.bytes());'),
    ("`std::vector<int>`", "", "std::vector<int> v; v.push_back(headers); logInfo({(char*)v.data(), 4});"),
    ("`std::map`", "#include <map>", "std::map<int, int> m; m[headers] = 1; for (auto& p : m) logInfo({(char*)&p, 4});"),
    ("`std::unordered_map<std::string, int>`", "", 'std::unordered_map<std::string, int> m; m["x"] = 1; for (auto& p : m) logInfo(p.first);'),
    ("`std::function`", "", 'static std::function<void()> f; int n = headers; f = [n] { logInfo({(char*)&n, 4}); }; f();'),
    ("`std::chrono::system_clock`", "#include <chrono>", "auto t = std::chrono::system_clock::now(); logInfo({(char*)&t, 8});"),
    ("`std::random_device`, `std::mt19937`", "#include <random>", "std::mt19937 g(std::random_device{}()); auto n = g(); logInfo({(char*)&n, 4});"),
    ("`std::stoi`", "", 'int n = std::stoi(getRequestHeader("x")->toString()); logInfo({(char*)&n, 4});'),
    ("`std::from_chars(int)`", "#include <charconv>", 'auto h = getRequestHeader("x"); int n = 0; std::from_chars(h->data(), h->data() + h->size(), n); logInfo({(char*)&n, 4});'),
    ("`std::to_string(double)`", "", "logInfo(std::to_string(headers * 0.5));"),
    ("`std::stringstream`", "#include <sstream>", "std::stringstream s; s << headers; logInfo(s.str());"),
    ("`std::regex`", "#include <regex>", 'static std::regex r("a+b"); if (std::regex_search(getRequestHeader("x")->toString(), r)) logInfo("x");'),
    ("`std::cout`", "#include <iostream>", "std::cout << headers << std::endl;"),
    ("`std::mutex`", "#include <mutex>", 'static std::mutex m; std::lock_guard<std::mutex> lock(m); logInfo("x");'),
    ("`assert`", "#include <cassert>", "assert(headers > 0);"),
    ("`strftime`", "#include <ctime>", 'char t[32]; time_t n = time(nullptr); strftime(t, 32, "%T", gmtime(&n)); logInfo(t);'),
    ("`snprintf`", "#include <cstdio>", 'char t[32]; snprintf(t, 32, "%u", headers); logInfo(t);'),
    ("`std::format`", "#include <format>", 'logInfo(std::format("{}", headers));'),
    ("`try { throw 1; } catch (int)`", "", 'try { if (headers == 0) throw 1; } catch (int) { logInfo("x"); }'),
    ("`std::stoi`, caught", "#include <stdexcept>", 'int n = 0; try { n = std::stoi(getRequestHeader("x")->toString()); } catch (const std::exception&) {} logInfo({(char*)&n, 4});'),
    ("`dynamic_cast`", "struct Own : RootContext { using RootContext::RootContext; int n = 0; };",
     "if (auto* own = dynamic_cast<Own*>(root())) logInfo({(char*)&own->n, 4});"),
]


def built(directory, module):
    subprocess.run([WASMCTL, "build", directory, "-o", module], check=True, capture_output=True)
    return module.stat().st_size


def write_plugin(directory, text):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "plugin.cc").write_text(text)
    return directory


def sizes(work):
    plugins = [(p.parent.name, built(p.parent, work / f"{p.parent.name}.wasm"))
               for p in sorted(ROOT.glob("plugins/*/wasmctl.yaml"))]
    pieces = []
    for i, (name, include, body) in enumerate(PIECES):
        directory = write_plugin(work / f"piece{i}", PLUGIN % {"include": include, "body": body})
        pieces.append((name, built(directory, work / f"piece{i}.wasm")))
    base = pieces[0][1]
    lines = ["| plugin | bytes |", "|---|---|"]
    lines += [f"| [{name}](../{name}) | {size:,} |" for name, size in plugins]
    lines += ["", "| a module that uses | bytes | more than the first |", "|---|---|---|"]
    lines += [f"| {name} | {size:,} | {f'+{size - base:,}' if size != base else ''} |" for name, size in pieces]
    return lines


def resident_kib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


REQUEST = b"GET / HTTP/1.1\r\nhost: bench\r\nuser-agent: bench\r\naccept: */*\r\nx-request-start: 1\r\n\r\n"


def requests(envoy, count):
    """Microseconds of processor time that Envoy takes for one request, over `count` of them, one after the
    other on one connection. Processor time, and not the clock's: the client's share and other work on the
    machine are none of it."""
    with socket.create_connection(("127.0.0.1", envoy.port), 30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        before = cpu_seconds(envoy.process)
        for _ in range(count):
            client.sendall(REQUEST)
            answer = client.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"ok"), answer
        return 1e6 * (cpu_seconds(envoy.process) - before) / count


def speed(work, rounds, count):
    """All in one run, turn by turn, so that a busy machine slows each of them down alike."""
    raw = work / "raw.wasm"
    directory = write_plugin(work / "raw", (ROOT / "tests/bench/raw/raw_header_logger.cc").read_text())
    raw_size = built(directory, raw)
    own = work / "header-logger.wasm"
    cases = [("no filter", []), (f"raw ABI, by hand ({raw_size:,} bytes)", [Filter("raw", raw)]),
             (f"header-logger ({own.stat().st_size:,} bytes)", [Filter("own", own)])]
    rows = ["| filter | level | us of processor a request | more than none | memory, MiB | more |", "|---|---|---|---|---|---|"]
    for level, note in (("warning", "nothing is logged"), ("info", "a line a request")):
        times, memory = {}, {}
        for _ in range(rounds):
            for name, filters in cases:
                with Envoy(filters, work / "envoy.log", level="warning", wasm_level=level) as envoy:
                    requests(envoy, count // 10)
                    times.setdefault(name, []).append(requests(envoy, count))
                    memory.setdefault(name, []).append(resident_kib(envoy.process) / 1024)
        none, empty = statistics.median(times["no filter"]), statistics.median(memory["no filter"])
        for name, _ in cases:
            time, used = statistics.median(times[name]), statistics.median(memory[name])
            rows.append(f"| {name} | {level}: {note} | {time:.1f} | {time - none:+.1f} | {used:.1f} | {used - empty:+.1f} |")
    return rows


def replace_between(text, mark, lines):
    begin, end = f"<!-- {mark}: made by ./dev bench -->", f"<!-- /{mark} -->"
    head, rest = text.split(begin)
    return head + begin + "\n\n" + "\n".join(lines) + "\n\n" + end + rest.split(end)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["sizes"], help="leave Envoy out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=40_000)
    arguments = parser.parse_args()
    readme = ROOT / "plugins/sdk/README.md"
    text = readme.read_text()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        lines = sizes(work)
        print("\n".join(lines))
        text = replace_between(text, "sizes", lines)
        if arguments.only != "sizes":
            lines = speed(work, arguments.rounds, arguments.requests)
            print("\n".join(lines))
            text = replace_between(text, "speed", lines)
    readme.write_text(text)


if __name__ == "__main__":
    main()
