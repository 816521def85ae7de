//! Each key of a test document means what the language says.

use super::{Room, runs, verdicts};
use actra::testing::{self, MAX_RUNS, OnFailure, Verdict};
use actra::{InputCode, UnknownFields};

/// The inputs of all runs that failed.
fn sent(report: &testing::Report) -> Vec<String> {
    let failures = runs(report).filter_map(|run| match &run.verdict {
        Verdict::Failed(failure) => Some(failure.input.as_ref().unwrap().to_string()),
        _ => None,
    });
    failures.collect()
}

#[test]
fn an_effect_alone_or_any_fields_of_the_decision_can_be_expected() {
    let report = Room::new("expect").tests(
        "  - {name: effect, input: &small {action: {type: refund, amount: 5}, snapshot: {fraud_flag: false}}, expect: allow}
  - {name: wrong effect, input: *small, expect: block}
  - {name: rule, input: *small, expect: {matched_rule: small, message: null, shadow: null, missing: [], matched_rules: [], required_actions: []}}
  - {name: wrong rule, input: *small, expect: {matched_rule: null}}
  - {name: default, input: {action: {type: payout}}, expect: {effect: block, matched_rule: null}}
  - name: both approvals
    input: &both {action: {type: refund, amount: 5000, customer: {tier: vip}}, snapshot: {fraud_flag: false}}
    expect:
      effect: require_approval
      matched_rule: large
      matched_rules: [large, vip]
      required_actions: [{count: 2, type: human_approval}, {type: human_approval, role: manager}]
      shadow: {effect: block, matched_rule: watched}
  - {name: order counts, input: *both, expect: {matched_rules: [vip, large]}}
  - {name: all actions count, input: *both, expect: {required_actions: [{count: 2, type: human_approval}]}}
  - {name: numbers of actions are what they are, input: *both, expect: {required_actions: [{count: 2.0, type: human_approval}, {type: human_approval, role: manager}]}}
  - {name: part of a shadow, input: *both, expect: {shadow: {effect: block}}}
  - {name: no shadow, input: *both, expect: {shadow: null}}
  - {name: message, input: {action: {type: refund, amount: 5}, snapshot: {fraud_flag: true}}, expect: {message: Refunds are stopped.}}
  - {name: missing in any order, input: {action: {type: refund, amount: 5}}, expect: {effect: block, missing: [snapshot.fraud_flag]}}
  - {name: what is missing counts, input: {action: {type: refund, amount: 5}}, expect: {effect: block, missing: []}}
",
    );
    let verdicts: String = verdicts(&report).iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, ".F.F..FFF.F..F");
}

#[test]
fn an_input_error_passes_only_where_it_is_expected() {
    let report = Room::new("input_errors").tests(
        "  - {name: expected, input: {action: {type: refund, amount: many}}, expect: {error: wrong_type}}
  - {name: with field, input: {action: {type: refund, amount: many}}, expect: {error: wrong_type, field: action.amount}}
  - {name: with another field, input: {action: {type: refund, amount: many}}, expect: {error: wrong_type, field: action.express}}
  - {name: another one, input: {action: {type: refund}}, expect: {error: wrong_type}}
  - {name: not expected, input: {action: {type: refund, amount: many}}, expect: block}
  - {name: expected in vain, input: {action: {type: payout}}, expect: {error: wrong_type}}
  - {name: no action, input: {}, expect: {error: missing_required, field: action.type}}
  - {name: no domain is no error, input: {action: {type: payout}}, expect: block}
",
    );
    let verdicts: String = verdicts(&report).iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, "..FFFF..");
    let failures: Vec<_> = runs(&report)
        .filter_map(|run| match &run.verdict {
            Verdict::Failed(failure) => Some(failure),
            _ => None,
        })
        .collect();
    let fields: Vec<Vec<_>> = failures
        .iter()
        .map(|failure| failure.differences.iter().map(|other| other.field).collect())
        .collect();
    let wanted: [&[&str]; 4] = [&["field"], &["error"], &["effect", "error"], &["error", "effect"]];
    assert_eq!(fields, wanted);
    assert_eq!(failures[2].actual.as_ref().unwrap_err().code, InputCode::WrongType);
}

