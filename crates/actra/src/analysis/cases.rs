//! Tests for free: an input for every rule that can fire, and for its boundaries.

use super::witness::Witness;
use crate::decision::Effect;
use actra_analysis::{Boundary, Source, Value, boundaries};
use std::collections::HashSet;
use std::fmt::Write as _;

/// Most tests of one document.
const MOST_CASES: usize = 10_000;

/// Characters of a value in a name.
const MOST_OF_A_VALUE: usize = 40;

/// An input, and what is decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// What it shows: `large: action.amount = 1000`.
    pub name: String,
    /// The input and its decision.
    pub witness: Witness,
}

/// The first line of every test document that is made.
pub const TEST_DOCUMENT_MARK: &str = "# Made by `actra analyze --cases`.";

/// A test document (`*_test.yaml`) of these cases, for the policy in the document's own directory or
/// in another. At most 10,000 cases: the others are left out.
///
/// ```
/// use actra::Policy;
/// use actra::analysis::{DEFAULT_BUDGET, test_document};
///
/// let policy = Policy::from_strings(
///     "version: 1\nactions: {refund: {fields: {amount: integer}}}\n",
///     "version: 2\nrules: [{id: small, scope: {action: refund}, when: action.amount < 100, effect: allow}]\n",
///     None,
/// )?;
/// let (_, cases) = policy.analyze_with_cases(DEFAULT_BUDGET, &mut |_, _| {})?;
/// let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
/// assert!(names.contains(&"small: action.amount = 100"));
/// assert!(test_document(".", &cases).contains("matched_rule: \"small\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn test_document(policy: &str, cases: &[TestCase]) -> String {
    let mut text = format!(
        "{TEST_DOCUMENT_MARK} It is written anew by the next call.\nname: boundaries\npolicy: {}\n",
        quoted(policy)
    );
    text.push_str("tests:\n");
    for TestCase { name, witness } in cases.iter().take(MOST_CASES) {
        let expected = match (&witness.error, &witness.matched_rule) {
            (Some(code), _) => format!("error: {code}"),
            (None, rule) => format!(
                "effect: {}, matched_rule: {}",
                witness.effect.map_or("block", Effect::as_str),
                rule.as_deref().map_or_else(|| "null".to_owned(), quoted)
            ),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "  - name: {}\n    input: {}\n    expect: {{{expected}}}\n",
            quoted(name),
            witness.input
        );
    }
    text
}

/// JSON's strings are YAML's, too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

pub(super) fn cases(
    source: Source<'_>,
    report: &actra_analysis::Report,
) -> Result<Vec<TestCase>, String> {
    let mut names = HashSet::new();
    let found = boundaries(source, report)?;
    let cases = found.iter().map(|found| {
        let plain = name_of(source, found);
        let mut name = plain.clone();
        let mut number = 2;
        while !names.insert(name.clone()) {
            name = format!("{plain} ({number})");
            number += 1;
        }
        TestCase { name, witness: Witness::new(source, &found.input, &found.verdict) }
    });
    Ok(cases.collect())
}

fn name_of(source: Source<'_>, found: &Boundary) -> String {
    let rule = source.policy.rules.get(found.rule).map_or("", |rule| rule.id.as_str());
    match &found.change {
        None => format!("{rule}: fires"),
        Some((field, None)) => format!("{rule}: {field} missing"),
        Some((field, Some(value))) => {
            format!("{rule}: {field} = {}", excerpt(value))
        }
    }
}

fn excerpt(value: &Value) -> String {
    let text = value.to_text();
    if text.chars().count() <= MOST_OF_A_VALUE {
        return text;
    }
    text.chars().take(MOST_OF_A_VALUE).collect::<String>() + ".."
}
