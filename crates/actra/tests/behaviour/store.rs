//! Policies that are replaced while others decide.

use actra::Policy;
use actra::store::{PolicyStore, ReloadEvent, StoreError};
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SCHEMA: &str = "version: 1\nactions: {ping: {}}\n";
pub(crate) const INPUT: &[u8] = br#"{"action": {"type": "ping"}}"#;

/// A folder that is gone at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("actra-store-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A directory with a policy.
    pub(crate) fn directory(&self, name: &str, rule: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("schema.yaml"), SCHEMA).unwrap();
        fs::write(path.join("policy.yaml"), policy(rule)).unwrap();
        path
    }

    /// An artifact.
    pub(crate) fn artifact(&self, name: &str, rule: &str) -> PathBuf {
        let path = self.path(name);
        compiled(rule).save(&path).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn policy(rule: &str) -> String {
    format!("version: 2\nrules:\n  - {{id: {rule}, scope: {{action: ping}}, effect: allow}}\n")
}

pub(crate) fn compiled(rule: &str) -> Policy {
    Policy::from_strings(SCHEMA, &policy(rule), None).unwrap()
}

/// Policies whose rules are `rule_0` and on, and by hash which rule decides.
pub(crate) fn numbered(count: usize) -> (Vec<Policy>, HashMap<[u8; 32], String>) {
    let names = (0..count).map(|at| format!("rule_{at}"));
    let policies: Vec<Policy> = names.clone().map(|name| compiled(&name)).collect();
    let rules = policies.iter().map(Policy::policy_hash).zip(names).collect();
    (policies, rules)
}

pub(crate) fn rule(store: &PolicyStore) -> String {
    store.policy().evaluate_json(INPUT).unwrap().matched_rule.unwrap()
}

/// Fails unless it comes true.
pub(crate) fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The bad file keeps the good policy; a good one comes into force again.
pub(crate) fn is_refused(store: &PolicyStore, code: &str, repair: impl Fn()) {
    let (hash, failures) = (store.policy().policy_hash(), store.status().failures);
    let error = store.reload_if_changed().expect("a change is seen").unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert_eq!(rule(store), "good");
    let status = store.status();
    assert_eq!(status.failures, failures + 1);
    assert_eq!(status.policy_hash, actra::hex(&hash));
    let failure = status.failure.unwrap();
    assert_eq!((failure.code, failure.message), (code, error.to_string()));
    assert!(store.reload_if_changed().is_none(), "the same failure once more");
    repair();
    assert!(store.reload_if_changed().expect("the repair is seen").is_ok());
    assert!(store.status().failure.is_none());
}

#[test]
fn a_bad_file_keeps_the_last_good_policy() {
    let folder = Folder::new();
    let path = folder.artifact("p.actra", "good");
    let store = PolicyStore::open(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let put_right = || compiled("good").save(&path).unwrap();
    assert!(store.reload_if_changed().is_none());
    // As on a full disk, or in the middle of being written.
    for length in [0, 1, 7, good.len() / 2, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        is_refused(&store, "artifact", put_right);
    }
    let mut damaged = good.clone();
    damaged[good.len() / 2] ^= 1;
    fs::write(&path, damaged).unwrap();
    is_refused(&store, "artifact", put_right);
    fs::remove_file(&path).unwrap();
    is_refused(&store, "io", put_right);
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    is_refused(&store, "io", put_right);
    fs::remove_file(&path).unwrap();
    symlink(folder.path("nowhere"), &path).unwrap();
    is_refused(&store, "io", put_right);
    assert_eq!(store.status().failures, 9);
}

#[test]
fn documents_that_do_not_compile_keep_the_last_good_policy() {
    let folder = Folder::new();
    let path = folder.directory("p", "good");
    let store = PolicyStore::open(&path).unwrap();
    let write = |text: &str| fs::write(path.join("policy.yaml"), text).unwrap();
    write("version: 2\nrules: [{id: bad, scope: {action: pong}, effect: allow}]\n");
    is_refused(&store, "compile", || write(&policy("good")));
    let message = PolicyStore::open(folder.path("nowhere")).unwrap_err().to_string();
    assert!(message.contains("nowhere"), "{message}");
}

#[test]
fn tests_of_the_policy_have_to_pass() {
    let folder = Folder::new();
    let path = folder.directory("p", "good");
    let test = |expected: &str| {
        format!(
            "name: pings\ntests:\n  - {{name: all pass, input: {{action: {{type: ping}}}}, expect: {expected}}}\n"
        )
    };
    fs::write(path.join("policy_test.yaml"), test("allow")).unwrap();
    let store = PolicyStore::open(&path).unwrap();
    fs::write(path.join("policy.yaml"), policy("good").replace("allow", "block")).unwrap();
    is_refused(&store, "tests", || {
        fs::write(path.join("policy.yaml"), policy("good")).unwrap();
    });
    fs::write(path.join("policy_test.yaml"), test("block")).unwrap();
    let error = PolicyStore::open(&path).unwrap_err();
    assert!(
        matches!(&error, StoreError::Tests { failed: 1, first } if first.contains("all pass")),
        "{error}"
    );
    assert!(PolicyStore::builder(&path).without_tests().open().is_ok());
    fs::write(path.join("policy_test.yaml"), "tests: {").unwrap();
    assert_eq!(PolicyStore::open(&path).unwrap_err().code(), "tests");
}

#[test]
fn a_check_of_the_host_refuses_and_a_panic_in_it_does_too() {
    let folder = Folder::new();
    let path = folder.artifact("p.actra", "good");
    let panics = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&panics);
    let check = move |policy: &Policy| {
        assert!(!seen.load(Ordering::Relaxed), "told to");
        let decision = policy.evaluate_json(INPUT).map_err(|error| error.to_string())?;
        match decision.matched_rule.as_deref() {
            Some("good") => Ok(()),
            other => Err(format!("{other:?} decides")),
        }
    };
    let store = PolicyStore::builder(&path).check(check).open().unwrap();
    compiled("other").save(&path).unwrap();
    is_refused(&store, "refused", || compiled("good").save(&path).unwrap());
    panics.store(true, Ordering::Relaxed);
    compiled("good").save(&path).unwrap();
    is_refused(&store, "refused", || {
        panics.store(false, Ordering::Relaxed);
        compiled("good").save(&path).unwrap();
    });
}

#[test]
fn observers_hear_of_every_reload_and_their_panics_are_their_own() {
    let folder = Folder::new();
    let path = folder.artifact("p.actra", "good");
    let events: Arc<Mutex<Vec<ReloadEvent>>> = Arc::default();
    let heard = Arc::clone(&events);
    let store = PolicyStore::builder(&path)
        .on_reload(|_| panic!("an observer's own"))
        .on_reload(move |event| heard.lock().unwrap().push(event.clone()))
        .open()
        .unwrap();
    assert!(!store.reload().unwrap());
    compiled("other").save(&path).unwrap();
    assert!(store.reload().unwrap());
    fs::write(&path, "rubbish").unwrap();
    store.reload().unwrap_err();
    let events = events.lock().unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.changed, event.status.generation, event.failure.is_some()))
        .collect();
    assert_eq!(told, [(false, 2, false), (true, 3, false), (false, 3, true)]);
    let json = serde_json::to_value(&events[2]).unwrap();
    assert_eq!(json["failure"]["code"], "artifact");
    assert_eq!(json["status"]["policy_hash"], actra::hex(&compiled("other").policy_hash()));
}

