//! The conformance cases against the reference evaluator, and their index.

use actra_analysis::prove;
use actra_compiler::canonical::policy_hash;
use actra_compiler::check::{PolicyDocuments, check};
use actra_compiler::diagnostic::{self, Diagnostic, Report, Severity, Sources};
use actra_compiler::lint::lint;
use actra_compiler::model::CheckedPolicy;
use actra_testkit::corpus::{self, CaseFile, Check, Compiled, Documents, Index, Outcome, Said};
use actra_testkit::reference::evaluate;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files() -> Vec<CaseFile> {
    corpus::load(&root().join("conformance/cases")).unwrap()
}

fn said(report: Report, sources: &Sources) -> Vec<Said> {
    let one = |diagnostic: Diagnostic| {
        let place = diagnostic.span.map(|span| sources.place(span));
        let source = diagnostic.span.and_then(|span| sources.source(span.source));
        Said {
            code: diagnostic.code.as_str().to_owned(),
            document: source.map_or(String::new(), |source| source.name.clone()),
            line: place.map_or(0, |place| place.line),
            text: diagnostic::render(&diagnostic, sources, diagnostic::Style::Plain),
        }
    };
    report.into_sorted().into_iter().map(one).collect()
}

fn is_error(code: &str) -> bool {
    diagnostic::Code::parse(code).is_some_and(|code| code.severity() == Severity::Error)
}

fn compile(documents: &Documents) -> Result<Compiled<CheckedPolicy>, Vec<Said>> {
    let mut sources = Sources::default();
    let mut add = |name: String, text: &corpus::Text| sources.add(name, text.expand());
    let ids = PolicyDocuments {
        schema: add("schema.yaml".into(), &documents.schema),
        policy: add("policy.yaml".into(), &documents.policy),
        more_policies: documents
            .policies
            .iter()
            .map(|(name, text)| add(format!("policies/{name}"), text))
            .collect(),
        governance: documents.governance.as_ref().map(|text| add("governance.yaml".into(), text)),
    };
    let mut report = Report::default();
    let checked = check(&sources, &ids, &mut report).filter(|_| !report.has_errors());
    if let Some(checked) = &checked {
        prove(checked, &mut report);
    }
    match checked {
        Some(checked) if !report.has_errors() => {
            let _silenced = lint(&checked, &mut report);
            let hash = corpus::hex(&policy_hash(&checked.policy));
            let program = checked.policy;
            Ok(Compiled { program, hash, warnings: said(report, &sources) })
        }
        _ => Err(said(report, &sources).into_iter().filter(|said| is_error(&said.code)).collect()),
    }
}

fn by_reference(policy: &CheckedPolicy, check: &Check) -> Vec<Outcome> {
    let result = match check.input.to_tree() {
        Ok(Some(tree)) => evaluate(policy, &tree, check.options),
        // Whether YAML text is well formed is for its reader to say, which is no part of this.
        Ok(None) => return Vec::new(),
        Err(error) => Err(error),
    };
    vec![Outcome { door: "reference", result }]
}

#[test]
fn the_example_of_the_format_holds() {
    let readme = std::fs::read_to_string(root().join("conformance/README.md")).unwrap();
    let example = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let cases = corpus::parse(example).unwrap();
    assert_eq!(cases.len(), 3);
    let files = [CaseFile { name: "README".to_owned(), cases }];
    let report = corpus::run(&files, compile, by_reference);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
}

#[test]
fn the_reference_evaluator_holds_every_case() {
    let report = corpus::run(&files(), compile, by_reference);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.counts["reference"] >= 1_500, "{:?}", report.counts);
}

#[test]
fn every_sentence_has_a_case_and_every_case_a_sentence() {
    let files = files();
    let conformance = root().join("conformance");
    let index = std::fs::read_to_string(conformance.join("index.yaml")).unwrap();
    let index = Index::parse(&index).unwrap();
    let problems = index.problems(&files, &root());
    assert!(problems.is_empty(), "{}", problems.join("\n"));

    let written = conformance.join("INDEX.md");
    let markdown = index.to_markdown(&files);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&written, &markdown).unwrap();
    }
    assert!(
        std::fs::read_to_string(&written).unwrap_or_default() == markdown,
        "`conformance/INDEX.md` is not what the cases say; UPDATE=1 writes it"
    );
}
