//! What is fuzzed: functions of bytes that panic where something does not hold. The tests of `actra` and
//! of libactra run them on what `seeds` holds, without a fuzzer.

pub mod artifact;
pub mod documents;
pub mod generated;
pub mod input;
pub mod oracles;
pub mod program;
