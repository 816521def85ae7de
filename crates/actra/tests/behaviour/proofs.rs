//! What is proved, refuted and told of differences, where it is easy to be wrong.

use actra::analysis::{Direction, Question, diff};
use actra::{Effect, Policy};

fn policy(schema: &str, policy: &str) -> Policy {
    Policy::from_strings(&format!("version: 1\n{schema}"), policy, None).unwrap()
}

fn never_allow(policy: &Policy, assumed: &str) -> Option<bool> {
    policy.ask(&Question::never(Effect::Allow).assuming(assumed)).unwrap().holds
}

/// A policy about the fields of one action that lets everything through.
fn with_fields(fields: &str) -> Policy {
    let schema = format!("actions: {{x: {{fields: {fields}}}}}\n");
    policy(&schema, "version: 2\nrules: [{id: r, scope: {action: x}, effect: allow}]\n")
}

/// Directions of the changes, whether the policies are the same, and whether all is decided.
fn changes(old: &str, new: &str) -> (Vec<Direction>, Option<bool>, bool) {
    let found = diff(&with_fields(old), &with_fields(new)).unwrap();
    let directions = found.changes.iter().map(|change| change.direction).collect();
    (directions, found.same, found.undecided.is_empty())
}

#[test]
fn a_missing_field_is_no_way_around_what_is_assumed() {
    let schema = "actions: {refund: {fields: {amount: integer}}}\n\
                  snapshot: {fields: {fraud_flag: boolean, region: string, tags: {type: list, items: string}}}\n";
    for (inputs, missing, holds) in [
        ("checked", "fail_closed", true),
        ("checked", "no_match", false),
        ("unchecked", "no_match", false),
    ] {
        let rules = format!(
            "version: 2\nevaluation: {{missing: {missing}, inputs: {inputs}, default: allow}}\n\
             rules: [{{id: fraud, scope: {{action: refund}}, when: snapshot.fraud_flag == true, effect: block}}]\n"
        );
        let policy = policy(schema, &rules);
        let found = never_allow(&policy, "snapshot.fraud_flag == true");
        assert_eq!(found, Some(holds), "{inputs} {missing}");
        // Nor is one that is held to be something else.
        let found = never_allow(&policy, "{not: snapshot.fraud_flag != true}");
        assert_eq!(found, Some(holds), "{inputs} {missing}");
    }
    // A governance document asks the same.
    let governance = "version: 2\ngovernance: {rules: [{id: g, applies_to: {actions: [refund]}, \
                      assume: snapshot.fraud_flag == true, must: {never: allow}, error: e}]}\n";
    let rules = |missing: &str| {
        format!(
            "version: 2\nevaluation: {{missing: {missing}, default: allow}}\n\
             rules: [{{id: fraud, scope: {{action: refund}}, when: snapshot.fraud_flag == true, effect: block}}]\n"
        )
    };
    let schema = format!("version: 1\n{schema}");
    assert!(Policy::from_strings(&schema, &rules("fail_closed"), Some(governance)).is_ok());
    let error = Policy::from_strings(&schema, &rules("no_match"), Some(governance)).unwrap_err();
    assert!(error.to_string().contains("governance_violated"), "{error}");
}

#[test]
fn another_kind_of_value_is_no_way_around_what_is_assumed() {
    let schema = "actions: {refund: {fields: {}}}\nsnapshot: {fields: {region: string}}\n";
    let rules = |condition: &str| {
        format!(
            "version: 2\nevaluation: {{missing: no_match, inputs: unchecked, default: allow}}\n\
             rules: [{{id: r, scope: {{action: refund}}, when: {condition}, effect: block}}]\n"
        )
    };
    for condition in ["snapshot.region == eu", "snapshot.region starts_with eu"] {
        // Missing values block; numbers do not.
        let both = format!("{{any: [{condition}, snapshot.region not_exists]}}");
        let policy = policy(schema, &rules(&both));
        assert_eq!(never_allow(&policy, condition), Some(false), "{condition}");
    }
}

