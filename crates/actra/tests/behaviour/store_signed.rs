//! Stores that replace policies only by those of who is trusted, and by none that is older.

use crate::store::{Folder, compiled, rule};
use actra::signing::SigningKey;
use actra::store::{PolicyStore, StoreError};
use std::path::{Path, PathBuf};

fn save(path: &Path, rule: &str, revision: u64, key: Option<&SigningKey>) {
    let policy = compiled(rule).with_revision(revision);
    let policy = match key {
        Some(key) => policy.sign(key).unwrap(),
        None => policy,
    };
    policy.save(path).unwrap();
}

fn key() -> SigningKey {
    SigningKey::generate().unwrap()
}

fn code(result: Result<bool, StoreError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "replaced")
}

fn file(folder: &Folder) -> PathBuf {
    folder.path("p.actra")
}

#[test]
fn only_what_a_trusted_key_has_signed_comes_into_force() {
    let folder = Folder::new();
    let (path, good, bad) = (file(&folder), key(), key());
    let open = || PolicyStore::builder(&path).trusted_keys([good.public()]).open();
    save(&path, "first", 0, None);
    assert_eq!(open().unwrap_err().code(), "not_signed");
    save(&path, "first", 0, Some(&bad));
    assert_eq!(open().unwrap_err().code(), "unknown_key");
    save(&path, "first", 0, Some(&good));
    let store = open().unwrap();
    assert_eq!(store.policy().verified_keys(), [good.public().id()]);
    save(&path, "second", 0, Some(&bad));
    assert_eq!(code(store.reload()), "unknown_key");
    save(&path, "second", 0, None);
    assert_eq!(code(store.reload()), "not_signed");
    assert_eq!(store.status().failure.unwrap().code, "not_signed");
    assert_eq!(rule(&store), "first");
    save(&path, "second", 0, Some(&good));
    assert_eq!(code(store.reload()), "replaced");
    assert_eq!(rule(&store), "second");
    assert_eq!(store.status().failures, 2);
}

#[test]
fn documents_do_not_come_into_force_where_keys_are_trusted() {
    let folder = Folder::new();
    let path = folder.directory("d", "first");
    let open = |builder: actra::store::PolicyStoreBuilder| builder.open().map(|_| ());
    let builder = || PolicyStore::builder(&path);
    assert_eq!(open(builder().trusted_keys([])).unwrap_err().code(), "not_signed");
    assert_eq!(open(builder().min_revision(1)).unwrap_err().code(), "old_revision");
    assert!(open(builder().never_older()).is_ok());
}

#[test]
fn an_older_policy_does_not_take_the_place_of_a_newer_one() {
    let folder = Folder::new();
    let (path, key) = (file(&folder), key());
    save(&path, "first", 7, Some(&key));
    let builder = || PolicyStore::builder(&path).trusted_keys([key.public()]);
    let (usual, strict) = (builder().open().unwrap(), builder().never_older().open().unwrap());
    save(&path, "second", 6, Some(&key));
    assert_eq!((code(usual.reload()), code(strict.reload())), ("replaced", "old_revision"));
    assert_eq!((rule(&usual).as_str(), rule(&strict).as_str()), ("second", "first"));
    assert_eq!((usual.status().revision, strict.status().revision), (6, 7));
    let message = strict.status().failure.unwrap().message;
    assert_eq!(message, "the policy is of revision 6, and at least 7 is asked for");
    // The same revision is none that is older, and each one that comes into force raises the bar.
    for (rule_id, revision) in [("third", 7), ("fourth", 9)] {
        save(&path, rule_id, revision, Some(&key));
        assert_eq!(code(strict.reload()), "replaced");
        assert_eq!((rule(&strict).as_str(), strict.status().revision), (rule_id, revision));
    }
    save(&path, "fifth", 8, Some(&key));
    assert_eq!(code(strict.reload()), "old_revision");
    assert!(strict.reload_if_changed().is_none(), "it waits for another change");
    assert_eq!(rule(&strict), "fourth");
}

#[test]
fn a_lowest_revision_holds_from_the_start() {
    let folder = Folder::new();
    let path = file(&folder);
    save(&path, "first", 6, None);
    let open = || PolicyStore::builder(&path).min_revision(7).open();
    assert_eq!(open().unwrap_err().code(), "old_revision");
    save(&path, "first", 7, None);
    let store = open().unwrap();
    save(&path, "second", 6, None);
    assert_eq!(code(store.reload()), "old_revision");
    assert_eq!(rule(&store), "first");
}
