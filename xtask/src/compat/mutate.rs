//! Documents beyond the subset: generated ones with something changed that the package may refuse,
//! accept, or accept and silently ignore.
//!
//! Nothing here knows which. Where both projects still compile the result they have to decide
//! alike; so whatever the package ignores has to be an error here, or to change nothing.

use actra_testkit::generate::{Documents, Rng};
use serde_yaml::{Mapping, Value as Yaml};

/// A plain scalar that stands where [`SPELLINGS`] are to be put.
const MARK: &str = "zqspellingqz";

/// Keys of the language, of the package, and of neither. `evaluation` is left out on purpose: with
/// it a policy asks for the whole language, which the package does not have.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "action", "actions", "actor", "all", "any", "common", "condition", "default", "define",
    "description", "domain", "effect", "enabled", "enum", "field", "fields", "global", "id",
    "items", "key", "list", "literal", "max", "message", "min", "minus", "mode", "name", "not",
    "operator", "plus", "priority", "required", "required_actions", "rules", "scope", "snapshot",
    "subject", "tags", "type", "unless", "value", "values", "when", "<<",
];

#[rustfmt::skip]
const VALUES: &[&str] = &[
    "null", "true", "false", "5", "0", "''", "ai_agent", "refund", "payout", "shadow", "enforce",
    "block", "allow", "every", "some", "string", "number", "integer", "boolean", "amount", "[]",
    "{}", "[refund]", "[refund, payout]", "[ai_agent]", "{literal: 5}", "{literal: USD}",
    "{global: true}", "{action: refund}", "{actor: ai_agent}", "{fields: {}}",
    "{fields: {amount: number}}", "{type: number}", "{type: string, enum: [USD]}",
    "{domain: actor, field: role}", "{subject: {domain: actor, field: role}}",
    "{subject: {domain: actor, field: role}, operator: equals, value: {literal: lead}}",
    "[{type: human_approval}]", "action.amount > 5", "actor.role == lead",
];

#[rustfmt::skip]
const OPERATORS: &[&str] = &[
    "equals", "not_equals", "greater_than", "greater_than_or_equal", "less_than",
    "less_than_or_equal", "in", "not_in", "contains", "starts_with", "matches", "exists",
    "not_exists", "==", "Equals",
];

#[rustfmt::skip]
const SCOPES: &[&str] = &[
    "{global: true}", "{global: false}", "{global: yes}", "{action: refund}", "{action: [refund]}",
    "{action: [refund, payout]}", "{action: nothing}", "{action: '5'}", "{action: 5}",
    "{actor: ai_agent}", "{actor: [ai_agent]}", "{action: refund, actor: ai_agent}",
    "{action: refund, global: true}", "{action: [refund], global: true}",
    "{actor: ai_agent, global: true}", "{actor: [ai_agent], global: true}", "{}", "null",
];

/// Literals as YAML may spell them.
#[rustfmt::skip]
const SPELLINGS: &[&str] = &[
    "5", "+5", "-5", "0x1F", "0X1F", "0o17", "0b11", "-0b1", "-0x10", "+0x10", "-0o7", "017", "00",
    "-017", "00.5", "01.5", "5.", ".5", "+.5", "5.e3", "1e3", "1E3", "1e-3", "1e400", "-1e400",
    "1e-5000", ".inf", ".Inf", "+.inf", "-.INF", ".nan", ".NaN", "inf", "nan", "NaN",
    "9007199254740993", "18446744073709551615", "18446744073709551616", "-9223372036854775809",
    "340282366920938463463374607431768211456", "true", "True", "TRUE", "tRUE", "yes", "No", "on",
    "null", "Null", "NULL", "~", "nULL", "", "1_000", "1e", ".", "-", "12:30", "2024-01-01",
    "!!str 5", "!!int '5'", "!!float 5", "!!bool yes", "!!bool true", "!!foo x", "!foo 5", "'5'",
    "\"5\"", "'true'", "|-\n  5", "&anchor 5", "0x", "_", "=",
];

/// A changed copy.
pub(super) fn mutant(rng: &mut Rng, documents: &Documents) -> Documents {
    let mut mutant = documents.clone();
    // More than one seldom, for most changes are refused by both.
    while mutant == *documents || rng.percent(20) {
        let text = if rng.percent(20) { &mut mutant.schema } else { &mut mutant.policy };
        if let Some(changed) = if rng.percent(15) { lines(rng, text) } else { tree(rng, text) } {
            *text = changed;
        }
    }
    mutant
}

