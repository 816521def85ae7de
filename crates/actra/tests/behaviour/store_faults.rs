//! Faults of the system under a store: permissions that are lost, disks that are full, files that
//! are replaced and rewritten all the time.

use crate::store::{Folder, INPUT, compiled, is_refused, numbered, rule, wait};
use actra::store::PolicyStore;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// A user and group that own nothing.
const NOBODY: u32 = 65_534;

/// Root may read everything: whether a test is to be run, here or, by root, as nobody in a process
/// of its own.
fn is_bound_by_permissions(test: &str) -> bool {
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        return true;
    }
    let folder = Folder::new();
    let program = folder.path("tests");
    let this = std::env::current_exe().unwrap();
    fs::hard_link(&this, &program).or_else(|_| fs::copy(&this, &program).map(drop)).unwrap();
    let home = folder.path("");
    chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
    let output = Command::new(&program)
        .args([test, "--exact"])
        .env("TMPDIR", &home)
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
    false
}

fn permit(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_lost_permission_keeps_the_last_good_policy() {
    if !is_bound_by_permissions("store_faults::a_lost_permission_keeps_the_last_good_policy") {
        return;
    }
    let folder = Folder::new();
    let file = folder.artifact("p.actra", "good");
    let store = PolicyStore::open(&file).unwrap();
    permit(&file, 0o000);
    is_refused(&store, "io", || permit(&file, 0o600));
    let message = PolicyStore::open(folder.path("p.actra")).map(drop);
    assert!(message.is_ok(), "{message:?}");

    // A document that cannot be read, and a directory that cannot be listed or entered.
    let directory = folder.directory("d", "good");
    let store = PolicyStore::open(&directory).unwrap();
    let document = directory.join("policy.yaml");
    permit(&document, 0o000);
    is_refused(&store, "compile", || permit(&document, 0o600));
    for mode in [0o000, 0o300, 0o600] {
        permit(&directory, mode);
        is_refused(&store, "compile", || permit(&directory, 0o700));
    }
}

/// A folder on a disk of its own, of so many kilobytes: by whoever may mount one.
fn small_disk(folder: &Folder, kilobytes: usize) -> bool {
    let place = folder.path("disk");
    fs::create_dir(&place).unwrap();
    let size = format!("size={kilobytes}k");
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", &size, "actra-test"]).arg(&place).output();
    mount.is_ok_and(|output| output.status.success())
}

struct Mounted<'a>(&'a Folder);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path("disk")).output();
    }
}

#[test]
fn a_full_disk_keeps_the_last_good_policy_and_its_file() {
    let folder = Folder::new();
    if !small_disk(&folder, 64) {
        // The same, in effect, is tried with halves of files in `store`.
        eprintln!("NOT TRIED: nobody here may mount a disk, so none can be full");
        return;
    }
    let mounted = Mounted(&folder);
    let path = folder.path("disk/p.actra");
    compiled("good").save(&path).unwrap();
    let before = fs::read(&path).unwrap();
    let store = PolicyStore::open(&path).unwrap();
    let filler = folder.path("disk/filler");
    let full = fs::write(&filler, vec![1; 1 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    // Put in place whole or not at all, and nothing is left behind.
    let error = compiled("other").save(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path("disk")).unwrap().count(), 2);
    assert!(store.reload_if_changed().is_none(), "nothing has changed");
    // By somebody who writes into the file itself, and finds no room behind emptying it.
    let mut emptied = fs::File::create(&path).unwrap();
    let mut rest = fs::OpenOptions::new().append(true).open(&filler).unwrap();
    rest.write_all(&vec![1; 1 << 20]).unwrap_err();
    emptied.write_all(&compiled("other").to_artifact()).unwrap_err();
    drop((emptied, rest));
    is_refused(&store, "artifact", || {
        fs::remove_file(&filler).unwrap();
        compiled("good").save(&path).unwrap();
    });
    compiled("other").save(&path).unwrap();
    assert!(store.reload_if_changed().unwrap().unwrap());
    assert_eq!(rule(&store), "other");
    drop(mounted);
    // The disk is gone altogether.
    assert_eq!(store.reload_if_changed().unwrap().unwrap_err().code(), "io");
    assert_eq!(rule(&store), "other");
}

/// Files that are replaced, rewritten in place, cut, linked elsewhere and removed, at over a
/// thousand changes a minute, while it is watched and two threads decide.
#[test]
fn a_watched_file_that_never_rests_is_followed() {
    const POLICIES: usize = 5;
    const CHANGES: usize = 150;
    let folder = Folder::new();
    let (policies, rules) = numbered(POLICIES);
    let path = folder.artifact("p.actra", "rule_0");
    let beside = folder.artifact("beside.actra", "rule_4");
    let store = PolicyStore::open(&path).unwrap();
    let watching = store.watch();
    assert!(watching.is_running());
    let (ends, decisions) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    let policy = store.policy();
                    let decision = policy.evaluate_json(INPUT).unwrap();
                    assert_eq!(decision.matched_rule.as_ref(), rules.get(&policy.policy_hash()));
                    decisions.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_micros(50));
                }
            });
        }
        for change in 0..CHANGES {
            let artifact = policies[change % 4].to_artifact();
            match change % 5 {
                0 | 1 => policies[change % 4].save(&path).unwrap(),
                2 => fs::write(&path, &artifact).unwrap(),
                3 => fs::write(&path, &artifact[..artifact.len() / 2]).unwrap(),
                _ => {
                    fs::remove_file(&path).unwrap();
                    std::os::unix::fs::symlink(&beside, &path).unwrap();
                }
            }
            if change % 5 == 4 {
                // Else the next write would go through the link.
                fs::remove_file(&path).unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        policies[3].save(&path).unwrap();
        wait("the last change is not followed", || {
            rule(&store) == "rule_3" && store.status().failure.is_none()
        });
        ends.store(true, Ordering::Relaxed);
    });
    assert!(store.status().generation > 1 && decisions.load(Ordering::Relaxed) > 100);
}
