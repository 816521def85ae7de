//! What counts as covered.

use super::Room;
use actra::testing::{self, Coverage, Measure, RuleCoverage};

const SCHEMA: &str = "version: 1
actions:
  a: {fields: {n: number, s: string}}
  b: {}
actor: {fields: {role: string}}
";

/// Runs tests against a policy and gives the coverage.
fn covered(room: &str, policy: &str, tests: &str) -> Coverage {
    let room = Room::new(&format!("coverage/{room}"));
    room.write("schema.yaml", SCHEMA);
    room.write("policy.yaml", policy);
    room.write("policy_test.yaml", &format!("name: a\ntests:\n{tests}"));
    let mut options = room.options();
    options.coverage = Measure::Coverage;
    let report = testing::run(&options).unwrap();
    assert!(!report.files[0].is_broken && report.broken.is_empty(), "{report}");
    report.coverage.unwrap()
}

/// Of each rule: reached, fired, and of each of its atoms true, false and unknown.
fn counts(coverage: &Coverage) -> Vec<(&str, u64, u64, Vec<[u64; 3]>)> {
    let of = |rule: &'_ RuleCoverage| -> Vec<[u64; 3]> {
        let atoms = rule.atoms.iter();
        atoms.map(|atom| [atom.seen_true, atom.seen_false, atom.seen_unknown]).collect()
    };
    let rules = coverage.policies[0].rules.iter();
    rules.map(|rule| (rule.id.as_str(), rule.reached, rule.fired, of(rule))).collect()
}

/// Tests of action `a` with these values of `n`, whatever they decide.
fn inputs(values: &str) -> String {
    format!(
        "  - {{name: n, input: {{action: {{type: a}}}}, matrix: {{action.n: {values}}}, expect: allow}}\n"
    )
}

const ORDERED: &str = "version: 2
rules:
  - {id: allows, scope: {action: a}, when: action.n > 0, effect: allow}
  - {id: asks, scope: {action: a}, when: action.n > 10, effect: require_approval}
  - {id: asks too, scope: {action: a}, when: action.n > 20, effect: require_approval}
  - {id: blocks, scope: {action: a}, when: action.n > 30, effect: block}
  - {id: watches, scope: {action: a}, when: action.n > 5, effect: block, mode: shadow}
";

#[test]
fn rules_behind_the_deciding_one_are_not_reached() {
    let coverage = covered("behind", ORDERED, &inputs("[31]"));
    assert_eq!(
        counts(&coverage),
        [
            ("allows", 0, 0, vec![[0, 0, 0]]),
            ("asks", 0, 0, vec![[0, 0, 0]]),
            ("asks too", 0, 0, vec![[0, 0, 0]]),
            ("blocks", 1, 1, vec![[1, 0, 0]]),
            ("watches", 0, 0, vec![[0, 0, 0]]),
        ]
    );
}

#[test]
fn approvals_that_join_are_covered_and_so_are_shadow_rules_that_would_fire() {
    let coverage = covered("joined", ORDERED, &inputs("[25, 15, 8, 3, null]"));
    assert_eq!(
        counts(&coverage),
        [
            // 8 and 3 get there. What is not known fires the first rule that blocks.
            ("allows", 2, 2, vec![[2, 0, 0]]),
            ("asks", 4, 2, vec![[2, 2, 0]]),
            ("asks too", 4, 1, vec![[1, 3, 0]]),
            ("blocks", 5, 1, vec![[0, 4, 1]]),
            ("watches", 4, 3, vec![[3, 1, 0]]),
        ]
    );
    let totals = coverage.totals();
    assert_eq!((totals.rules_covered, totals.rules), (5, 5));
    // True or unknown is not both ways.
    assert_eq!((totals.atoms_covered, totals.atoms), (3, 5));
    assert_eq!(totals.percent(), 80.0);
    assert!(totals.reaches(80.0) && !totals.reaches(80.1));
}

#[test]
fn a_rule_that_fires_behind_another_is_not_covered() {
    let policy = "version: 2
evaluation: {combine: first_match}
rules:
  - {id: first, scope: {action: a}, when: action.n > 0, effect: allow}
  - {id: second, scope: {action: a}, when: action.n > 1, effect: require_approval}
  - {id: third, scope: {action: a}, when: action.n <= 0, effect: require_approval}
  - {id: fourth, scope: {action: a}, when: action.n <= 0, effect: require_approval}
";
    let coverage = covered("first_match", policy, &inputs("[5, 0]"));
    assert_eq!(
        counts(&coverage),
        [
            ("first", 2, 1, vec![[1, 1, 0]]),
            ("second", 1, 0, vec![[0, 1, 0]]),
            ("third", 1, 1, vec![[1, 0, 0]]),
            // Approvals are collected under `most_restrictive` only.
            ("fourth", 0, 0, vec![[0, 0, 0]]),
        ]
    );
}