#[test]
fn changes_are_noticed_in_files_directories_and_where_links_lead() {
    let folder = Folder::new();
    let file = folder.artifact("p.actra", "first");
    let directory = folder.directory("d", "first");
    // As volumes are mounted: the name stays, and what it leads to is replaced.
    let (one, two) = (folder.directory("one", "first"), folder.directory("two", "second"));
    let link = folder.path("link");
    symlink(&one, &link).unwrap();
    let stores = [&file, &directory, &link].map(|path| PolicyStore::open(path).unwrap());
    let watching = stores.each_ref().map(PolicyStore::watch);
    assert!(watching.iter().all(actra::store::Watching::is_running));
    compiled("second").save(&file).unwrap();
    fs::write(directory.join("policy.yaml"), policy("second")).unwrap();
    let beside = folder.path("beside");
    symlink(&two, &beside).unwrap();
    fs::rename(&beside, &link).unwrap();
    for store in &stores {
        wait(&format!("{store:?} is not replaced"), || rule(store) == "second");
    }
    fs::write(directory.join("policy.yaml"), "rules: [").unwrap();
    wait("the failure is not noticed", || stores[1].status().failure.is_some());
    fs::write(directory.join("policy.yaml"), policy("third")).unwrap();
    wait("the repair is not noticed", || rule(&stores[1]) == "third");
    drop(watching);
    compiled("fourth").save(&file).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(rule(&stores[0]), "second", "nobody watches any more");
}

#[test]
fn an_observer_may_end_the_watching_that_called_it() {
    let folder = Folder::new();
    let path = folder.artifact("p.actra", "first");
    let watching: Arc<Mutex<Option<actra::store::Watching>>> = Arc::default();
    let (held, ended) = (Arc::clone(&watching), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&ended);
    let store = PolicyStore::builder(&path)
        .on_reload(move |_| {
            drop(held.lock().unwrap().take());
            told.store(true, Ordering::Relaxed);
        })
        .open()
        .unwrap();
    *watching.lock().unwrap() = Some(store.watch());
    compiled("second").save(&path).unwrap();
    wait("the observer comes back", || ended.load(Ordering::Relaxed));
    assert_eq!(rule(&store), "second");
}

