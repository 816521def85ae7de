//! `actra convert`.

use crate::support::Room;
use std::fs;

const SCHEMA: &str = "\
version: 1
actions:
  refund:
    fields: {amount: number, note: string}
actor:
  fields: {role: string, the name: string}
";

const POLICY: &str = "\
version: 2   # two spaces
rules:
  - id: large
    scope: {action: refund}
    when:
      subject: {domain: action, field: amount}
      operator: greater_than
      value: {literal: 1000}   # in dollars
    effect: block
  - {id: named, scope: {action: refund}, effect: allow, when: {any: [actor.role == lead, {subject: {domain: actor, field: the name}, operator: exists}]}}
";

const MORE: &str = "\
version: 2
rules:
  - id: note
    scope: {action: refund}
    when: {subject: {domain: action, field: note}, operator: exists}
    effect: require_approval
";

const SHORT: &str = "\
version: 2   # two spaces
rules:
  - id: large
    scope: {action: refund}
    when: action.amount > 1000   # in dollars
    effect: block
  - {id: named, scope: {action: refund}, effect: allow, when: {any: [actor.role == lead, {subject: {domain: actor, field: the name}, operator: exists}]}}
";

fn room(test: &str) -> Room {
    let room = Room::new(test);
    room.policy("p", SCHEMA, POLICY);
    room.write("p/policies/more.yaml", MORE);
    room
}

fn text(room: &Room, file: &str) -> String {
    String::from_utf8(room.read(file)).unwrap()
}

#[test]
fn a_directory_is_converted_in_place_and_stays_the_same_policy() {
    let room = room("convert_directory");
    let hash = room.run(&["hash", "p"]).succeeds().stdout;
    let digest = room.run(&["hash", "p", "--program"]).succeeds().stdout;
    let run = room.run(&["convert", "p", "--to", "short"]).succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(
        run.stdout,
        format!(
            "converted p/policy.yaml: 1 atom, 1 short already, 1 kept long\n  \
             kept p/policy.yaml:10:90: the short form has no field names like `the name`\n\
             converted p/policies/more.yaml: 1 atom\n\
             policy hash  {}, as before\n",
            hash.trim()
        )
    );
    assert_eq!(text(&room, "p/policy.yaml"), SHORT);
    assert!(text(&room, "p/policies/more.yaml").contains("    when: action.note exists\n"));
    assert_eq!(text(&room, "p/schema.yaml"), SCHEMA);
    assert_eq!(room.run(&["hash", "p"]).succeeds().stdout, hash);
    assert_eq!(room.run(&["hash", "p", "--program"]).succeeds().stdout, digest);

    let run = room.run(&["convert", "p", "--to", "short"]).succeeds();
    assert!(
        run.stdout.starts_with("unchanged p/policy.yaml: no atoms, 2 short already"),
        "{run:?}"
    );
    assert_eq!(text(&room, "p/policy.yaml"), SHORT);

    room.run(&["convert", "p", "--to", "long"]).succeeds();
    assert_eq!(room.run(&["hash", "p"]).succeeds().stdout, hash);
    let long = text(&room, "p/policy.yaml");
    assert!(long.contains("value: {literal: 1000}   # in dollars\n"), "{long}");
    assert_eq!(fs::read_dir(room.path("p")).unwrap().count(), 3, "nothing is left behind");
}

#[test]
fn a_check_shows_what_would_change_and_writes_nothing() {
    let room = room("convert_check");
    let run = room.run(&["convert", "p", "--to", "short", "--check"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.starts_with(
            "--- a/p/policy.yaml\n+++ b/p/policy.yaml\n@@ -2,9 +2,6 @@\n rules:\n   - id: large\n     scope: {action: refund}\n-    when:\n"
        ),
        "{run:?}"
    );
    assert!(run.stdout.contains("+    when: action.amount > 1000   # in dollars\n"), "{run:?}");
    assert!(run.stderr.contains("would convert p/policy.yaml: 1 atom"), "{run:?}");
    let shown = room.run(&["convert", "p", "--to", "short", "--diff"]).succeeds();
    assert_eq!(shown.stdout, run.stdout);
    assert_eq!(text(&room, "p/policy.yaml"), POLICY);

    // What is shown is a patch.
    room.write("patch", &run.stdout);
    let mut patch = std::process::Command::new("git");
    patch.args(["apply", "--unsafe-paths", "-p1", "patch"]).current_dir(room.path(""));
    patch.env("GIT_CEILING_DIRECTORIES", room.path("").parent().unwrap());
    if let Ok(output) = patch.output() {
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&room, "p/policy.yaml"), SHORT);
    } else {
        room.run(&["convert", "p", "--to", "short"]).succeeds();
    }
    let run = room.run(&["convert", "p", "--to", "short", "--check"]).succeeds();
    assert_eq!(run.stdout, "");
}

#[test]
fn one_document_goes_to_standard_output() {
    let room = room("convert_stdout");
    let run = room.run(&["convert", "p/policy.yaml", "--to", "short", "--stdout"]).succeeds();
    assert_eq!(run.stdout, SHORT);
    assert!(run.stderr.contains("would convert p/policy.yaml"), "{run:?}");
    assert_eq!(text(&room, "p/policy.yaml"), POLICY);
    room.run(&["convert", "p", "--to", "short", "--stdout"])
        .fails(&["error[not_a_document]", "p/policy.yaml"]);
    room.run(&["convert", "p/policy.yaml", "--to", "short", "--stdout", "--format", "json"])
        .fails(&["conflicting_options"]);
    for pair in [["--check", "--diff"], ["--check", "--stdout"], ["--diff", "--stdout"]] {
        room.run(&["convert", "p", "--to", "short", pair[0], pair[1]])
            .fails(&["cannot be used with"]);
    }
}

