//! Artifact files as raw bytes.

use super::oracles;
use actra::Policy;

pub fn run(data: &[u8]) {
    match Policy::from_artifact(data) {
        Ok(policy) => {
            assert_eq!(policy.to_artifact(), data, "there is one file for each artifact");
            oracles::policy(&policy);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
