//! Artifact files as raw bytes.
#![no_main]

use actra::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match Policy::from_artifact(data) {
        Ok(policy) => {
            assert_eq!(policy.to_artifact(), data, "there is one file for each artifact");
            actra_fuzz::policy(&policy);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
