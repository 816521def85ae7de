//! Generated documents against the checker: each compiles, and to what was meant.

use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::diagnostic::{self, Report, Sources};
use actra_compiler::model::CheckedPolicy;
use actra_testkit::generate::{self, Documents, Style};

/// The checked policy, or the rendered errors.
pub(crate) fn compile(documents: &Documents) -> Result<CheckedPolicy, String> {
    let mut sources = Sources::default();
    let schema = sources.add("schema.yaml", documents.schema.clone());
    let policy = sources.add("policy.yaml", documents.policy.clone());
    let mut report = Report::default();
    let documents = PolicyDocuments { schema, policy, more_policies: Vec::new(), governance: None };
    match check(&sources, &documents, &mut report) {
        Some(checked) => Ok(checked.policy),
        None => Err(report
            .into_sorted()
            .iter()
            .map(|diagnostic| diagnostic::render(diagnostic, &sources, diagnostic::Style::Plain))
            .collect()),
    }
}

/// Version 1 has NaN literals, which equal nothing; their text does.
fn text(policy: CheckedPolicy) -> String {
    format!("{:#?}", generate::without_places(policy))
}

fn assert_means(seed: u64, style: Style, documents: &Documents, meant: &CheckedPolicy) {
    let case = format!("seed {seed}, {style:?}\n{}\n---\n{}", documents.schema, documents.policy);
    match compile(documents) {
        Err(errors) => panic!("{errors}\n{case}"),
        Ok(read) => {
            let (read, meant) = (text(read), text(meant.clone()));
            let difference = read.lines().zip(meant.lines()).enumerate().find(|(_, (a, b))| a != b);
            assert!(read == meant, "read and meant differ at {difference:?}\n{case}");
        }
    }
}

#[test]
fn every_style_reads_as_the_policy_that_was_meant() {
    for seed in 0..1_500 {
        let meant = generate::policy(seed);
        for style in Style::ALL {
            let documents = generate::documents(&meant, style, seed * 31 + style as u64);
            assert_means(seed, style, &documents, &meant);
        }
    }
}

#[test]
fn monotone_policies_compile() {
    for seed in 0..300 {
        let meant = generate::monotone_policy(seed);
        let documents = generate::documents(&meant, Style::Short, seed);
        assert_means(seed, Style::Short, &documents, &meant);
    }
}

#[test]
fn the_package_subset_is_part_of_version_1() {
    for seed in 0..1_500 {
        let (documents, meant) = generate::version_1_package_subset(seed);
        assert_means(seed, Style::Package, &documents, &meant);
    }
}
