//! What is asked of who made a file, before anything in it is read.

use actra::signing::{KeyId, LoadOptions, PublicKey, SigningKey, TrustError};
use actra::{ArtifactError, LoadError, Policy};

const SCHEMA: &str = "version: 1\nactions: {ping: {fields: {count: integer}}}\n";
const POLICY: &str = "version: 2\nrules:\n  - {id: few, scope: {action: ping}, \
                      when: action.count < 10, effect: allow}\n";
/// Bytes of a signature with its key id.
const ENTRY: usize = 96;

fn policy() -> Policy {
    Policy::from_strings(SCHEMA, POLICY, None).unwrap()
}

fn key() -> SigningKey {
    SigningKey::generate().unwrap()
}

fn trusting<'k>(keys: impl IntoIterator<Item = &'k SigningKey>) -> LoadOptions {
    LoadOptions::new().trusted_keys(keys.into_iter().map(SigningKey::public))
}

fn load(file: &[u8], options: &LoadOptions) -> Result<Policy, LoadError> {
    Policy::from_artifact_with(file, options)
}

fn code(file: &[u8], options: &LoadOptions) -> &'static str {
    match load(file, options) {
        Err(LoadError::Trust(error)) => {
            assert!(!error.help().is_empty());
            error.code()
        }
        other => panic!("{other:?}"),
    }
}

fn with_signatures(file: &[u8], signatures: &[u8]) -> Vec<u8> {
    let mut new = file.to_vec();
    new[68..72].copy_from_slice(&(signatures.len() as u32).to_le_bytes());
    [&new, signatures].concat()
}

#[test]
fn what_a_trusted_key_has_signed_is_loaded_and_says_so() {
    let (a, b) = (key(), key());
    let signed = policy().with_revision(7).sign(&a).unwrap();
    let file = signed.to_artifact();
    for options in [trusting([&a]), trusting([&b, &a]), trusting([&b]).trusted_keys([a.public()])] {
        let loaded = load(&file, &options).unwrap();
        assert_eq!(loaded.verified_keys(), [a.public().id()]);
        assert_eq!(loaded.revision(), 7);
        assert_eq!(loaded.to_artifact(), file);
        assert_eq!(loaded.policy_hash(), policy().policy_hash());
        assert_eq!(loaded.program_digest(), policy().program_digest());
    }
    // Where nobody asks, nobody has been checked.
    let loaded = Policy::from_artifact(&file).unwrap();
    assert!(loaded.verified_keys().is_empty());
    assert_eq!(KeyId(loaded.signatures()[0].key_id), a.public().id());
}

#[test]
fn every_changed_byte_of_a_signed_file_is_noticed() {
    let key = key();
    let file = policy().with_revision(7).sign(&key).unwrap().to_artifact();
    let options = trusting([&key]);
    assert!(load(&file, &options).is_ok());
    let mut refusals = std::collections::BTreeMap::new();
    for at in 0..file.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = file.clone();
            changed[at] ^= change;
            let what = match load(&changed, &options) {
                Ok(_) => panic!("byte {at} may be changed by {change:#x}"),
                Err(LoadError::Trust(error)) => error.code(),
                // Only of the header and the table is anything told but that it is not signed.
                Err(error) => {
                    assert!(at < 72, "byte {at}: {error}");
                    "envelope"
                }
            };
            *refusals.entry(what).or_insert(0) += 1;
        }
    }
    let codes: Vec<_> = refusals.into_keys().collect();
    assert_eq!(codes, ["envelope", "unknown_key", "wrong_signature"]);
    for length in 0..file.len() {
        assert!(load(&file[..length], &options).is_err(), "{length} bytes");
    }
    assert!(load(&[&file[..], &[0]].concat(), &options).is_err());
}

#[test]
fn nothing_is_parsed_that_is_not_signed() {
    let key = key();
    let file = policy().sign(&key).unwrap().to_artifact();
    let end = file.len() - ENTRY;
    let mut garbage = file.clone();
    garbage[72..end].fill(0xff);
    assert!(matches!(Policy::from_artifact(&garbage), Err(ArtifactError::DigestMismatch { .. })));
    assert_eq!(code(&garbage, &trusting([&key])), "wrong_signature");
    let unsigned = with_signatures(&garbage[..end], &[]);
    assert_eq!(code(&unsigned, &trusting([&key])), "not_signed");
}

#[test]
fn without_a_trusted_signature_nothing_is_loaded() {
    let (a, b, c) = (key(), key(), key());
    let plain = policy().to_artifact();
    assert_eq!(code(&plain, &trusting([&a])), "not_signed");
    let file = policy().sign(&a).unwrap().sign(&c).unwrap().to_artifact();
    assert_eq!(code(&file, &trusting([&b])), "unknown_key");
    // No key is not the same as no question.
    assert_eq!(code(&file, &trusting([])), "unknown_key");
    assert_eq!(code(&plain, &trusting([])), "not_signed");
    assert!(load(&plain, &LoadOptions::new()).is_ok());
    let error = load(&file, &trusting([&b])).unwrap_err().to_string();
    assert!(error.contains(&a.public().id().to_string()), "{error}");
    assert!(error.contains(&c.public().id().to_string()), "{error}");
}

#[test]
fn long_lists_of_signers_are_cut_short() {
    let names = |count| (0..count).map(|n| KeyId([n; 32])).collect();
    let told = |count| TrustError::UnknownKey { names: names(count) }.to_string();
    assert!(!told(3).contains("more"), "{}", told(3));
    assert!(told(5).ends_with(" and 2 more"), "{}", told(5));
}

