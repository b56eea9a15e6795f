"""The legacy form of exceptions, which has no official tests: what tests/conformance/scripts/legacy-exceptions.wast
expects of the engine, a real Envoy does."""

import re
import subprocess

from envoy import Envoy, Filter

# Tells what came of a case: "#12=0000002a;", or "#12=exception;".
REPORTS = """
  (memory (export "memory") 1)
  (data (i32.const 0) "#00=00000000;#00=exception;")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 1024))
  (func $digits (param $at i32) (param $value i32) (param $count i32)
    (loop $next
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (i32.store8 (i32.add (local.get $at) (local.get $count))
        (i32.add (i32.and (local.get $value) (i32.const 15))
          (select (i32.const 48) (i32.const 87)
            (i32.lt_u (i32.and (local.get $value) (i32.const 15)) (i32.const 10)))))
      (local.set $value (i32.shr_u (local.get $value) (i32.const 4)))
      (br_if $next (local.get $count))))
  (func $report (param $case i32) (param $value i32)
    (call $digits (i32.const 1) (local.get $case) (i32.const 2))
    (call $digits (i32.const 4) (local.get $value) (i32.const 8))
    (drop (call $log (i32.const 2) (i32.const 0) (i32.const 13))))
  (func $report_exception (param $case i32)
    (call $digits (i32.const 14) (local.get $case) (i32.const 2))
    (drop (call $log (i32.const 2) (i32.const 13) (i32.const 14))))
"""
LOG = '(module (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))'


def test_envoy_does_what_the_script_expects(root, tmp_path):
    script = (root / "tests/conformance/scripts/legacy-exceptions.wast").read_text()
    module = script[script.index("(module"):script.index("(assert_")].rstrip().removesuffix(")")
    calls, expected = "", {}
    returns = re.findall(r'\(assert_return \(invoke "(.*?)"(.*?)\) \(i32.const (\d+)\)\)', script)
    for case, (name, arguments, result) in enumerate(returns):
        calls += f'(call $report (i32.const {case}) (call ${name} {arguments}))\n'
        expected[f"{case:02x}"] = f"{int(result):08x}"
    throws = re.findall(r'\(assert_exception \(invoke "(.*?)"\)\)', script)
    for case, name in enumerate(throws, len(returns)):
        calls += f"try (call ${name}) catch_all (call $report_exception (i32.const {case})) end\n"
        expected[f"{case:02x}"] = "exception"
    assert len(returns) > 25 and len(throws) == 2
    module = re.sub(r'\(func (?:\$\w+ )?\(export "(.*?)"\)', r"(func $\1", module).replace("$delegate_out", "$delegate-to-caller")
    wat = tmp_path / "exceptions.wat"
    wat.write_text(module.replace("(module", LOG, 1) + REPORTS +
                   f'(func (export "proxy_on_vm_start") (param i32 i32) (result i32) {calls} (call $trap-passes) (i32.const 1)))')
    subprocess.run([root / ".venv/bin/wasm-tools", "parse", wat, "-o", tmp_path / "exceptions.wasm"], check=True)
    log = tmp_path / "log"
    try:
        with Envoy([Filter("t", tmp_path / "exceptions.wasm")], log):
            pass
    except RuntimeError:
        pass
    text = log.read_text()
    assert dict(re.findall(r"#(\w\w)=(\w+);", text)) == expected
    assert "proxy_on_vm_start failed: Uncaught RuntimeError: unreachable" in text
