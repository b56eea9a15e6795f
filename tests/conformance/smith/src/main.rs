//! Writes modules that wasm-smith makes: `smith FIRST COUNT DIRECTORY` makes DIRECTORY/N.wasm of the
//! numbers from FIRST on; each number gives the same module on every run.
use std::path::Path;
use wasm_smith::{Config, Module};

/// splitmix64: bytes that a number gives.
fn bytes_of(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let words = 64 + next() % 1024;
    (0..words).flat_map(|_| next().to_le_bytes()).collect()
}

/// What the engine runs, without imports. NaNs are made canonical by the module itself; how much memory an
/// engine has does not matter to so small a module. Odd numbers give code that avoids traps.
fn config(number: u64) -> Config {
    let mut config = Config::default();
    config.max_imports = 0;
    config.disallow_traps = number % 2 == 1;
    config.min_types = 6;
    config.min_funcs = 3;
    config.max_funcs = 12;
    config.max_instructions = 200;
    config.export_everything = true;
    config.canonicalize_nans = true;
    config.allow_start_export = true;
    config.max_memories = 3;
    config.max_memory32_bytes = 300_000;
    config.max_memory64_bytes = 300_000;
    config.memory_max_size_required = true;
    config.max_tables = 4;
    config.max_table_elements = 1000;
    config.table_max_size_required = true;
    config.bulk_memory_enabled = true;
    config.reference_types_enabled = true;
    config.simd_enabled = true;
    config.relaxed_simd_enabled = true;
    config.memory64_enabled = true;
    config.tail_call_enabled = true;
    config.exceptions_enabled = true;
    config.extended_const_enabled = true;
    config.gc_enabled = true;
    config.threads_enabled = false;
    config.shared_everything_threads_enabled = false;
    config.custom_page_sizes_enabled = false;
    config.wide_arithmetic_enabled = false;
    config
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let first: u64 = arguments[1].parse().expect("a number");
    let count: u64 = arguments[2].parse().expect("a number");
    for number in first..first + count {
        let bytes = bytes_of(number);
        let mut source = arbitrary::Unstructured::new(&bytes);
        let mut module = Module::new(config(number), &mut source).expect("a module");
        module.ensure_termination(2000).expect("a module of its own");
        let file = Path::new(&arguments[3]).join(format!("{number}.wasm"));
        std::fs::write(file, module.to_bytes()).expect("a file");
    }
}