#[test]
fn values_are_typed_as_yaml_inputs_are() {
    let report = Room::new("values").tests(
        "  - name: values
    input: {action: {type: refund}, snapshot: {fraud_flag: false}}
    cases:
      - {set: {action.amount: 0x10}, expect: allow}
      - {set: {action.amount: 1e3}, expect: allow}
      - {set: {action.amount: '5'}, expect: {error: wrong_type}}
      - {set: {action.amount: NO}, expect: {error: wrong_type}}
      - {set: {action.amount: true}, expect: {error: wrong_type}}
      - {set: {action.amount: .nan}, expect: {error: not_finite}}
      - {set: {action.amount: -.inf}, expect: {error: not_finite}}
      - {set: {action.amount: null}, expect: {error: missing_required}}
      - {set: {action.amount: 99999999999999999999999999999999999999999999}, expect: {error: out_of_range}}
      - {set: {action.amount: 5, action.tags: [1]}, expect: {error: wrong_type, field: action.tags}}
      - {set: {action.amount: 5, action.customer: 7}, expect: {error: wrong_type, field: action.customer}}
",
    );
    assert!(report.is_success(), "{report}");
    assert_eq!(report.counts().passed, 11);
}

#[test]
fn fixtures_stand_for_domains_with_and_without_changes() {
    let room = Room::new("fixtures");
    room.write(
        "policy_test.yaml",
        "name: a
fixtures:
  agent: {type: ai_agent, role: assistant}
  lead: {use: agent, role: lead}
  same: lead
  5: {type: human}
tests:
  - {name: one, input: {actor: agent}, expect: allow}
  - {name: two, input: {actor: {use: agent, role: stranger, extra: 1}}, expect: allow}
  - {name: three, input: {actor: {role: null, use: agent}}, expect: allow}
  - {name: four, input: {actor: lead}, expect: allow}
  - {name: five, input: {actor: same}, expect: allow}
  - {name: six, input: {actor: 5, snapshot: {use: agent}}, expect: allow}
  - {name: seven, input: {actor: {role: agent}}, expect: allow}
",
    );
    let report = room.run().unwrap();
    assert_eq!(
        sent(&report),
        [
            r#"{"actor": {"type": "ai_agent", "role": "assistant"}}"#,
            r#"{"actor": {"type": "ai_agent", "role": "stranger", "extra": 1}}"#,
            r#"{"actor": {"type": "ai_agent", "role": null}}"#,
            r#"{"actor": {"type": "ai_agent", "role": "lead"}}"#,
            r#"{"actor": {"type": "ai_agent", "role": "lead"}}"#,
            r#"{"actor": {"type": "human"}, "snapshot": {"type": "ai_agent", "role": "assistant"}}"#,
            r#"{"actor": {"role": "agent"}}"#,
        ]
    );
}

#[test]
fn a_matrix_is_every_combination_with_every_case() {
    let room = Room::new("matrix");
    room.write(
        "policy_test.yaml",
        "name: a
fixtures: {agent: {type: ai_agent, role: assistant}}
tests:
  - name: all
    input: {action: {type: refund, customer: {tier: basic}}}
    matrix:
      'action.labels[\"app/name\"]': [x, y]
      actor: [agent, {role: lead}]
    cases:
      - {set: {action.customer.tier: vip, actor.type: human}, expect: allow}
      - {name: nothing set, expect: {error: not_finite}}
",
    );
    let report = room.run().unwrap();
    let names: Vec<&str> = verdicts(&report).iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "all [actor: agent, action.labels[\"app/name\"]: x, actor.type: human, action.customer.tier: vip]",
            "all [actor: agent, action.labels[\"app/name\"]: x] > nothing set",
            "all [actor: agent, action.labels[\"app/name\"]: y, actor.type: human, action.customer.tier: vip]",
            "all [actor: agent, action.labels[\"app/name\"]: y] > nothing set",
            "all [actor: {\"role\": \"lead\"}, action.labels[\"app/name\"]: x, actor.type: human, action.customer.tier: vip]",
            "all [actor: {\"role\": \"lead\"}, action.labels[\"app/name\"]: x] > nothing set",
            "all [actor: {\"role\": \"lead\"}, action.labels[\"app/name\"]: y, actor.type: human, action.customer.tier: vip]",
            "all [actor: {\"role\": \"lead\"}, action.labels[\"app/name\"]: y] > nothing set",
        ]
    );
    let sent = sent(&report);
    assert_eq!(
        sent[4],
        r#"{"action": {"type": "refund", "customer": {"tier": "vip"}, "labels": {"app/name": "x"}}, "actor": {"role": "lead", "type": "human"}}"#
    );
    assert_eq!(
        sent[7],
        r#"{"action": {"type": "refund", "customer": {"tier": "basic"}, "labels": {"app/name": "y"}}, "actor": {"role": "lead"}}"#
    );
}

