#![no_main]

#[path = "../src/abi.rs"]
#[allow(dead_code, reason = "what sequences of calls need")]
mod abi;
#[path = "../src/arrow.rs"]
mod arrow;

mod api {
    pub use actra_ffi_fuzzed::*;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| arrow::run(data));
