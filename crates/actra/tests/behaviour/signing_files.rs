//! `conformance/signing`: files with and without signatures, and what every door says of them.
//!
//! `UPDATE=1` writes the files from the golden artifact and the keys of RFC 8032's examples: Ed25519
//! gives the same signature each time.

use actra::signing::{KeyError, LoadOptions, PublicKey, SigningKey};
use actra::{LoadError, Policy};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

const ENTRY: usize = 96;
const REVISION: usize = 68;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance").join(name)
}

/// The private keys `a`, `b` and `c`: anybody's, since the RFC prints them.
fn keys() -> Vec<SigningKey> {
    let text = fs::read_to_string(folder("vectors/ed25519.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    let pem = |vector: &Value| {
        let digits = vector["secret"].as_str().unwrap();
        let seed = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap());
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let bytes: Vec<u8> = head.into_iter().chain(seed).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64(&bytes))
    };
    vectors
        .iter()
        .take(3)
        .map(|found| SigningKey::from_pem(pem(found).as_bytes()).unwrap())
        .collect()
}

/// Of bytes whose count three divides.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes
        .chunks(3)
        .map(|group| group.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)));
    groups.flat_map(|group| [18, 12, 6, 0].map(|at| char::from(DIGITS[group >> at & 63]))).collect()
}

fn offset_of_identity(file: &[u8]) -> usize {
    u32::from_le_bytes(file[40..44].try_into().unwrap()) as usize
}

/// Every file of the folder that is made.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let keys = keys();
    let [a, b, c] = &keys[..] else { panic!("three keys") };
    let golden =
        Policy::from_artifact(&fs::read(folder("golden/format-1.0.actra")).unwrap()).unwrap();
    let numbered = golden.clone().with_revision(7);
    let signed = numbered.clone().sign(a).unwrap().to_artifact();
    let by_two = numbered.sign(a).unwrap().sign(b).unwrap();
    let of_b = by_two.signatures().iter().find(|found| found.key_id == b.public().id().0).unwrap();
    let mut forged = signed.clone();
    let end = forged.len();
    forged[end - 64..].copy_from_slice(&of_b.signature);
    let mut raised = signed.clone();
    let at = offset_of_identity(&raised) + REVISION;
    raised[at] += 1;
    let mut garbage = signed.clone();
    garbage[72..end - ENTRY].fill(0xff);
    let mut half = by_two.to_artifact();
    let which = by_two.signatures().iter().position(|found| found == of_b).unwrap();
    let at = half.len() - 2 * ENTRY + which * ENTRY + 32;
    half[at] ^= 1;
    let mut files = vec![
        ("unsigned.actra", golden.with_revision(0).to_artifact()),
        ("signed.actra", signed),
        ("by-two.actra", by_two.to_artifact()),
        ("forged.actra", forged),
        ("raised.actra", raised),
        ("garbage.actra", garbage),
        ("half.actra", half),
    ];
    for (name, key) in [("a.pub", a), ("b.pub", b), ("c.pub", c)] {
        files.push((name, key.public().to_pem().into_bytes()));
    }
    // The neutral element of the group, whose signatures anybody makes.
    let weak =
        [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0, 1][..], &[0; 31]].concat();
    // 44 bytes: the last group has one byte less, and zeros do not show it but for the `=`.
    let body = base64(&[&weak[..], &[0]].concat());
    let body = format!("{}=", &body[..body.len() - 1]);
    let weak = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    files.push(("weak.pub", weak.into_bytes()));
    files
}

#[test]
fn the_files_are_what_they_are_made_from() {
    let folder = folder("signing");
    if std::env::var_os("UPDATE").is_some() {
        for (name, bytes) in files() {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let mut names: BTreeSet<String> = ["README.md".to_owned(), "cases.json".to_owned()].into();
    for (name, bytes) in files() {
        assert!(fs::read(folder.join(name)).unwrap() == bytes, "{name} is another");
        names.insert(name.to_owned());
    }
    let entries = fs::read_dir(&folder).unwrap();
    let found: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, names);
}

fn result(case: &Value) -> &'static str {
    let read = |name: &Value| fs::read(folder("signing").join(name.as_str().unwrap())).unwrap();
    let mut options = LoadOptions::new().min_revision(case["min_revision"].as_u64().unwrap());
    if let Some(names) = case["trusted_keys"].as_array() {
        let keys: Result<Vec<PublicKey>, KeyError> =
            names.iter().map(|name| PublicKey::parse(&read(name))).collect();
        let Ok(keys) = keys else { return "bad_key" };
        options = options.trusted_keys(keys);
    }
    match Policy::from_artifact_with(&read(&case["file"]), &options) {
        Ok(_) => "ok",
        Err(LoadError::Trust(error)) => error.code(),
        Err(LoadError::Artifact(_)) => "bad_artifact",
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_case_comes_out_as_it_says() {
    let text = fs::read_to_string(folder("signing/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut results = BTreeSet::new();
    for case in &cases {
        assert_eq!(result(case), case["result"], "{case}");
        results.insert(result(case));
    }
    let all = [
        "bad_artifact",
        "bad_key",
        "not_signed",
        "ok",
        "old_revision",
        "unknown_key",
        "wrong_signature",
    ];
    assert_eq!(results.into_iter().collect::<Vec<_>>(), all, "a result without a case");
}
