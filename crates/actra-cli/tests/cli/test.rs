//! `actra test`.
//!
//! What it prints is kept in `test_goldens/`; `UPDATE=1 cargo test` writes it, for a person to
//! read.

use crate::support::{POLICY, Room, Run, SCHEMA};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const TESTS: &str = "\
name: refund limits
policy: ../policy
fixtures:
  agent: {type: ai_agent, role: assistant}
tests:
  - name: small refunds pass
    matrix: {action.amount: [1, 100], actor: [agent, {role: lead}]}
    input: {action: {type: refund}}
    expect: {effect: allow, matched_rule: small}
  - name: huge refunds are blocked
    cases:
      - {set: {action.amount: 1000}, expect: require_approval}
      - {name: just over, set: {action.amount: 1001}, expect: {effect: block, message: Too much.}}
      - {set: {action.amount: many}, expect: {error: wrong_type, field: action.amount}}
    input: {action: {type: refund}, actor: agent}
  - name: strangers are watched
    input: {action: {type: refund, amount: 5}, actor: {role: stranger}}
    expect: {effect: allow, shadow: {effect: block, matched_rule: stranger}}
";

/// Four documents: one that passes, one with failures of every kind, one that cannot be read and
/// one whose policy does not compile.
fn all_kinds(test: &str) -> Room {
    let room = Room::new(test);
    room.write("tests/a_test.yaml", TESTS);
    room.write(
        "tests/b_test.yaml",
        "name: wrong on purpose
policy: ../policy
tests:
  - name: effect and rule
    input: {action: {type: refund, amount: 200, note: \"\\e[31mred\"}, actor: {type: human}}
    expect: {effect: allow, matched_rule: small, missing: []}
  - name: a long message
    input: {action: {type: refund, amount: 2000}}
    expect: {effect: block, message: This is more text than fits beside another.}
  - name: several runs
    matrix: {action.amount: [1, 2, 3, 4, 5]}
    cases: [{name: of a case, set: {actor.role: lead}, expect: block}]
    input: {action: {type: refund}}
  - name: an input error
    input: {action: {type: refund, amount: .nan}}
    expect: {effect: block, matched_rule: huge}
  - name: an input error that does not come
    input: {action: {type: refund, amount: 7}}
    expect: {error: missing_required, field: action.amount}
  - name: not yet
    input: {action: {type: refund}}
    expect: allow
    skip: waits for somebody
",
    );
    room.write(
        "tests/c_test.yaml",
        "name: no document
policy: ../policy
tests:
  - {name: a, input: {action: {type: refund, amont: 5}}, expect: {effect: alow, matched_rule: smal}}
",
    );
    room.write(
        "tests/d_test.yaml",
        "name: no policy\npolicy: ../broken\ntests: [{name: a, input: {}, expect: allow}]\n",
    );
    room.policy("broken", SCHEMA, &POLICY.replace("effect: allow", "effect: alow"));
    room
}

/// Compares with what is kept.
fn golden(name: &str, told: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/test_goldens").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, told).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(told, kept, "{}", path.display());
}

/// The same with all times 0.
fn without_times(text: &str) -> String {
    let mut normal = String::new();
    let mut rest = text;
    let next = |rest: &str| {
        let keys = [" time=\"", "\"seconds\": "];
        keys.iter().filter_map(|key| rest.find(key).map(|at| at + key.len())).min()
    };
    while let Some(at) = next(rest) {
        normal.push_str(&rest[..at]);
        normal.push('0');
        rest = rest[at..].trim_start_matches(|c: char| c.is_ascii_digit() || ".e-".contains(c));
    }
    normal + rest
}

fn status(run: &Run, status: i32) {
    assert_eq!(run.status, status, "{run:?}");
}

#[test]
fn tests_that_pass_are_counted_and_exit_with_0() {
    let room = Room::new("test_passes");
    room.write("tests/refund_test.yaml", TESTS);
    let run = room.run(&["test"]).succeeds();
    assert_eq!(
        run.stdout,
        "ok    tests/refund_test.yaml  refund limits  8 passed\n\n8 passed in 1 file\n"
    );
    assert_eq!(run.stderr, "");
    let again = room.run(&["test", "tests/refund_test.yaml", "tests"]).succeeds();
    assert_eq!(again.stdout, run.stdout);
}

#[test]
fn everything_that_fails_is_told_to_people() {
    let room = all_kinds("test_text");
    let run = room.run(&["test", "tests"]);
    status(&run, 1);
    assert_eq!(run.stderr, "");
    golden("failures.txt", &run.stdout);
    let coloured = room.run(&["--color", "always", "test", "tests"]);
    assert!(coloured.stdout.starts_with("\u{1b}[1;32mok   \u{1b}[0m \u{1b}[1mtests/a_test"));
    assert!(!coloured.stdout.contains("\u{1b}[31mred"), "texts from documents do nothing");
}

#[test]
fn programs_get_json() {
    let room = all_kinds("test_json");
    let run = room.run(&["test", "tests", "--format", "json"]);
    status(&run, 1);
    assert_eq!(run.stderr, "");
    golden("failures.json", &without_times(&run.stdout));
    let report = run.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["summary"]["failed"], 9);
    let run = room.run(&["test", "tests/a_test.yaml", "--format", "json"]).succeeds();
    assert_eq!(run.json()["ok"], true);
}

#[test]
fn build_servers_get_junit_xml() {
    let room = all_kinds("test_junit");
    let run = room.run(&["test", "tests", "--format", "junit"]);
    status(&run, 1);
    assert_eq!(run.stderr, "");
    golden("failures.xml", &without_times(&run.stdout));
}

#[test]
fn a_report_in_a_file_leaves_standard_output_to_people() {
    let room = all_kinds("test_output");
    let text = room.run(&["test", "tests"]).stdout;
    for (format, begins) in [("text", "ok    tests/a_test"), ("json", "{\n"), ("junit", "<?xml ")] {
        let run = room.run(&["test", "tests", "--format", format, "--output", "report"]);
        status(&run, 1);
        assert_eq!(run.stdout, text);
        let report = String::from_utf8(room.read("report")).unwrap();
        assert!(report.starts_with(begins), "{report}");
        assert!(format != "text" || report == text);
    }
    let run = room.run(&["test", "tests", "-o", "nowhere/report"]);
    status(&run, 1);
    assert!(run.stderr.contains("error[unwritable_file]: `nowhere/report`"), "{run:?}");
}

#[test]
fn reports_replace_no_sources_and_not_each_other() {
    let room = Room::new("test_output_refused");
    room.write("tests/a_test.yaml", TESTS);
    let before = room.read("tests/a_test.yaml");
    room.write("old.actra", "x");
    for (option, name) in [
        ("--output", "tests/a_test.yaml"),
        ("--coverage-output", "tests/a_test.yaml"),
        ("--output", "old.actra"),
    ] {
        let run = room.run(&["test", option, name]);
        status(&run, 1);
        assert!(run.stderr.contains("error[in_the_way]"), "{run:?}");
    }
    assert_eq!(room.read("tests/a_test.yaml"), before);
    assert_eq!(room.read("old.actra"), b"x");
    room.run(&["test", "--output", "out", "--coverage-output", "./tests/../out"])
        .fails(&["error[usage]", "the same file"]);
    assert!(!room.path("out").exists());
    room.write("out", "old");
    room.run(&["test", "--output", "out"]).succeeds();
    assert_ne!(room.read("out"), b"old");
}

#[test]
fn nothing_to_run_is_a_problem() {
    let room = Room::new("test_nothing");
    room.run(&["test"]).fails(&["error[no_tests]: there are no tests in `.`", "_test.yaml"]);
    room.run(&["test", "nowhere"]).fails(&["error[missing_file]: `nowhere` is not there"]);
    room.write("tests/a_test.yaml", TESTS);
    room.run(&["test", "--filter", "payouts"])
        .fails(&["error[no_tests]: no test has `payouts` in its name"]);
    let run = room.run(&["test", "nowhere", "--format", "json"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("{\"error\":{\"code\":\"missing_file\""), "{run:?}");
}

#[test]
fn where_all_is_skipped_nothing_is_known() {
    let room = Room::new("test_skipped");
    let skipped = "    skip: later\n  - name: huge";
    room.write(
        "a_test.yaml",
        TESTS.replace("../policy", "policy").replace("  - name: huge", skipped),
    );
    let run = room.run(&["test", "--filter", "small"]);
    status(&run, 1);
    assert!(run.stdout.ends_with("4 skipped in 1 file; nothing was run, so nothing is known\n"));
    room.run(&["test"]).succeeds();
}

#[test]
fn some_of_the_tests_can_be_asked_for() {
    let room = all_kinds("test_some");
    let run = room.run(&["test", "tests/a_test.yaml", "--filter", "> huge"]).succeeds();
    assert!(run.stdout.ends_with("\n3 passed in 1 file\n"), "{run:?}");
    let run = room.run(&["test", "tests", "--fail-fast"]);
    status(&run, 1);
    let end =
        "\n8 passed, 1 failed in 2 files; stopped at the first failure, so there may be more\n";
    assert!(run.stdout.ends_with(end), "{run:?}");
}

#[test]
fn unknown_fields_are_warned_of_or_refused() {
    let room = Room::new("test_unknown");
    room.write(
        "a_test.yaml",
        "name: a\npolicy: policy\ntests: [{name: one, input: {action: {type: refund, amount: 5, nota: x}}, expect: allow}]\n",
    );
    let run = room.run(&["test"]).succeeds();
    assert!(run.stdout.contains("warning[ignored_field]: the schema names no `nota`"), "{run:?}");
    assert!(run.stdout.contains("did you mean `note`?"), "{run:?}");
    let run = room.run(&["test", "--reject-unknown"]);
    status(&run, 1);
    assert!(run.stdout.contains("input error[unknown_field]"), "{run:?}");
}

#[test]
fn coverage_is_told_as_a_table() {
    let room = Room::new("test_coverage");
    room.write("tests/a_test.yaml", TESTS);
    let run = room.run(&["test", "--coverage", "--filter", "small"]).succeeds();
    golden("coverage.txt", &run.stdout);
    let run = room.run(&["test", "--coverage-output", "table.txt"]).succeeds();
    assert!(!run.stdout.contains("coverage"), "{run:?}");
    let table = String::from_utf8(room.read("table.txt")).unwrap();
    assert!(table.contains("4 of 4 rules fired"), "{table}");
}

#[test]
fn coverage_is_told_to_programs() {
    let room = Room::new("test_coverage_files");
    room.write("tests/a_test.yaml", TESTS);
    for (format, name) in [("json", "coverage.json"), ("lcov", "coverage.info")] {
        let args = ["test", "--filter", "small", "--coverage-format", format];
        room.run(&args).fails(&["error[usage]", "--coverage-output"]);
        room.run(&[&args as &[_], &["--coverage-output", name]].concat()).succeeds();
        golden(name, &String::from_utf8(room.read(name)).unwrap());
    }
    let run = room.run(&["test", "--coverage", "--format", "json"]).succeeds();
    assert_eq!(run.json()["coverage"]["rules"]["covered"], 4);
    assert_eq!(room.run(&["test", "--format", "json"]).json().get("coverage"), None);
}

#[test]
fn coverage_below_the_threshold_fails_the_run() {
    let room = Room::new("test_threshold");
    room.write("tests/a_test.yaml", TESTS);
    let run = room.run(&["test", "--coverage", "--format", "json"]).succeeds();
    let percent = run.json()["coverage"]["percent"].as_f64().unwrap();
    assert!(percent > 50.0 && percent < 100.0, "{percent}");
    room.run(&["test", "--coverage-threshold", &percent.to_string()]).succeeds();
    let run = room.run(&["test", "--coverage-threshold", "100"]);
    status(&run, 1);
    let told = format!(
        "error[low_coverage]: the coverage is {:.1} %, and the threshold is 100 %",
        (percent * 10.0).floor() / 10.0
    );
    assert!(run.stderr.starts_with(&told), "{run:?}");
    for wrong in ["101", "-1", "much", "nan"] {
        let run = room.run(&["test", &format!("--coverage-threshold={wrong}")]);
        status(&run, 1);
        assert!(run.stderr.contains("a number from 0 to 100"), "{run:?}");
    }
}

#[test]
fn an_artifact_is_tested_and_covered_as_its_documents_are() {
    let room = Room::compiled("test_artifact");
    room.write("a_test.yaml", TESTS.replace("../policy", "policy.actra"));
    room.write("b_test.yaml", TESTS.replace("../policy", "policy"));
    let run = room.run(&["test", "--coverage", "--format", "json"]).succeeds();
    let coverage = run.json()["coverage"].take();
    let policies = coverage["policies"].as_array().unwrap();
    let counts = |policy: &serde_json::Value| {
        let rules = policy["rules"].as_array().unwrap().iter();
        rules
            .map(|rule| {
                let atoms = rule["atoms"].as_array().unwrap().iter();
                let atoms: Vec<_> =
                    atoms.map(|atom| (atom["true"].clone(), atom["false"].clone())).collect();
                (rule["id"].clone(), rule["fired"].clone(), atoms)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(policies.len(), 2);
    assert_eq!(counts(&policies[0]), counts(&policies[1]));
}

/// A run of `actra test --watch`, ended when it is dropped.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(room: &Room, args: &[&str]) -> Self {
        let mut command = room.command(&[&["test", "--watch"] as &[_], args].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// What it prints until it waits.
    fn until_it_waits(&self) -> String {
        let mut text = String::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("it goes on");
            if line.starts_with("waiting for changes") {
                return text;
            }
            text.push_str(&line);
            text.push('\n');
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watching_runs_again_when_a_document_changes_and_outlives_mistakes() {
    let room = Room::new("test_watch");
    room.write("tests/a_test.yaml", TESTS);
    let watching = Watching::start(&room, &["tests"]);
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n8 passed in 1 file\n"), "{told}");
    assert!(!told.contains('\u{1b}'), "screens are cleared on terminals only");
    // The policy changes.
    room.policy("policy", SCHEMA, &POLICY.replace("> 100\n", "> 50\n"));
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n6 passed, 2 failed in 1 file\n"), "{told}");
    // It does not compile.
    room.policy("policy", SCHEMA, &POLICY.replace("effect: allow", "effect: alow"));
    let told = watching.until_it_waits();
    assert!(told.contains("did you mean `allow`?"), "{told}");
    assert!(told.ends_with("\n8 errors in 1 file\n"), "{told}");
    // It does again, and there are rules in another file.
    room.policy("policy", SCHEMA, POLICY);
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n8 passed in 1 file\n"), "{told}");
    room.write(
        "policy/policies/more.yaml",
        "version: 2\nrules: [{id: stop, scope: {action: refund}, effect: block}]\n",
    );
    let told = watching.until_it_waits();
    assert!(told.contains(" failed in 1 file\n"), "{told}");
    fs::remove_file(room.path("policy/policies/more.yaml")).unwrap();
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n8 passed in 1 file\n"), "{told}");
    // A test is added, and then all are taken away.
    room.write("tests/deep/b_test.yaml", TESTS.replace("../policy", "../../policy"));
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n16 passed in 2 files\n"), "{told}");
    fs::remove_dir_all(room.path("tests/deep")).unwrap();
    fs::remove_file(room.path("tests/a_test.yaml")).unwrap();
    let mut told = watching.until_it_waits();
    // The two may have been seen one after the other.
    if told.contains("8 passed") {
        told = watching.until_it_waits();
    }
    assert_eq!(told, "");
    room.write("tests/a_test.yaml", TESTS);
    let told = watching.until_it_waits();
    assert!(told.ends_with("\n8 passed in 1 file\n"), "{told}");
}

#[test]
fn watching_is_for_people() {
    let room = Room::new("test_watch_json");
    room.write("tests/a_test.yaml", TESTS);
    room.run(&["test", "--watch", "--format", "json"]).fails(&["\"usage\"", "--output"]);
    let watching = Watching::start(&room, &["--format", "json", "--output", "report.json"]);
    watching.until_it_waits();
    let report: serde_json::Value = serde_json::from_slice(&room.read("report.json")).unwrap();
    assert_eq!(report["summary"]["passed"], 8);
}