#[test]
fn neither_jumps_nor_indexes_show() {
    use std::fmt::Write as _;
    let mut policy = "version: 2\nrules:\n  - id: jumps
    scope: {action: a, actor: human}
    when: {any: [action.n > 0, {not: {all: [action.n > -5, actor.role == lead]}}]}
    effect: block\n"
        .to_owned();
    for number in 0..40 {
        writeln!(
            policy,
            "  - {{id: by_index_{number}, scope: {{action: a}}, when: {{all: [action.s == v{number}, action.n > 3]}}, effect: block}}"
        )
        .unwrap();
    }
    let tests = "  - {name: n, input: {action: {type: a, n: 1, s: other}, actor: {type: service, role: lead}}, expect: block}\n";
    let coverage = covered("clever", &policy, tests);
    let counts = counts(&coverage);
    // Its first atom is false, and the others are seen all the same. `not` is inside the atoms.
    assert_eq!(counts[0], ("jumps", 1, 0, vec![[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]]));
    assert!(counts[1..].iter().all(|(_, reached, fired, atoms)| {
        (*reached, *fired, atoms.as_slice()) == (1, 0, &[[0, 1, 0], [0, 1, 0]])
    }));
}

#[test]
fn only_inputs_that_were_decided_count_failed_tests_included() {
    let tests = "  - {name: fails, input: {action: {type: a, n: 31}}, expect: allow}
  - {name: skipped, input: {action: {type: a, n: 31}}, expect: block, skip: later}
  - {name: in error, input: {action: {type: a, n: x}}, expect: {error: wrong_type}}
  - {name: other action, input: {action: {type: b}}, expect: block}
";
    let coverage = covered("counted", ORDERED, tests);
    assert_eq!(counts(&coverage)[3], ("blocks", 1, 1, vec![[1, 0, 0]]));
    let nothing =
        "  - {name: skipped, input: {action: {type: a, n: 31}}, expect: block, skip: later}\n";
    let totals = covered("nothing", ORDERED, nothing).totals();
    assert_eq!((totals.rules, totals.rules_covered, totals.atoms_covered), (5, 0, 0));
}

#[test]
fn a_policy_of_several_documents_is_counted_once_and_line_by_line() {
    let room = Room::new("coverage/several");
    room.write("policy/schema.yaml", SCHEMA);
    room.write(
        "policy/policy.yaml",
        "version: 2
define:
  conditions:
    large: {all: [action.n > 10, actor.role == lead]}
rules:
  - id: one
    scope: {action: a}
    when: {condition: large}
    effect: require_approval
  - id: two
    scope: {action: a}
    when: {any: [{condition: large}, action.s exists]}
    effect: allow
",
    );
    room.write(
        "policy/policies/more.yaml",
        "version: 2\nrules: [{id: three, scope: {action: b}, effect: allow}]\n",
    );
    for name in ["a", "b"] {
        room.write(
            &format!("{name}_test.yaml"),
            "name: a\npolicy: policy\ntests: [{name: n, input: {action: {type: a, n: 5}, actor: {role: lead}}, expect: block}]\n",
        );
    }
    let mut options = room.options();
    options.coverage = Measure::Coverage;
    let report = testing::run(&options).unwrap();
    let coverage = report.coverage.as_ref().unwrap();
    assert_eq!(coverage.policies.len(), 1);
    let lcov = testing::to_lcov(coverage).replace(&format!("{}/", room.0.display()), "");
    assert_eq!(
        lcov,
        "TN:
SF:policy/policies/more.yaml
FN:2,three
FNDA:0,three
FNF:1
FNH:0
BRF:0
BRH:0
DA:2,0
LF:1
LH:0
end_of_record
TN:
SF:policy/policy.yaml
FN:6,one
FN:10,two
FNDA:0,one
FNDA:0,two
FNF:2
FNH:0
BRDA:4,0,0,0
BRDA:4,0,1,4
BRDA:4,1,0,4
BRDA:4,1,1,0
BRDA:12,0,0,0
BRDA:12,0,1,2
BRF:6
BRH:3
DA:4,4
DA:6,0
DA:10,0
DA:12,2
LF:4
LH:2
end_of_record
"
    );
}
