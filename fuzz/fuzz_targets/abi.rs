#![no_main]

#[path = "../src/abi.rs"]
mod abi;

mod api {
    pub use actra_ffi_fuzzed::*;
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| abi::run(data));
