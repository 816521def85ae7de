//! A policy's schema and rules as data, and policies in files.

use actra::{LoadError, Policy};
use serde_json::json;

const SCHEMA: &str = "\
version: 1
common: {fields: {region: {type: string, required: true}}}
actions:
  refund:
    fields:
      amount: {type: integer, min: 0, max: 5000}
      currency: {type: string, enum: [USD, EUR], default: EUR}
      labels: {type: map, values: string}
      order: {type: object, fields: {id: {type: string, max_length: 8, required: true}}}
      tags: {type: list, items: string, max_length: 4, unique: true}
actor: {fields: {role: string}}
snapshot: {fields: {opened: timestamp}}
";

const RULES: &str = "\
version: 2
evaluation: {combine: most_restrictive}
rules:
  - id: vip
    scope: {action: refund}
    when: action.labels[\"tier\"] == \"gold\"
    effect: require_approval
    message: Ask.
    description: Gold needs a look.
    required_actions: [{type: human_approval}]
  - {id: later, scope: {action: refund}, effect: block, mode: shadow}
  - {id: anyone, scope: {global: true}, when: actor.role == owner, effect: allow}
";

fn policy() -> Policy {
    Policy::from_strings(SCHEMA, RULES, None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_schema_names_slots_and_fields_with_all_that_they_are_held_to() {
    let schema = policy().schema_json();
    assert_eq!(schema["language"], 2);
    assert_eq!(
        schema["evaluation"],
        json!({
            "combine": "most_restrictive", "default": "block", "missing": "fail_closed",
            "inputs": "checked",
        })
    );
    let slots = schema["slots"].as_array().unwrap();
    let number = |name: &str| slots.iter().position(|slot| slot["name"] == name).unwrap();
    assert_eq!(schema["action_type_slot"], number("action.type"));
    assert_eq!(
        slots[number("action.labels[\"tier\"]")],
        json!({
            "name": "action.labels[\"tier\"]", "domain": "action", "kind": "entry",
            "parent": number("action.labels"), "key": "tier",
        })
    );
    let field = |table: &serde_json::Value, name: &str| {
        table.as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone()
    };
    let refund = &schema["actions"]["refund"];
    assert_eq!(
        field(refund, "action.amount"),
        json!({
            "slot": number("action.amount"), "name": "action.amount", "type": "integer",
            "min": 0, "max": 5000,
        })
    );
    assert_eq!(field(refund, "action.currency")["default"], "EUR");
    assert_eq!(field(refund, "action.currency")["enum"], json!(["EUR", "USD"]));
    assert_eq!(field(refund, "action.order.id")["max_length"], 8);
    assert_eq!(field(refund, "action.order.id")["required"], true);
    assert_eq!(field(refund, "action.tags")["max_items"], json!(4));
    assert_eq!(field(refund, "action.tags")["unique"], true);
    assert_eq!(field(&schema["common"], "action.region")["required"], true);
    assert_eq!(field(&schema["state"], "actor.role")["type"], "string");
    assert_eq!(field(&schema["state"], "snapshot.opened")["type"], "timestamp");
}

#[test]
fn rules_are_told_in_the_order_in_which_they_decide() {
    let rules = policy().rules_json();
    let ids: Vec<_> = rules.as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    let program = policy();
    let decide: Vec<_> =
        program.program().rules().iter().map(|rule| program.program().text(rule.id)).collect();
    assert_eq!(ids, decide);
    let vip = rules.as_array().unwrap().iter().find(|rule| rule["id"] == "vip").unwrap();
    assert_eq!(
        *vip,
        json!({
            "id": "vip", "effect": "require_approval", "mode": "enforce", "position": 0,
            "actions": ["refund"], "message": "Ask.", "required_actions": [{"type": "human_approval"}],
            "description": "Gold needs a look.", "file": "policy.yaml", "line": 4, "column": 5,
        })
    );
    let later = rules.as_array().unwrap().iter().find(|rule| rule["id"] == "later").unwrap();
    assert_eq!(later["actions"], json!(["refund"]));
    let anyone = rules.as_array().unwrap().iter().find(|rule| rule["id"] == "anyone").unwrap();
    assert_eq!(anyone["actions"], json!(null));
    assert_eq!((&later["mode"], later.get("message")), (&json!("shadow"), None));
}

#[test]
fn a_policy_is_saved_in_one_piece_and_loads_again() {
    let folder = std::env::temp_dir().join(format!("actra-save-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("refund.actra");
    std::fs::write(&path, "what was there before").unwrap();
    policy().save(&path).unwrap();
    let loaded = Policy::from_artifact_file(&path).unwrap();
    assert_eq!(loaded.program_digest(), policy().program_digest());
    assert_eq!(loaded.schema_json(), policy().schema_json());
    assert_eq!(loaded.rules_json(), policy().rules_json());
    assert!(policy().save(&folder.join("nowhere/refund.actra")).is_err());
    assert!(policy().save(std::path::Path::new("/")).is_err());
    // A folder cannot be replaced by a file; what was written beside it does not stay.
    std::fs::create_dir(folder.join("taken.actra")).unwrap();
    assert!(policy().save(&folder.join("taken.actra")).is_err());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    assert!(matches!(
        Policy::from_artifact_file(&folder.join("none.actra")),
        Err(LoadError::Io { .. })
    ));
    std::fs::remove_dir_all(folder).unwrap();
}
