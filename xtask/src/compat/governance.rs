//! Governance of version 1, put to both: what is broken here is broken there.

use super::package::{Package, Verdict};
use actra::diagnostic::{Code, Severity};
use actra::{CompileError, Policy};
use actra_compiler::model::{CheckedPolicy, LanguageVersion};
use actra_testkit::generate::{Documents, Rng, governance, governance_text};

/// Sound governance documents about each policy.
const SOUND: u64 = 2;
/// Documents about each policy that are a little off.
const CHANGED: u64 = 2;

/// Changes of what a document says, most of them of the kind that the package took without a word.
const CHANGES: &[(&str, &str)] = &[
    ("must: {", "must: {exists: true, "),
    ("must: {", "must: {min_count: 1, "),
    ("must: {", "must: {forbid: false, "),
    ("must: {", "must: {note: x, "),
    ("must: {", "must: {never: allow, "),
    ("must: {exists: true", "must: {min_count: 0"),
    ("must: {exists: false", "must: {exists: null, max_count: 0"),
    ("must: {forbid: true", "must: {forbid: false"),
    ("where: {", "where: {tags: [money], "),
    ("where: {", "where: {id: null, "),
    ("where: {", "where: {scope: {actor: human}, "),
    ("where: {", "where: {scope: {}, "),
    ("where: {", "where: {when: {subject: {}}, "),
    ("where: {", "where: {efect: block, "),
    ("where: {}", "where: {scope: {global: true}}"),
    ("effect: require_approval", "effect: requires_approval"),
    ("effect: block", "effect: Block"),
    ("domain: action", "domain: acton"),
    ("actions: [", "all: true, actions: ["),
    ("actions: [", "actions: [null, "),
    ("error: E.", "error: 5"),
    ("id: \"g1\"", "id: \"g0\""),
    ("id: \"g0\"", "assume: x == y\n      id: \"g0\""),
    ("global: false", "global: true"),
    ("version: 1", "version: 3"),
];

/// What was compared.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) documents: usize,
    pub(super) broken: usize,
    pub(super) changed: usize,
    pub(super) in_both: usize,
}

/// Compares the two on governance of a policy that both compile.
pub(super) fn compare(
    package: &mut Package,
    seed: u64,
    (documents, checked): (&Documents, &CheckedPolicy),
    tally: &mut Tally,
    differences: &mut Vec<String>,
) -> Result<(), String> {
    for number in 0..SOUND + CHANGED {
        let mut rng = Rng::new(seed.wrapping_mul(31) ^ number ^ 0x6076);
        let text = governance_text(&governance(rng.next(), checked, LanguageVersion::V1));
        let is_changed = number >= SOUND;
        let text = if is_changed { changed(&mut rng, text) } else { text };
        let theirs = package.ask(&documents.schema, &documents.policy, Some(&text), &[])?;
        let theirs = broken_there(&theirs);
        let ours = Policy::from_strings(&documents.schema, &documents.policy, Some(&text));
        let ours = broken_here(ours.err().as_ref());
        let differ = match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => ours != theirs,
            // What is refused here is told by an error of its own; only a change may bring it on.
            (None, _) => !is_changed,
            (Some(_), None) => true,
        };
        if is_changed {
            tally.changed += 1;
            tally.in_both += usize::from(ours.is_some() && theirs.is_some());
        } else {
            tally.documents += 1;
            tally.broken += usize::from(ours.as_ref().is_some_and(|ids| !ids.is_empty()));
        }
        if differ {
            let Documents { schema, policy } = documents;
            differences.push(format!(
                "--- a difference; again with: cargo run -p xtask -- compat --cases 1 --seed \
                 {seed}\n{schema}---\n{policy}---\n{text}---\npackage: {theirs:?}\nours:    \
                 {ours:?}\n"
            ));
        }
    }
    Ok(())
}

/// The document with one or two changes, where what they change is there.
fn changed(rng: &mut Rng, mut text: String) -> String {
    for _ in 0..=rng.below(2) {
        let fitting: Vec<_> = CHANGES.iter().filter(|(from, _)| text.contains(from)).collect();
        if !fitting.is_empty() {
            let (from, to) = rng.pick(&fitting);
            text = text.replacen(from, to, 1);
        }
    }
    text
}

/// Governance rules that the package calls violated, in order. `None`: it refuses the document.
fn broken_there(verdict: &Verdict) -> Option<Vec<String>> {
    let error = match verdict {
        Verdict::Answers(_) => return Some(Vec::new()),
        Verdict::Refused(error) => error.strip_prefix("governance validation failed: ")?,
    };
    let ids = error.split("GovernanceViolation { rule_id: \"").skip(1);
    Some(ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect())
}

/// Governance rules that are broken here, in order. `None`: the documents are refused.
fn broken_here(error: Option<&CompileError>) -> Option<Vec<String>> {
    let diagnostics = error.map_or(&[][..], CompileError::diagnostics);
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| {
            let rest = diagnostic.message.strip_prefix("governance rule `")?;
            let (id, _) = rest.split_once('`')?;
            (diagnostic.code == Code::GovernanceViolated).then(|| id.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_as_lists_of_rules() {
        let refused = |text: &str| broken_there(&Verdict::Refused(text.to_owned()));
        assert_eq!(refused("missing field `version`"), None);
        assert_eq!(broken_there(&Verdict::Answers(Vec::new())), Some(Vec::new()));
        let two = "governance validation failed: [GovernanceViolation { rule_id: \"a\", message: \
                   \"E\" }, GovernanceViolation { rule_id: \"b\", message: \"E\" }]";
        assert_eq!(refused(two), Some(vec!["a".to_owned(), "b".to_owned()]));
        let schema = "version: 1\nactions: {refund: {fields: {amount: number}}}\n";
        let policy = "version: 1\nrules: []\n";
        let ours = |governance: &str| {
            let text = format!("version: 1\ngovernance: {{rules: [{governance}]}}\n");
            broken_here(Policy::from_strings(schema, policy, Some(&text)).err().as_ref())
        };
        let rule = "{id: a, select: {where: {}}, must: {exists: true}, error: E}";
        assert_eq!(ours(rule), Some(vec!["a".to_owned()]));
        assert_eq!(ours(&rule.replace("true", "false")), Some(Vec::new()));
        assert_eq!(ours(&rule.replace("where", "were")), None);
    }

    #[test]
    fn every_change_changes_some_document() {
        let texts: Vec<String> = (0..300)
            .map(|seed| {
                let (_, checked) = actra_testkit::generate::version_1_package_subset(seed);
                governance_text(&governance(seed, &checked, LanguageVersion::V1))
            })
            .collect();
        for (from, _) in CHANGES {
            assert!(texts.iter().any(|text| text.contains(from)), "nothing has `{from}`");
        }
    }
}