#[test]
fn comparisons_of_the_same_two_sides_go_together() {
    let tenants = policy(
        "actions: {write: {fields: {tenant: {type: string, required: true}}}}\n\
         actor: {fields: {tenant: string, tenants: {type: list, items: string}}}\n",
        "version: 2\nrules:\n\
         - {id: other, scope: {action: write}, when: action.tenant not in actor.tenants, effect: block}\n\
         - {id: own, scope: {action: write}, when: action.tenant == actor.tenant, effect: allow}\n",
    );
    assert_eq!(never_allow(&tenants, "action.tenant != actor.tenant"), Some(true));
}

#[test]
fn sums_of_several_fields_are_exact() {
    let spending = policy(
        "actions: {pay: {fields: {amount: {type: integer, required: true, min: 1}}}}\n\
         snapshot: {fields: {limit: {type: integer, min: 0}, spent: {type: integer, min: 0}}}\n",
        "version: 2\nrules:\n\
         - {id: over, scope: {action: pay}, when: action.amount > snapshot.limit - snapshot.spent, effect: block}\n\
         - {id: pays, scope: {action: pay}, effect: allow}\n",
    );
    assert_eq!(never_allow(&spending, "action.amount > snapshot.limit"), Some(true));
    assert_eq!(never_allow(&spending, "snapshot.spent >= snapshot.limit"), Some(true));
    assert_eq!(never_allow(&spending, "snapshot.spent > 0"), Some(false));
}

#[test]
fn paths_are_held_against_paths() {
    let files = policy(
        "actions: {read: {fields: {path: {type: string, required: true}}}}\n\
         snapshot: {fields: {workspace: string, scratch: string}}\n",
        "version: 2\nrules:\n\
         - {id: inside, scope: {action: read}, when: {any: [action.path within_path snapshot.workspace, action.path within_path snapshot.scratch]}, effect: allow}\n",
    );
    let outside = "{all: [{not: action.path within_path snapshot.workspace}, {not: action.path within_path snapshot.scratch}]}";
    assert_eq!(never_allow(&files, outside), Some(true));
    let only = "{not: action.path within_path snapshot.workspace}";
    assert_eq!(never_allow(&files, only), Some(false), "the other one is left");
    assert_eq!(never_allow(&files, "action.path == '/etc/passwd'"), Some(false), "or `/` is one");
}

#[test]
fn hosts_are_held_against_lists_of_domains() {
    let fetch = policy(
        "actions: {fetch: {fields: {url: {type: string, required: true}}}}\n\
         actor: {fields: {domains: {type: list, items: string}}}\n",
        "version: 2\nrules:\n\
         - {id: ours, scope: {action: fetch}, when: action.url in_domain actor.domains, effect: allow}\n",
    );
    assert_eq!(never_allow(&fetch, "action.url in_network ['0.0.0.0/0', '::/0']"), Some(true));
    assert_eq!(never_allow(&fetch, "action.url starts_with 'https://user@'"), Some(true));
    assert_eq!(never_allow(&fetch, "action.url contains '@'"), Some(false), "in a path it may be");
}

