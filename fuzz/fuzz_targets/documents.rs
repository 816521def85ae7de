#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| actra_fuzz::documents::run(data));