/// Changes the text itself: what a tree cannot say, such as a key that stands twice.
fn lines(rng: &mut Rng, text: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return None;
    }
    let at = rng.below(lines.len());
    let line = lines.get(at)?.clone();
    match rng.below(4) {
        0 => lines.insert(at, line),
        1 => drop(lines.remove(at)),
        2 => lines.insert(at, format!("  {line}")),
        _ => *lines.get_mut(at)? = format!("  {line}"),
    }
    Some(lines.join("\n") + "\n")
}

/// Changes a place of the tree that the text stands for.
fn tree(rng: &mut Rng, text: &str) -> Option<String> {
    let mut root: Yaml = serde_yaml::from_str(text).ok()?;
    let mut steps = rng.below(size(&root));
    change(rng, nth(&mut root, &mut steps)?);
    // Another language version, or the whole language, is another question.
    if root.get("version") != Some(&Yaml::from(1)) || root.get("evaluation").is_some() {
        return None;
    }
    let text = serde_yaml::to_string(&root).ok()?;
    Some(text.replace(MARK, word(rng, SPELLINGS)))
}

/// How many mappings and sequences there are.
fn size(node: &Yaml) -> usize {
    match node {
        Yaml::Mapping(entries) => 1 + entries.values().map(size).sum::<usize>(),
        Yaml::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        _ => 0,
    }
}

/// The mapping or sequence that many steps from here, each parent before its children.
fn nth<'n>(node: &'n mut Yaml, steps: &mut usize) -> Option<&'n mut Yaml> {
    if !matches!(node, Yaml::Mapping(_) | Yaml::Sequence(_)) {
        return None;
    }
    if *steps == 0 {
        return Some(node);
    }
    *steps -= 1;
    match node {
        Yaml::Mapping(entries) => entries.values_mut().find_map(|value| nth(value, steps)),
        Yaml::Sequence(items) => items.iter_mut().find_map(|item| nth(item, steps)),
        _ => None,
    }
}

fn change(rng: &mut Rng, node: &mut Yaml) {
    match node {
        Yaml::Mapping(entries) if entries.contains_key("operator") && rng.percent(60) => {
            change_atom(rng, node);
        }
        Yaml::Mapping(entries) if entries.contains_key("scope") && rng.percent(40) => {
            entries.insert("scope".into(), yaml(word(rng, SCOPES)));
        }
        Yaml::Mapping(entries) => change_mapping(rng, entries),
        Yaml::Sequence(items) if items.is_empty() => items.push(yaml(word(rng, VALUES))),
        Yaml::Sequence(items) => {
            let at = rng.below(items.len());
            match rng.below(4) {
                0 => drop(items.remove(at)),
                1 => items.reverse(),
                _ => items.extend(items.get(at).cloned()),
            }
        }
        _ => {}
    }
}

fn change_atom(rng: &mut Rng, atom: &mut Yaml) {
    let operator = word(rng, OPERATORS).into();
    let (key, value) = match rng.below(5) {
        0 => ("operator", operator),
        1 => ("value", map("literal", MARK.into())),
        wrap => {
            let whole = atom.clone();
            *atom = match wrap {
                2 => map("not", whole),
                3 => map(word(rng, &["all", "any"]), Yaml::Sequence(vec![whole])),
                _ => map(word(rng, &["all", "any"]), Yaml::Sequence(vec![whole.clone(), whole])),
            };
            return;
        }
    };
    if let Yaml::Mapping(entries) = atom {
        entries.insert(key.into(), value);
    }
}

fn change_mapping(rng: &mut Rng, entries: &mut Mapping) {
    let keys: Vec<Yaml> = entries.keys().cloned().collect();
    let new = (Yaml::from(word(rng, KEYS)), yaml(word(rng, VALUES)));
    if keys.is_empty() || rng.percent(65) {
        if rng.percent(50) {
            entries.entry(new.0).or_insert(new.1);
        } else if !entries.contains_key(&new.0) {
            let rest = std::mem::take(entries);
            *entries = std::iter::once(new).chain(rest).collect();
        }
        return;
    }
    let key = rng.pick(&keys).clone();
    match rng.below(4) {
        0 => drop(entries.remove(&key)),
        1 => drop(entries.insert(key, MARK.into())),
        2 => drop(entries.insert(key, new.1)),
        _ => {
            if let Some(value) = entries.remove(&key) {
                entries.insert(new.0, value);
            }
        }
    }
}

fn word(rng: &mut Rng, words: &[&'static str]) -> &'static str {
    rng.pick::<&str>(words)
}

fn yaml(text: &str) -> Yaml {
    serde_yaml::from_str(text).unwrap_or_default()
}

fn map(key: &str, value: Yaml) -> Yaml {
    Yaml::Mapping(Mapping::from_iter([(key.into(), value)]))
}