#[test]
fn an_approval_that_requires_less_is_weaker() {
    let of = |rules: &str, combine: &str| {
        policy(
            "actions: {pay: {fields: {amount: {type: integer, required: true}}}}\n",
            &format!(
                "version: 2\nevaluation: {{default: allow, combine: {combine}}}\nrules:\n{rules}"
            ),
        )
    };
    let rule = |id: &str, least: i64, role: &str| {
        format!(
            "- {{id: {id}, scope: {{action: pay}}, when: action.amount > {least}, effect: require_approval, \
             required_actions: [{{type: human_approval, role: {role}}}]}}\n"
        )
    };
    let (finance, legal) = (rule("finance", 1000, "finance"), rule("legal", 5000, "legal"));
    let both = of(&format!("{finance}{legal}"), "most_restrictive");
    for (new, what) in [
        (of(&finance, "most_restrictive"), "a rule less"),
        (of(&format!("{finance}{legal}"), "first_match"), "approvals behind others"),
        (of(&format!("{finance}{}", rule("legal", 9000, "legal")), "most_restrictive"), "later"),
        (of(&format!("{finance}{}", rule("legal", 5000, "clerk")), "most_restrictive"), "another"),
    ] {
        let found = diff(&both, &new).unwrap();
        assert!(found.weaker && found.same == Some(false), "{what}: {found:?}");
        let lost = r#"{"role":"legal","type":"human_approval"}"#;
        let is_told = |change: &actra::analysis::ChangeReport| {
            change.direction == Direction::Weaker
                && change.removed_required_actions == [lost.to_owned()]
        };
        assert!(found.changes.iter().any(is_told), "{what}: {found:?}");
    }
    let more = diff(&of(&finance, "most_restrictive"), &both).unwrap();
    assert!(!more.weaker, "{more:?}");
    assert_eq!(more.changes[0].direction, Direction::Stricter);
    assert_eq!(diff(&both, &both).unwrap().same, Some(true));

    // Nor does such a rule go for nothing: without it nobody asks for that approval.
    let ladder = of(&format!("{legal}{finance}"), "first_match");
    let codes: Vec<&str> =
        ladder.analyze().unwrap().diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert!(!codes.contains(&"redundant_rule"), "{codes:?}");
}

#[test]
fn what_schemas_say_of_objects_lists_and_maps_is_compared() {
    use Direction::{Stricter, Weaker};
    let object = "{a: {type: object, fields: {b: string}}}";
    let larger = "{a: {type: object, fields: {b: string, c: string}}}";
    let needing = "{a: {type: object, fields: {b: string, c: {type: string, required: true}}}}";
    let short = "{a: {type: list, items: string, unique: true, max_length: 2}}";
    let long = "{a: {type: list, items: string, unique: true, max_length: 8}}";
    for (old, new) in [("{}", object), (object, larger), (object, needing), (long, short)] {
        assert_eq!(changes(old, new), (vec![Stricter], Some(false), true), "{old} {new}");
        assert_eq!(changes(new, old), (vec![Weaker], Some(false), true), "{new} {old}");
    }
    let found = diff(&with_fields("{}"), &with_fields("{a: {type: map, values: string}}")).unwrap();
    assert_eq!(found.added_maps, ["action.a"]);
    assert_eq!((found.same, found.weaker), (Some(false), false));
}

#[test]
fn entries_that_only_one_policy_reads_are_checked_by_both() {
    let of = |evaluation: &str, condition: &str| {
        policy(
            "actions: {x: {fields: {f: {type: map, values: integer}}}}\nsnapshot: {fields: {g: string}}\n",
            &format!(
                "version: 2\nevaluation: {{default: allow{evaluation}}}\n\
                 rules: [{{id: r, scope: {{action: x}}, when: '{condition}', effect: block}}]\n"
            ),
        )
    };
    let old = of("", "snapshot.g == abc");
    let new = of(", inputs: unchecked", r#"action.f["k"] == 1"#);
    let found = diff(&old, &new).unwrap();
    assert!(found.undecided.is_empty(), "{found:?}");
    for change in &found.changes {
        let decided = |policy: &Policy| {
            policy.evaluate_json(change.input().as_bytes()).map(|decision| decision.effect).ok()
        };
        assert_eq!(decided(&old), change.old.effect, "{change:?}");
        assert_eq!(decided(&new), change.new.effect, "{change:?}");
    }
}

#[test]
fn the_greatest_integers_of_version_1_round() {
    let rules = |condition: &str| {
        format!(
            "version: 1\nevaluation: {{inputs: checked}}\n\
             rules: [{{id: r, scope: {{action: x}}, when: {condition}, effect: block}}]\n"
        )
    };
    for condition in ["action.a == 9223372036854775807", "action.a > 9223372036854774784"] {
        let policy = policy("actions: {x: {fields: {a: integer}}}\n", &rules(condition));
        let found = policy.ask(&Question::never(Effect::Block)).unwrap();
        assert_eq!(found.holds, Some(false), "{condition}");
    }
}
