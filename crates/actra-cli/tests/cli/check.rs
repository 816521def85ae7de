//! `actra check`, and what every command does with a policy that cannot be loaded.

use crate::support::{POLICY, Room, SCHEMA};
use serde_json::json;

#[test]
fn a_good_policy_is_counted() {
    let room = Room::new("check_good");
    let run = room.run(&["check", "policy"]).succeeds();
    assert_eq!(run.stdout, "ok: 4 rules, 1 action, 3 fields, no warnings\n");
    assert_eq!(run.stderr, "");
}

#[test]
fn a_good_policy_is_reported_as_json() {
    let room = Room::new("check_json");
    let mut report = room.run(&["check", "policy", "--format", "json"]).succeeds().json();
    let hash = report["policy_hash"].take();
    assert_eq!(hash.as_str().unwrap().len(), 64);
    assert_eq!(
        report,
        json!({
            "ok": true,
            "rules": 4,
            "actions": 1,
            "fields": 3,
            "errors": 0,
            "warnings": 0,
            "silenced": 0,
            "policy_hash": null,
            "diagnostics": [],
        })
    );
}

#[test]
fn all_errors_are_reported_at_once_with_their_places() {
    let room = Room::new("check_errors");
    let wrong = POLICY.replace("action.amount > 1000", "action.amout > 1000");
    room.policy("wrong", &SCHEMA.replace("string}", "strin}"), &wrong);
    room.run(&["check", "wrong"]).fails(&[
        "wrong/schema.yaml:6:",
        "wrong/policy.yaml:6:",
        "did you mean `amount`?",
        "error: the policy does not compile: 2 errors in 2 files\n",
    ]);
    let run = room.run(&["check", "wrong", "--format", "json"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let report = run.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["errors"], 2);
    assert_eq!(report["rules"], json!(null));
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 2);
    assert_eq!(report["diagnostics"][1]["line"], 6);
}

#[test]
fn warnings_are_said_and_are_no_problem() {
    let room = Room::new("check_warnings");
    room.policy("empty", SCHEMA, "version: 2\nrules: []\n");
    let run = room.run(&["check", "empty"]).succeeds();
    assert_eq!(run.stdout, "ok: no rules, 1 action, 3 fields, 1 warning\n");
    assert!(run.stderr.starts_with("warning["), "{run:?}");
    let run = room.run(&["compile", "empty", "-o", "empty.actra"]).succeeds();
    assert!(run.stderr.starts_with("warning["), "{run:?}");
    assert!(run.stdout.contains(", 1 warning\n"), "{run:?}");
}

#[test]
fn a_compiled_policy_is_verified() {
    let room = Room::compiled("check_artifact");
    let run = room.run(&["check", "policy.actra"]).succeeds();
    assert_eq!(run.stdout, "ok: 4 rules, 1 action, 3 fields, compiled and verified\n");
}

#[test]
fn every_command_refuses_a_damaged_artifact() {
    let room = Room::compiled("damaged");
    let bytes = room.read("policy.actra");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    room.write("flipped.actra", &flipped);
    room.write("short.actra", &bytes[..bytes.len() - 1]);
    for file in ["flipped.actra", "short.actra"] {
        for args in [
            &["check", file] as &[_],
            &["hash", file],
            &["inspect", file],
            &["eval", file, "--input", "-"],
        ] {
            room.run(args).fails(&["error[bad_artifact]: ", file, "help: compile"]);
        }
    }
}

