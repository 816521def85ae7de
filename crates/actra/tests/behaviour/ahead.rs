//! Big documents that are written simply are compiled while they are still being confirmed; what
//! comes out is what comes out of them written in any other way.

use actra::Policy;
use std::fmt::Write;

const SCHEMA: &str = "
version: 1
actions: {spend: {fields: {amount: {type: integer, min: 0, required: true}, note: string}}}
actor: {fields: {role: {type: string, required: true}}}
";

/// Big enough, and with the last effect as given.
fn policy(literal: &str, effect: &str) -> String {
    let mut text = "version: 2\nrules:\n".to_owned();
    for number in 0..200 {
        write!(
            text,
            "  - id: limit_{number}
    scope: {{action: spend}}
    when:
      all:
        - actor.role == role_{number}
        - subject: {{domain: action, field: amount}}
          operator: greater_than
          value: {{literal: {literal}}}
    effect: block # of number {number}
"
        )
        .unwrap();
    }
    write!(text, "  - id: last\n    scope: {{action: spend}}\n    effect: {effect}\n").unwrap();
    assert!(text.len() > 32 << 10);
    text
}

/// What compiling gives, as bytes or as text, with the warnings.
fn told(policy: &str) -> Result<(Vec<u8>, String), String> {
    match Policy::from_strings(SCHEMA, policy, None) {
        Ok(policy) => Ok((policy.to_artifact(), format!("{:?}", policy.warnings()))),
        Err(error) => Err(format!("{:?}", error.diagnostics())),
    }
}

#[test]
fn documents_compile_alike_whether_they_are_simple_or_not() {
    let compiled = told(&policy("5", "allow"));
    assert!(compiled.is_ok());
    // The same text in an escape, which is for the whole readers.
    let other = told(&policy("5", "\"\\x61llow\""));
    assert_eq!(compiled.as_ref().unwrap().0, other.unwrap().0);
    // Not a number is confirmed by nothing, since it equals nothing.
    for literal in [".nan", "0b1", "1e400", "-1", "x", "5.5"] {
        let simple = told(&policy(literal, "allow"));
        assert_eq!(simple, told(&policy(literal, "\"\\x61llow\"")), "{literal}");
    }
    assert!(told(&policy(".nan", "allow")).is_err());
}

#[test]
fn mistakes_are_told_alike_whether_documents_are_simple_or_not() {
    for (from, to) in [
        ("limit_7\n", "limit_8\n"),
        ("role_7\n", "role_7 extra\n"),
        ("actor.role == role_9\n", "actor.rule == role_9\n"),
        ("    effect: block # of number 3\n", "    effect: bloc\n    effect: block\n"),
        ("    effect: block # of number 3\n", "    effect: block\n    <<: {a: b}\n"),
        ("    effect: block # of number 3\n", "    effect: block\n     more: x\n"),
        ("    effect: block # of number 3\n", "    effect: [block\n"),
        ("    effect: block # of number 3\n", "    effect: block: x\n"),
        ("    effect: block # of number 3\n", "    effect: 'block\n"),
    ] {
        let wrong = |effect| {
            let text = policy("5", effect);
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        };
        let simple = told(&wrong("allow"));
        assert!(simple.is_err(), "{to}");
        assert_eq!(simple, told(&wrong("\"\\x61llow\"")), "{to}");
    }
}