#[test]
fn one_document_is_converted_alone_wherever_one_stands() {
    let room = room("convert_one");
    let run = room.run(&["convert", "p/policies/more.yaml", "--to", "short"]).succeeds();
    assert!(run.stdout.starts_with("converted p/policies/more.yaml: 1 atom\n"), "{run:?}");
    assert_eq!(text(&room, "p/policy.yaml"), POLICY);
    for (directory, file, changed) in
        [("p", "policy.yaml", "p/policy.yaml"), ("p/policies", "more.yaml", "p/policies/more.yaml")]
    {
        let before = text(&room, changed);
        let mut command = room.command(&["convert", file, "--to", "long"]);
        let output = command.current_dir(room.path(directory)).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_ne!(text(&room, changed), before);
    }
    for (file, help) in [
        ("p/schema.yaml", "not_a_document"),
        ("patch", "missing_file"),
        ("nowhere/policy.yaml", "missing_file"),
    ] {
        room.run(&["convert", file, "--to", "short"]).fails(&[help]);
    }
    room.write("alone/policy.yaml", POLICY);
    room.run(&["convert", "alone/policy.yaml", "--to", "short"])
        .fails(&["not_a_document", "help: name"]);
}

#[test]
fn what_does_not_compile_is_refused_with_what_is_wrong() {
    let room = room("convert_broken");
    room.write("p/policies/more.yaml", MORE.replace("field: note", "field: nota"));
    room.run(&["convert", "p", "--to", "short"]).fails(&[
        "undeclared_field",
        "did you mean",
        "the policy does not compile: 1 error",
    ]);
    room.run(&["convert", "p/policy.yaml", "--to", "short", "--stdout"])
        .fails(&["undeclared_field"]);
    assert_eq!(text(&room, "p/policy.yaml"), POLICY);
}

#[test]
fn programs_are_told_the_same() {
    let room = room("convert_json");
    let report = room.run(&["convert", "p", "--to", "short", "--check", "--format", "json"]);
    assert_eq!(report.status, 1);
    let report = report.json();
    assert_eq!(report["form"], "short");
    assert_eq!(report["written"], false);
    assert_eq!(
        (report["converted"].as_u64(), report["already"].as_u64(), report["kept"].as_u64()),
        (Some(2), Some(1), Some(1))
    );
    let document = &report["documents"][0];
    assert_eq!(document["file"], "p/policy.yaml");
    assert_eq!(document["changed"], true);
    assert_eq!(document["kept"][0]["code"], "field_name");
    assert_eq!(document["kept"][0]["line"], 10);
    assert!(document["diff"].as_str().unwrap().starts_with("--- a/"));
    let report = room.run(&["convert", "p", "--to", "short", "--format", "json"]).succeeds().json();
    assert_eq!(report["written"], true);
    assert_eq!(report["documents"][0]["diff"], serde_json::Value::Null);
    assert_eq!(report["policy_hash"].as_str().unwrap().len(), 64);
    let report = room.run(&["convert", "p", "--to", "short", "--format", "json"]).succeeds().json();
    assert_eq!(report["written"], false);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = room("convert_links");
    fs::rename(room.path("p/policy.yaml"), room.path("real.yaml")).unwrap();
    fs::set_permissions(room.path("real.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("../real.yaml", room.path("p/policy.yaml")).unwrap();
    room.run(&["convert", "p", "--to", "short"]).succeeds();
    assert!(fs::symlink_metadata(room.path("p/policy.yaml")).unwrap().is_symlink());
    assert_eq!(text(&room, "real.yaml"), SHORT);
    assert_eq!(fs::metadata(room.path("real.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
    fs::set_permissions(room.path("real.yaml"), fs::Permissions::from_mode(0o444)).unwrap();
    room.run(&["convert", "p/policy.yaml", "--to", "long"]).fails(&["read-only"]);
    assert_eq!(text(&room, "real.yaml"), SHORT);
}

#[test]
fn a_literal_that_equals_nothing_does_not_stop_the_others() {
    let room = Room::new("convert_nan");
    let policy = "\
version: 1
rules:
  - id: a
    scope: {action: refund}
    when:
      any:
        - {subject: {domain: action, field: amount}, operator: equals, value: {literal: .nan}}
        - {subject: {domain: action, field: amount}, operator: equals, value: {literal: 5}}
    effect: block
";
    room.policy("p", SCHEMA, policy);
    let run = room.run(&["convert", "p", "--to", "short"]).succeeds();
    assert!(run.stdout.contains("the short form has no number `.nan`"), "{run:?}");
    assert!(text(&room, "p/policy.yaml").contains("        - action.amount == 5\n"));
}

#[test]
fn a_document_that_is_not_there_is_not_converted() {
    let room = room("convert_nowhere");
    room.write("policy/policies/README.txt", "no rules");
    for file in ["policy/policies/nowhere.yaml", "policy/policies/README.txt"] {
        room.run(&["convert", file, "--to", "short", "--stdout"]).fails(&["error[", file]);
    }
}