#[test]
fn no_decision_is_of_two_policies_however_often_they_are_replaced() {
    const POLICIES: usize = 8;
    let folder = Folder::new();
    let (policies, rules) = numbered(POLICIES);
    let path: PathBuf = folder.artifact("p.actra", "rule_0");
    let store = PolicyStore::open(&path).unwrap();
    let (ends, decisions) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let policy = store.policy();
                    let decision = policy.evaluate_json(INPUT).unwrap();
                    assert_eq!(decision.matched_rule.as_ref(), rules.get(&policy.policy_hash()));
                    decisions.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let reload = |path: &Path| {
            for at in 0..1000 {
                policies[at % POLICIES].save(path).unwrap();
                store.reload().unwrap();
                assert_eq!(rule(&store), format!("rule_{}", at % POLICIES));
            }
        };
        reload(&path);
        ends.store(true, Ordering::Relaxed);
    });
    assert_eq!(store.status().generation, 1001);
    assert_eq!(store.status().failures, 0);
    assert!(decisions.load(Ordering::Relaxed) > 1000);
}

#[test]
fn a_directory_that_changes_while_it_is_read_is_read_again() {
    let folder = Folder::new();
    let path = folder.directory("p", "rule_0");
    let written = Arc::new(AtomicUsize::new(0));
    let (seen, place) = (Arc::clone(&written), path.clone());
    // The check runs between reading and coming into force: a change there is one while it is read.
    let check = move |_: &Policy| {
        let number = seen.fetch_add(1, Ordering::Relaxed);
        if number < 3 {
            fs::write(place.join("policy.yaml"), policy(&format!("rule_{}", number + 1))).unwrap();
        }
        Ok(())
    };
    let store = PolicyStore::builder(&path).check(check).open().unwrap();
    assert_eq!(rule(&store), "rule_3");
    assert_eq!(written.load(Ordering::Relaxed), 4);
    assert!(store.reload_if_changed().is_none());
}

#[test]
fn what_is_prepared_of_a_policy_is_replaced_with_it() {
    let folder = Folder::new();
    let path = folder.artifact("p.actra", "first");
    let store = PolicyStore::builder(&path)
        .prepare(|policy| {
            let rule = policy.evaluate_json(INPUT).map_err(|error| error.to_string())?.matched_rule;
            match rule.as_deref() {
                Some("panic") => panic!("told to"),
                Some("bad") => Err("it is bad".to_owned()),
                _ => Ok(rule),
            }
        })
        .open()
        .unwrap();
    let prepared = |store: &PolicyStore| {
        let current = store.policy();
        (current.generation(), current.prepared::<Option<String>>().unwrap().clone().unwrap())
    };
    let first = store.policy();
    assert_eq!(prepared(&store), (1, "first".to_owned()));
    for (rule_id, message) in [("bad", "it is bad"), ("panic", "the preparation panicked")] {
        compiled(rule_id).save(&path).unwrap();
        let error = store.reload().unwrap_err().to_string();
        assert_eq!(error, format!("the policy is refused: {message}"));
        assert_eq!((prepared(&store), store.generation()), ((1, "first".to_owned()), 1));
    }
    compiled("second").save(&path).unwrap();
    assert!(store.reload().unwrap());
    assert_eq!((prepared(&store), store.generation()), ((2, "second".to_owned()), 2));
    assert_eq!(first.generation(), 1, "who has the first one keeps it");
    assert!(store.policy().prepared::<u8>().is_none(), "nothing of another type");
}

#[test]
fn a_directory_at_rest_is_not_looked_at_again_and_again() {
    let folder = Folder::new();
    let path = folder.directory("p", "first");
    let store = PolicyStore::open(&path).unwrap();
    let mut changes = store.changes();
    assert!(changes.wait(Duration::MAX), "the first look is at once");
    assert!(store.reload_if_changed().is_none());
    // The look itself opens the directory, of which the system would tell.
    assert!(!changes.wait(Duration::from_millis(800)), "a look leads to the next one");
    fs::write(path.join("policy.yaml"), policy("second")).unwrap();
    assert!(changes.wait(Duration::MAX));
    assert!(store.reload_if_changed().unwrap().unwrap());
    let waker = changes.waker();
    waker.wake();
    assert!(!changes.wait(Duration::MAX), "somebody has ended it");
    let ending = std::thread::spawn(move || waker.wake());
    while changes.wait(Duration::MAX) {}
    ending.join().unwrap();
}