#[test]
fn what_is_no_policy_is_told_apart() {
    let room = Room::new("no_policy");
    room.run(&["check", "nowhere"]).fails(&["error[missing_file]: `nowhere` is not there"]);
    room.run(&["check", "policy/policy.yaml"]).fails(&[
        "error[not_an_artifact]: `policy/policy.yaml`",
        "help: name the directory that it is in: `policy`",
    ]);
    room.run(&["check", "."]).fails(&["error[missing_file]", "schema.yaml", "policy.yaml"]);
    room.write("empty.actra", "");
    room.run(&["check", "empty.actra"]).fails(&["empty.actra"]);
    let run = room.run(&["hash", "nowhere", "--format", "json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    let problem: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(problem["error"]["code"], "missing_file");
    room.policy("wrong", "version: 1\nactions: {}\n", "version: 3\n");
    let run = room.run(&["hash", "wrong", "--format", "json"]);
    let problem: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(problem["error"]["code"], "documents");
    assert!(!problem["error"]["diagnostics"].as_array().unwrap().is_empty());
}

#[test]
fn wrong_usage_exits_with_1_for_2_means_block() {
    let room = Room::new("usage");
    for args in [
        &[] as &[_],
        &["nonsense"],
        &["check"],
        &["compile", "policy"],
        &["eval", "policy", "--exit-code"],
        &["eval", "policy", "--input", "-", "--exit-code", "--nonsense"],
        &["check", "policy", "--format", "xml"],
    ] {
        let run = room.run(args);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{args:?}");
        assert!(run.stderr.contains("Usage: actra") || run.stderr.contains("--help"), "{run:?}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let room = Room::new("help");
    let run = room.run(&["--version"]).succeeds();
    assert!(run.stdout.starts_with(concat!("actra ", env!("CARGO_PKG_VERSION"), "\n")));
    assert!(run.stdout.contains("versions 1 and 2"));
    let run = room.run(&["eval", "--help"]).succeeds();
    for status in ["0    allow", "2    block", "3    require_approval", "4    some input"] {
        assert!(run.stdout.contains(status), "{status}");
    }
    for command in
        ["check", "compile", "inspect", "hash", "eval", "explain", "test", "explain-error"]
    {
        let run = room.run(&["help", command]).succeeds();
        assert!(run.stdout.contains("Examples:\n"), "{command}");
    }
}

/// Breaks once: nothing is blocked for strangers by a rule that is enforced.
const GOVERNANCE: &str = "\
version: 2
governance:
  rules:
    - id: strangers_are_blocked
      select: {where: {effect: block, when: {subject: {domain: actor, field: role}}}}
      must: {exists: true}
      error: Every policy has to block by role.
";

#[test]
fn broken_governance_is_shown_with_the_rules_concerned() {
    let room = Room::new("check_governance");
    room.policy("governed", SCHEMA, POLICY);
    room.write("governed/governance.yaml", GOVERNANCE);
    room.run(&["check", "governed"]).fails(&[
        "error[governance_violated]: governance rule `strangers_are_blocked` is broken for action \
         `refund`: Every policy has to block by role.\n",
        "governed/governance.yaml:4:11\n",
        "help: needs at least 1 rule with the effect `block` that reads `actor.role`: found 0 for \
         `refund`\n",
        "note: rule `stranger` does not count: it is in shadow mode\n",
        "governed/policy.yaml:18:5\n",
        "error: the policy does not compile: 1 error in 1 file\n",
    ]);
    let report = room.run(&["check", "governed", "--format", "json"]).json();
    assert_eq!(report["diagnostics"][0]["code"], "governance_violated");
    assert_eq!(report["diagnostics"][0]["related"].as_array().unwrap().len(), 1);
}

#[test]
fn broken_governance_is_not_compiled_and_kept_governance_is() {
    let room = Room::new("compile_governance");
    room.policy("governed", SCHEMA, POLICY);
    room.write("governed/governance.yaml", GOVERNANCE);
    room.run(&["compile", "governed", "-o", "governed.actra"]).fails(&["governance_violated"]);
    assert!(!room.files().contains(&"governed.actra".to_owned()));
    room.write("governed/governance.yaml", GOVERNANCE.replace("exists: true", "forbid: true"));
    room.run(&["compile", "governed", "-o", "governed.actra"]).fails(&["in shadow mode"]);
    room.write("governed/governance.yaml", GOVERNANCE.replace("exists: true", "max_count: 1"));
    room.run(&["compile", "governed", "-o", "governed.actra"]).succeeds();
    assert!(room.files().contains(&"governed.actra".to_owned()));
}

#[test]
fn errors_are_counted_over_their_files_and_one_line_says_how_to_learn_more() {
    let room = Room::new("check_summary");
    let wrong = POLICY.replace("action.amount > 1000", "action.amout > 1000");
    let wrong = wrong.replace("effect: block", "effect: deny");
    room.policy("wrong", &SCHEMA.replace("string}", "strin}"), &wrong);
    let run = room.run(&["check", "wrong"]);
    let end = "error: the policy does not compile: 4 errors in 2 files\n\
               help: `actra explain-error unknown_type` says more\n";
    assert!(run.stderr.ends_with(&format!("\n\n{end}")), "{}", run.stderr);
    assert_eq!(run.stderr.matches("explain-error").count(), 1);
    // A blank line stands between errors, and nowhere inside one.
    let blocks: Vec<_> = run.stderr.trim_end().split("\n\n").collect();
    assert_eq!(blocks.len(), 5, "{}", run.stderr);
    assert!(blocks[..4].iter().all(|block| block.starts_with("error[")), "{}", run.stderr);
    let warned = room.path("warned");
    room.policy("warned", SCHEMA, "version: 2\nrules: []\n");
    let run = room.run(&["check", warned.to_str().unwrap()]).succeeds();
    assert!(run.stderr.contains("`actra explain-error no_rules` says more\n"), "{run:?}");
}

#[test]
fn findings_are_reported_as_sarif_whether_the_policy_compiles_or_not() {
    let room = Room::new("check_sarif");
    room.policy("a b", SCHEMA, &POLICY.replace("amount > 1000", "amout > 1000"));
    let run = room.run(&["check", "a b", "--format", "sarif"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    let log = run.json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "actra");
    assert_eq!(run["results"][0]["ruleId"], "undeclared_field");
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/policy.yaml");
    assert_eq!(place["region"]["startLine"], 6);
    let log = room.run(&["check", "policy", "--format", "sarif"]).succeeds().json();
    assert_eq!(log["runs"][0]["results"], json!([]));
    // What is no finding in a document is a problem as ever.
    room.run(&["check", "nowhere", "--format", "sarif"]).fails(&["\"missing_file\""]);
}
