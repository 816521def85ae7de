//! Artifact files as raw bytes.

use super::oracles;
use actra::Policy;

pub fn run(data: &[u8]) {
    match Policy::from_artifact(data) {
        Ok(policy) => {
            assert_eq!(policy.to_artifact(), data, "there is one file for each artifact");
            oracles::policy(&policy);
            documents(&policy);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What is said of proofs can be told, and documents are those of the program, or an error.
fn documents(policy: &Policy) {
    for proof in policy.proofs() {
        assert!(proof.actions().len() > 0 && !proof.promise.to_string().is_empty());
    }
    match policy.compile_documents() {
        Ok(compiled) => {
            assert_eq!(compiled.program_digest(), policy.program_digest());
            assert_eq!(compiled.policy_hash(), policy.policy_hash());
            assert!(compiled.documents().eq(policy.documents()));
        }
        Err(error) => {
            assert_eq!(error.code() == "no_documents", policy.documents().len() == 0);
            assert!(!error.to_string().is_empty());
        }
    }
}
