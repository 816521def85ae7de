//! YAML documents as raw bytes: schema, policy and governance, separated by 0xff bytes.

use super::oracles;
use actra::Policy;

const SCHEMA: &str = "\
version: 1
common: {fields: {x: number}}
actions:
  refund: {fields: {amount: integer, currency: {type: string, enum: [EUR, USD]}, tags: {type: list, items: string}}}
  a: {fields: {y: string, l: {type: list, items: number}, o: {type: object, fields: {n: number}}, m: {type: map, values: string}}}
  c: {fields: {url: string, at: timestamp, ip: string}}
actor: {fields: {role: string}}
snapshot: {fields: {fraud_flag: boolean}}
";
const POLICY: &str = "\
version: 2
rules:
  - {id: one, scope: {action: refund}, when: action.amount > 100, effect: block}
  - {id: two, scope: {action: refund}, when: actor.role == support, effect: allow}
";

pub fn run(data: &[u8]) {
    let texts: Vec<&str> =
        data.split(|byte| *byte == 0xff).map_while(|text| std::str::from_utf8(text).ok()).collect();
    match texts.as_slice() {
        [policy] => documents(SCHEMA, policy, None),
        [schema, policy] => documents(or(schema, SCHEMA), or(policy, POLICY), None),
        [schema, policy, governance, ..] => {
            documents(or(schema, SCHEMA), or(policy, POLICY), Some(governance));
        }
        [] => {}
    }
}

fn or<'t>(text: &'t str, usual: &'t str) -> &'t str {
    if text.is_empty() { usual } else { text }
}

fn documents(schema: &str, policy: &str, governance: Option<&str>) {
    match Policy::from_strings(schema, policy, governance) {
        Ok(compiled) => {
            oracles::policy(&compiled);
            let again = Policy::from_strings(schema, policy, governance).expect("it compiled once");
            assert_eq!(again.to_artifact(), compiled.to_artifact(), "the same documents, one file");
            let _ = compiled.warnings_json();
        }
        Err(error) => oracles::refusal(&error),
    }
}
