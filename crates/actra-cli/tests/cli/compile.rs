//! `actra compile`.

use crate::support::{POLICY, Room, SCHEMA};
use std::fs;

#[test]
fn the_same_documents_give_the_same_bytes_wherever_they_are() {
    let room = Room::compiled("reproducible");
    let bytes = room.read("policy.actra");
    let absolute = room.path("policy");
    room.policy("elsewhere/copy", SCHEMA, POLICY);
    for directory in ["policy", "./policy/", absolute.to_str().unwrap(), "elsewhere/copy"] {
        room.run(&["compile", directory, "-o", "again.actra"]).succeeds();
        assert_eq!(room.read("again.actra"), bytes, "{directory}");
    }
}

#[test]
fn it_says_what_it_wrote() {
    let room = Room::new("compile_says");
    let run = room.run(&["compile", "policy", "-o", "out.actra"]).succeeds();
    let size = room.read("out.actra").len();
    let hash = room.run(&["hash", "policy"]).succeeds().stdout;
    let digest = room.run(&["hash", "policy", "--program"]).succeeds().stdout;
    assert_eq!(
        run.stdout,
        format!(
            "wrote out.actra ({size} bytes)\n  policy hash     {hash}  program digest  {digest}"
        )
    );
    let run = room.run(&["compile", "policy", "-o", "out.actra", "--format", "json"]).succeeds();
    let written = run.json();
    assert_eq!(written["output"], "out.actra");
    assert_eq!(written["bytes"], size);
    assert_eq!(written["policy_hash"], hash.trim());
    assert_eq!(written["program_digest"], digest.trim());
    assert_eq!(written["warnings"], 0);
}

#[test]
fn only_artifacts_are_replaced_unless_by_force() {
    let room = Room::new("replace");
    room.write("notes.txt", "dear diary");
    let refused = ["error[not_an_artifact]: `notes.txt`", "--force"];
    room.run(&["compile", "policy", "-o", "notes.txt"]).fails(&refused);
    assert_eq!(room.read("notes.txt"), b"dear diary");
    room.run(&["compile", "policy", "-o", "notes.txt", "--force"]).succeeds();
    let bytes = room.read("notes.txt");
    room.run(&["compile", "policy", "-o", "notes.txt"]).succeeds();
    // A damaged one is an artifact that somebody wants to have replaced.
    room.write("notes.txt", &bytes[..20]);
    room.run(&["compile", "policy", "-o", "notes.txt"]).succeeds();
    assert_eq!(room.read("notes.txt"), bytes);
    room.write("empty", "");
    room.run(&["compile", "policy", "-o", "empty"]).succeeds();
    assert_eq!(room.files(), ["empty", "notes.txt", "policy"], "nothing else is left behind");
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let room = Room::compiled("not_a_file");
    room.run(&["compile", "policy", "-o", "."]).fails(&["error[not_a_file]", "is a directory"]);
    room.run(&["compile", "policy", "-o", "nowhere/out.actra"])
        .fails(&["error[unwritable_file]", "the directory `nowhere` is not there"]);
    room.run(&["compile", "policy.actra", "-o", "out.actra"])
        .fails(&["error[already_compiled]: `policy.actra` is compiled already"]);
    assert_eq!(room.files(), ["policy", "policy.actra"]);
}

#[test]
fn documents_with_errors_leave_the_old_file_as_it_is() {
    let room = Room::compiled("keeps_old");
    let bytes = room.read("policy.actra");
    room.policy("policy", SCHEMA, &POLICY.replace("effect: allow", "effect: alow"));
    room.run(&["compile", "policy", "-o", "policy.actra"]).fails(&[
        "did you mean `allow`?",
        "error: the policy does not compile: 1 error in 1 file\n",
    ]);
    assert_eq!(room.read("policy.actra"), bytes);
    assert_eq!(room.files(), ["policy", "policy.actra"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_followed() {
    let room = Room::new("link");
    room.write("real/policy.actra", "");
    std::os::unix::fs::symlink("real/policy.actra", room.path("link.actra")).unwrap();
    room.run(&["compile", "policy", "-o", "link.actra"]).succeeds();
    assert!(fs::symlink_metadata(room.path("link.actra")).unwrap().is_symlink());
    assert!(!room.read("real/policy.actra").is_empty());
    // A link to nowhere would become a file otherwise, and whoever made it wonder.
    fs::remove_file(room.path("real/policy.actra")).unwrap();
    room.run(&["compile", "policy", "-o", "link.actra"]).fails(&["link.actra", "a link"]);
}

#[cfg(unix)]
#[test]
fn devices_are_left_alone() {
    let room = Room::new("device");
    room.run(&["compile", "policy", "-o", "/dev/null", "--force"])
        .fails(&["error[not_a_file]: `/dev/null` is no regular file"]);
}

#[test]
fn documents_are_in_the_file_only_where_they_are_asked_for() {
    let room = Room::compiled("with_documents");
    let plain = room.read("policy.actra");
    let holds = |bytes: &[u8], text: &str| {
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(!holds(&plain, POLICY) && !holds(&plain, SCHEMA));
    let hash = room.run(&["hash", "policy.actra", "--program"]).succeeds().stdout;
    room.run(&["compile", "policy", "-o", "policy.actra", "--with-documents"]).succeeds();
    let with = room.read("policy.actra");
    assert!(holds(&with, POLICY) && holds(&with, SCHEMA));
    assert!(with.len() < plain.len() + POLICY.len() + SCHEMA.len() + 50);
    assert_eq!(room.run(&["hash", "policy.actra", "--program"]).succeeds().stdout, hash);
    // It is a policy like any other.
    room.run(&["check", "policy.actra"]).succeeds();
    room.run(&["compile", "policy", "-o", "again.actra", "--with-documents"]).succeeds();
    assert_eq!(room.read("again.actra"), with);
}