#[test]
fn a_case_takes_the_tests_expectation_where_it_has_none() {
    let report = Room::new("cases").tests(
        "  - name: common
    input: {action: {type: refund, amount: 5}, snapshot: {fraud_flag: false}}
    expect: allow
    cases:
      - {set: {action.amount: 6}}
      - {set: {action.amount: 5000}, expect: require_approval}
      - {name: large, set: {action.amount: 5000}}
",
    );
    let wanted = [
        ("common [action.amount: 6]", '.'),
        ("common [action.amount: 5000]", '.'),
        ("common > large", 'F'),
    ];
    assert_eq!(verdicts(&report), wanted);
    let places: Vec<_> = runs(&report).map(|run| (run.place.line, run.place.column)).collect();
    assert_eq!(places, [(7, 9), (8, 9), (9, 9)]);
}

#[test]
fn a_skipped_test_is_read_and_counted_and_does_not_fail() {
    let report = Room::new("skip").tests(
        "  - {name: one, input: {action: {type: payout}}, expect: block}
  - {name: two, input: {}, matrix: {actor.role: [a, b]}, expect: allow, skip: waits for roles}
",
    );
    assert_eq!(report.counts().skipped, 2);
    assert!(report.is_success());
    let reason = runs(&report).find_map(|run| match &run.verdict {
        Verdict::Skipped(reason) => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(reason, Some("waits for roles"));
}

#[test]
fn unknown_fields_are_refused_where_the_caller_or_the_expectation_says_so() {
    let room = Room::new("unknown_fields");
    let report = room.tests(
        "  - {name: asks, input: {action: {type: payout, colour: red}}, expect: {error: unknown_field, field: action.colour}}
  - {name: does not ask, input: {action: {type: payout, colour: red}}, expect: block}
",
    );
    assert!(report.is_success(), "{report}");
    // Nobody has to be told of what is being tested.
    let findings = &report.files[0].findings;
    let lines: Vec<_> = findings
        .diagnostics()
        .iter()
        .map(|found| findings.sources().place(found.span.unwrap()).line)
        .collect();
    assert_eq!(lines, [4]);
    let mut options = room.options();
    options.unknown_fields = UnknownFields::Refuse;
    let report = testing::run(&options).unwrap();
    assert_eq!(verdicts(&report), [("asks", '.'), ("does not ask", 'F')]);
}

#[test]
fn as_many_runs_as_the_limit_are_run() {
    let values: Vec<String> = (0..MAX_RUNS).map(|value| value.to_string()).collect();
    let report = Room::new("limit").tests(&format!(
        "  - {{name: one, input: {{action: {{type: payout}}}}, matrix: {{action.amount: [{}]}}, expect: block}}\n",
        values.join(",")
    ));
    assert_eq!(report.counts().passed, MAX_RUNS);
}

#[test]
fn the_first_failure_ends_the_run_where_that_is_asked_for() {
    let room = Room::new("fail_fast");
    let tests = |names: [&str; 3]| {
        let test = |name: &str| {
            format!("  - {{name: {name}, input: {{action: {{type: payout}}}}, expect: {name}}}\n")
        };
        format!("name: a\ntests:\n{}", names.map(test).concat())
    };
    room.write("a_test.yaml", &tests(["block", "allow", "require_approval"]));
    room.write("b_test.yaml", &tests(["block", "allow", "require_approval"]));
    let mut options = room.options();
    assert_eq!(testing::run(&options).unwrap().counts().failed, 4);
    options.on_failure = OnFailure::Stop;
    let report = testing::run(&options).unwrap();
    assert!(report.stopped);
    assert_eq!(verdicts(&report), [("block", '.'), ("allow", 'F')]);
}

#[test]
fn only_the_first_failures_keep_what_was_sent() {
    let values: Vec<String> = (0..150).map(|value| value.to_string()).collect();
    let report = Room::new("kept").tests(&format!(
        "  - {{name: one, input: {{action: {{type: payout}}}}, matrix: {{action.amount: [{}]}}, expect: allow}}\n",
        values.join(",")
    ));
    let kept = runs(&report).filter(|run| match &run.verdict {
        Verdict::Failed(failure) => failure.input.is_some() && failure.explanation.is_some(),
        _ => false,
    });
    assert_eq!((report.counts().failed, kept.count()), (150, 100));
}

#[test]
fn fixtures_that_come_to_too_much_are_refused_once() {
    let test = |number: usize| {
        format!(
            "  - {{name: t{number}, input: {{action: {{type: payout, use: big}}}}, expect: block}}\n"
        )
    };
    let document = |tests: usize| {
        let tests: String = (0..tests).map(test).collect();
        let big = "x".repeat(1 << 16);
        format!("name: a\nfixtures: {{big: {{note: {big}}}}}\ntests:\n{tests}")
    };
    // 64 KiB each, and a little more: 64 MiB are nearly 1024 of them.
    let found = |tests| testing::check_document("a_test.yaml", &document(tests), None);
    assert!(!found(1_000).has_errors());
    let found = found(2_000);
    let codes: Vec<&str> = found.diagnostics().iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, ["too_many_tests"]);
}