#[test]
fn several_keys_sign_one_file_in_any_order() {
    let (a, b) = (key(), key());
    let one = policy().sign(&a).unwrap().sign(&b).unwrap().to_artifact();
    let other = policy().sign(&b).unwrap().sign(&a).unwrap().to_artifact();
    assert_eq!(one, other);
    let again = Policy::from_artifact(&one).unwrap().sign(&a).unwrap().to_artifact();
    assert_eq!(one, again, "a key signs once");
    assert_eq!(load(&one, &trusting([&b])).unwrap().verified_keys(), [b.public().id()]);
    let both = load(&one, &trusting([&a, &b])).unwrap();
    let mut ids = [a.public().id(), b.public().id()];
    ids.sort();
    assert_eq!(both.verified_keys(), ids);
}

#[test]
fn a_wrong_signature_by_a_trusted_key_counts_though_another_is_right() {
    let (a, b) = (key(), key());
    let file = policy().sign(&a).unwrap().sign(&b).unwrap().to_artifact();
    let of_b = Policy::from_artifact(&file)
        .unwrap()
        .signatures()
        .iter()
        .position(|signature| signature.key_id == b.public().id().0)
        .unwrap();
    let mut changed = file.clone();
    let at = file.len() - 2 * ENTRY + of_b * ENTRY + 32;
    changed[at] ^= 1;
    assert_eq!(code(&changed, &trusting([&a, &b])), "wrong_signature");
    assert_eq!(code(&changed, &trusting([&b])), "wrong_signature");
    // Of who is not trusted, nothing is asked.
    assert!(load(&changed, &trusting([&a])).is_ok());
}

#[test]
fn signatures_stand_in_order_and_once() {
    let (a, b) = (key(), key());
    let file = policy().sign(&a).unwrap().sign(&b).unwrap().to_artifact();
    let (body, signatures) = file.split_at(file.len() - 2 * ENTRY);
    let (first, second) = signatures.split_at(ENTRY);
    let body = with_signatures(body, &[]);
    for entries in [vec![second, first], vec![first, first], vec![first, second, second]] {
        let file = with_signatures(&body, &entries.concat());
        let refused = load(&file, &trusting([&a, &b]));
        let is_refused =
            matches!(refused, Err(LoadError::Artifact(ArtifactError::BadSignature { .. })));
        assert!(is_refused, "{refused:?}");
    }
    assert!(load(&with_signatures(&body, &signatures[..ENTRY - 1]), &trusting([&a])).is_err());
    assert!(load(&with_signatures(&body, signatures), &trusting([&a])).is_ok());
}

#[test]
fn a_signature_is_of_its_file_and_its_revision() {
    let key = key();
    let old = policy().with_revision(3).sign(&key).unwrap();
    let new = policy().with_revision(4);
    let file = with_signatures(&new.to_artifact(), &old.to_artifact()[new.to_artifact().len()..]);
    assert_eq!(code(&file, &trusting([&key])), "wrong_signature");
    assert!(old.with_revision(4).signatures().is_empty());
}

#[test]
fn revisions_only_go_up() {
    let key = key();
    let file = policy().with_revision(7).sign(&key).unwrap().to_artifact();
    for revision in [0, 1, 7] {
        assert!(load(&file, &trusting([&key]).min_revision(revision)).is_ok(), "{revision}");
        assert!(load(&file, &LoadOptions::new().min_revision(revision)).is_ok(), "{revision}");
    }
    for revision in [8, u64::MAX] {
        assert_eq!(code(&file, &trusting([&key]).min_revision(revision)), "old_revision");
        assert_eq!(code(&file, &LoadOptions::new().min_revision(revision)), "old_revision");
    }
    let unnumbered = policy().to_artifact();
    assert_eq!(code(&unnumbered, &LoadOptions::new().min_revision(1)), "old_revision");
    // Who has made it comes first: until then its revision is a claim.
    assert_eq!(code(&unnumbered, &trusting([&key]).min_revision(1)), "not_signed");
    let highest = policy().with_revision(u64::MAX).to_artifact();
    assert!(load(&highest, &LoadOptions::new().min_revision(u64::MAX)).is_ok());
}

#[test]
fn as_many_as_a_file_may_have_and_no_more() {
    let mut signed = policy();
    let keys: Vec<SigningKey> = (0..64).map(|_| key()).collect();
    for key in &keys {
        signed = signed.sign(key).unwrap();
    }
    let file = signed.to_artifact();
    assert_eq!(load(&file, &trusting(&keys)).unwrap().verified_keys().len(), 64);
    let error = signed.sign(&key()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "signature 64 of the artifact: more signatures than a file may have"
    );
}

#[test]
fn documents_are_not_signed() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("signing_documents");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("schema.yaml"), SCHEMA).unwrap();
    std::fs::write(folder.join("policy.yaml"), POLICY).unwrap();
    let key = key();
    let load = |options: &LoadOptions| match Policy::from_path_with(&folder, options) {
        Err(LoadError::Trust(error)) => error.code(),
        Ok(_) => "loaded",
        Err(error) => panic!("{error}"),
    };
    assert_eq!(load(&LoadOptions::new()), "loaded");
    assert_eq!(load(&trusting([&key])), "not_signed");
    assert_eq!(load(&LoadOptions::new().min_revision(1)), "old_revision");
    let file = folder.join("policy.actra");
    policy().sign(&key).unwrap().save(&file).unwrap();
    let loaded = Policy::from_path_with(&file, &trusting([&key])).unwrap();
    assert_eq!(loaded.verified_keys(), [key.public().id()]);
    assert!(Policy::from_artifact_file_with(&file, &trusting([])).is_err());
}

#[test]
fn a_key_is_the_same_by_its_bytes_and_in_pem() {
    let key = key().public();
    assert_eq!(PublicKey::parse(&key.to_bytes()), Ok(key.clone()));
    assert_eq!(PublicKey::parse(key.to_pem().as_bytes()), Ok(key));
}
