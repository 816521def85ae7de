//! Programs that nobody compiled: a real artifact whose program is changed in places, with the
//! digest put right, so that what stands behind the digest is reached.
//!
//! The first byte picks the artifact, the second how many bytes of it are cut from or added to its
//! tables; then come changes of seven bytes each: place (4), how (1), value (2).

use super::oracles;
use actra::Policy;
use actra_testkit::generate::{self, Style};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::HashMap;

/// Of the section table: where the program's entry is, and how long an entry is.
const TABLE: usize = 24;
const ENTRY: usize = 12;

thread_local! {
    static FILES: RefCell<HashMap<u8, Vec<u8>>> = RefCell::default();
}

fn made(seed: u8) -> Vec<u8> {
    let checked = generate::policy(seed.into());
    let documents = generate::documents(&checked, Style::ALL[0], seed.into());
    Policy::from_strings(&documents.schema, &documents.policy, None)
        .unwrap_or_else(|error| panic!("{error}"))
        .to_artifact()
}

/// Where a section is.
fn section(file: &[u8], index: usize) -> (usize, usize) {
    let word = |at: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&file[at..at + 4]);
        u32::from_le_bytes(bytes) as usize
    };
    let entry = TABLE + index * ENTRY;
    (word(entry + 4), word(entry + 8))
}

pub fn run(data: &[u8]) {
    let [seed, changes @ ..] = data else { return };
    let mut file =
        FILES.with_borrow_mut(|files| files.entry(*seed).or_insert_with(|| made(*seed)).clone());
    let (start, len) = section(&file, 0);
    for change in changes.chunks_exact(7) {
        let place = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize;
        let at = start + place % len;
        let value = u16::from_le_bytes([change[5], change[6]]);
        match change[4] % 4 {
            0 => file[at] = value as u8,
            1 => file[at] ^= value as u8,
            2 => file[at] = file[at].wrapping_add(value as u8),
            _ => {
                // A record's worth of bytes from elsewhere in the program.
                let from = start + (place ^ usize::from(value)) % len;
                let count = 16.min(start + len - at).min(start + len - from);
                file.copy_within(from..from + count, at);
            }
        }
    }
    let digest = Sha256::digest(&file[start..start + len]);
    let (identity, _) = section(&file, 1);
    file[identity..identity + 32].copy_from_slice(&digest);
    if let Ok(policy) = Policy::from_artifact(&file) {
        assert_eq!(policy.to_artifact(), file, "there is one file for each artifact");
        oracles::policy(&policy);
    }
}
