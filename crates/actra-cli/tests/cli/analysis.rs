//! `actra analyze`, `actra ask` and `actra diff`.

use crate::support::Room;

const SCHEMA: &str = "version: 1
actions:
  refund:
    fields: {amount: {type: integer, required: true, min: 0}}
actor:
  fields: {role: {type: string, enum: [agent, lead]}}
snapshot:
  fields: {fraud_flag: boolean}
";

const POLICY: &str = "version: 2
rules:
  - id: fraud
    scope: {action: refund}
    when: snapshot.fraud_flag == true
    effect: block
  - id: large
    scope: {action: refund}
    when: action.amount >= 1000
    effect: require_approval
  - id: small
    scope: {action: refund}
    when: action.amount < 1000
    effect: allow
  # actra: allow shadowed_rule -- to be moved up in May
  - id: leads
    scope: {action: refund}
    when: actor.role == lead
    effect: allow
";

fn room(name: &str) -> Room {
    let room = Room::new(name);
    room.policy("refund", SCHEMA, POLICY);
    room
}

#[test]
fn findings_are_warnings_that_can_be_denied_and_silenced() {
    let room = room("analyze");
    let run = room.run(&["analyze", "refund"]).succeeds();
    assert!(
        run.stdout.contains("3 of 4 rules take part in decisions; no findings"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("refund  possible   possible          possible\n"),
        "{}",
        run.stdout
    );
    // The silence is heeded, and is none that `check` calls idle.
    room.run(&["check", "refund", "--deny", "all"]).succeeds();
    room.policy(
        "loud",
        SCHEMA,
        &POLICY.replace("  # actra: allow shadowed_rule -- to be moved up in May\n", ""),
    );
    let run = room.run(&["analyze", "loud"]).succeeds();
    let said = "warning[shadowed_rule]: rule `leads` never decides: whenever it fires, one of `large` \
                and `small` does";
    assert!(run.stdout.contains(said), "{}", run.stdout);
    let denied = room.run(&["analyze", "loud", "--deny", "shadowed_rule"]);
    assert_eq!(denied.status, 1);
    assert!(denied.stdout.contains("error[shadowed_rule]"), "{}", denied.stdout);
    room.run(&["analyze", "loud", "--deny", "no_such_code"])
        .fails(&["error[usage]", "no_such_code"]);
}

#[test]
fn analyses_are_json_and_sarif_too() {
    let room = room("analyze_json");
    let found = room.run(&["analyze", "refund", "--format", "json"]).succeeds().json();
    let verdicts: Vec<_> =
        found["rules"].as_array().unwrap().iter().map(|rule| &rule["verdict"]).collect();
    assert_eq!(verdicts, ["effective", "effective", "effective", "shadowed"]);
    assert_eq!(found["rules"][3]["shadowed_by"], serde_json::json!(["large", "small"]));
    assert_eq!(found["actions"][0]["effects"][0]["possible"], true);
    assert_eq!(found["silenced"], 1);
    // Every example is decided alike by the evaluator, as anybody can see.
    for rule in found["rules"].as_array().unwrap() {
        let example = &rule["example"];
        room.write("input.json", example["input"].to_string());
        let decided =
            room.run(&["eval", "refund", "--input", "input.json", "--format", "json"]).json();
        assert_eq!(decided["effect"], example["effect"]);
        assert_eq!(decided["matched_rule"], example["matched_rule"]);
    }
    let log = room.run(&["analyze", "refund", "--format", "sarif"]).succeeds().json();
    assert_eq!(log["version"], "2.1.0");
}

#[test]
fn questions_are_answered_by_status_too() {
    let room = room("ask");
    let proved = ["ask", "refund", "never allow", "--assume-that", "snapshot.fraud_flag == true"];
    let run = room.run(&proved).succeeds();
    assert_eq!(run.stdout, "proved: `refund`: never allow\n");
    let run = room.run(&["ask", "refund", "never allow"]);
    assert_eq!(run.status, 5);
    assert!(
        run.stdout.starts_with("not so: `refund`: never allow: allow by rule `small` for\n{"),
        "{}",
        run.stdout
    );
    let input = run.stdout.lines().nth(1).unwrap();
    room.write("input.json", input);
    let decided = room.run(&["eval", "refund", "--input", "input.json", "--format", "json"]).json();
    assert_eq!(decided["effect"], "allow");
    room.write(
        "assumed.yaml",
        "all:\n  - action.amount >= 1000\n  - snapshot.fraud_flag == false\n",
    );
    let asked = ["ask", "refund", "always require_approval", "--assume", "assumed.yaml"];
    // A missing flag is unknown, and blocks.
    assert_eq!(room.run(&asked).status, 5);
    let complete = [&asked[..], &["--complete", "--format", "json"]].concat();
    let answer = room.run(&complete).succeeds().json();
    assert_eq!(answer["holds"], true);
    assert_eq!(answer["actions"][0]["vacuous"], false);
    let none =
        ["ask", "refund", "never allow", "--assume-that", "action.amount < 0", "--format", "json"];
    assert_eq!(room.run(&none).succeeds().json()["vacuous"], true);
    let undecided = room.run(&["ask", "refund", "never block", "--budget", "0"]);
    assert_eq!(undecided.status, 6);
    assert!(
        undecided.stdout.starts_with("undecided: `refund`: never block\n"),
        "{}",
        undecided.stdout
    );
}

#[test]
fn what_is_no_question_says_what_is_wrong_with_it() {
    let room = room("ask_wrong");
    room.run(&["ask", "refund", "nevr allow"])
        .fails(&["error[bad_question]", "did you mean `never allow`?"]);
    room.run(&["ask", "refund", "never allow", "--action", "refnd"])
        .fails(&["error[bad_question]", "did you mean `refund`?"]);
    room.run(&["ask", "refund", "never allow", "--assume-that", "action.amont > 5"]).fails(&[
        "error[undeclared_field]",
        "assumption:1:8",
        "error[bad_assumption]",
    ]);
    room.run(&["ask", "refund", "never allow", "--assume", "nowhere.yaml"])
        .fails(&["error[missing_file]"]);
    room.run(&["compile", "refund", "-o", "refund.actra"]).succeeds();
    room.run(&["ask", "refund.actra", "never allow"])
        .fails(&["error[no_documents]", "--with-documents"]);
    room.run(&["analyze", "refund.actra"]).fails(&["error[no_documents]"]);
    room.run(&["diff", "refund", "refund.actra"]).fails(&["error[no_documents]: `refund.actra`"]);
}

#[test]
fn inputs_have_only_what_matters() {
    let room = Room::new("minimal");
    let schema = "version: 1
actions:
  refund:
    fields:
      amount: {type: integer, required: true, min: 0}
      note: {type: string, max_length: 20}
      order: {type: object, fields: {paid: integer, lines: {type: map, values: integer}}}
actor:
  fields: {role: {type: string, enum: [agent, lead]}}
snapshot:
  fields: {fraud_flag: boolean, region: string}
";
    let noted = POLICY.replace("  # actra", "  - {id: noted, scope: {action: refund}, when: action.note starts_with a, effect: require_approval}\n  # actra");
    room.policy("refund", schema, POLICY);
    room.policy("next", schema, &noted);
    let small = r#""action":{"amount":0,"type":"refund"},"actor":{}"#;
    let input = |value: &serde_json::Value| value["input"].to_string();
    let ask = ["ask", "refund", "never allow", "--format", "json"];
    let counterexample = |more: &[&str]| {
        input(&room.run(&[&ask[..], more].concat()).json()["actions"][0]["counterexample"])
    };
    assert_eq!(counterexample(&[]), format!(r#"{{{small},"snapshot":{{"fraud_flag":false}}}}"#));
    // What is assumed stays, though no rule reads it.
    let assumed = counterexample(&["--assume-that", "snapshot.region == north"]);
    let snapshot = r#""snapshot":{"fraud_flag":false,"region":"north"}"#;
    assert_eq!(assumed, format!("{{{small},{snapshot}}}"));
    let complete = counterexample(&["--complete"]);
    for field in ["note", "order", "paid", "lines", "role", "region"] {
        assert!(complete.contains(&format!("\"{field}\"")), "{complete}");
    }
    // A rule that fires since its condition is true does not come to do so for want of a field.
    let rules = room.run(&["analyze", "refund", "--format", "json"]).succeeds().json();
    let fraud = input(&rules["rules"][0]["example"]);
    assert_eq!(fraud, format!(r#"{{{small},"snapshot":{{"fraud_flag":true}}}}"#));
    // A rule that is shadowed fires, and does not decide.
    let leads = input(&rules["rules"][3]["example"]);
    assert!(leads.contains(r#""actor":{"role":"lead"}"#), "{leads}");
    let changes = room.run(&["diff", "refund", "next", "--format", "json"]).succeeds().json();
    let changed = input(&changes["changes"][0]);
    assert_eq!(
        changed,
        r#"{"action":{"amount":0,"note":"a","type":"refund"},"actor":{},"snapshot":{"fraud_flag":false}}"#
    );
}

#[test]
fn differences_have_inputs_and_directions() {
    let room = room("diff");
    room.policy("next", SCHEMA, &POLICY.replace("1000", "2000"));
    let run = room.run(&["diff", "refund", "next"]).succeeds();
    assert!(
        run.stdout.contains(
            "weaker: `refund`: require_approval by rule `large` becomes allow by rule `small` for\n"
        ),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("1 change: 1 weaker, 0 stricter\n"), "{}", run.stdout);
    assert_eq!(room.run(&["diff", "refund", "next", "--fail-on", "weaker"]).status, 5);
    assert_eq!(room.run(&["diff", "next", "refund", "--fail-on", "weaker"]).status, 0);
    assert_eq!(room.run(&["diff", "next", "refund", "--fail-on", "any"]).status, 5);
    assert_eq!(room.run(&["diff", "refund", "refund", "--fail-on", "any"]).status, 0);
    room.run(&["compile", "refund", "-o", "refund.actra", "--with-documents"]).succeeds();
    let found = room.run(&["diff", "refund.actra", "next", "--format", "json"]).succeeds().json();
    assert_eq!((&found["same"], &found["weaker"]), (&false.into(), &true.into()));
    let change = &found["changes"][0];
    room.write("input.json", change["input"].to_string());
    for (policy, side) in [("refund", "old"), ("next", "new")] {
        let decided =
            room.run(&["eval", policy, "--input", "input.json", "--format", "json"]).json();
        assert_eq!(decided["effect"], change[side]["effect"], "{side}");
        assert_eq!(decided["matched_rule"], change[side]["matched_rule"], "{side}");
    }
}

#[test]
fn boundaries_become_tests_that_pass_and_files_of_others_stay() {
    let room = room("cases");
    let cases = ["analyze", "refund", "--cases", "refund/boundaries_test.yaml"];
    let run = room.run(&cases).succeeds();
    assert!(
        run.stderr.contains(" tests written to `refund/boundaries_test.yaml`\n"),
        "{}",
        run.stderr
    );
    room.run(&["test", "refund"]).succeeds();
    // It is its own to replace.
    room.run(&cases).succeeds();
    room.write("refund/boundaries_test.yaml", "name: mine\ntests: []\n");
    room.run(&cases).fails(&["error[not_made_here]", "--force"]);
    room.run(&[&cases[..], &["--force"]].concat()).succeeds();
    // A limit that moves is noticed.
    room.policy("refund", SCHEMA, &POLICY.replace("1000", "999"));
    assert_eq!(room.run(&["test", "refund"]).status, 1);
}
