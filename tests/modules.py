"""Wasm modules made byte by byte: small ones that Envoy loads, of any size that a test needs; and parts of their text."""


def leb(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(name):
    name = name.encode()
    return leb(len(name)) + name


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def module(padding=b""):
    """A filter that does nothing: the ABI's marker, an allocator that fails, a memory. `padding`
    goes into a custom section."""
    types = leb(2) + b"\x60\x00\x00" + b"\x60\x01\x7f\x01\x7f"  # () -> (), (i32) -> i32
    exports = [("proxy_abi_version_0_2_1", 0, 0), ("malloc", 0, 1), ("memory", 2, 0)]
    bodies = [b"\x00\x0b", b"\x00\x41\x00\x0b"]  # end; i32.const 0, end
    return (b"\0asm\1\0\0\0" + section(1, types) + section(3, leb(2) + b"\x00\x01") +
            section(5, b"\x01\x00\x01") +
            section(7, leb(len(exports)) +
                    b"".join(text(n) + bytes([kind]) + leb(i) for n, kind, i in exports)) +
            section(10, leb(len(bodies)) + b"".join(leb(len(b)) + b for b in bodies)) +
            (section(0, text("padding") + padding) if padding else b""))


# What filters are made of, in the text format.
MARKER = '(func (export "proxy_abi_version_0_2_1"))'
MALLOC = '(func (export "malloc") (param i32) (result i32) (i32.const 1024))'
MEMORY = '(memory (export "memory") 1) (data (i32.const 0) "HELO")'
LOG = '(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))'
CALL_LOG = "(drop (call $log (i32.const 2) (i32.const 0) (i32.const 4)))"
# A callback that hands data over.
ON_HEADERS = ('(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) '
              f"{CALL_LOG} (i32.const 0))")
PLUGIN = MARKER + MALLOC + MEMORY
HEARS = LOG + PLUGIN + ON_HEADERS
