//! The conformance cases against the reference evaluator.

use crate::documents::compile;
use actra_testkit::corpus;
use actra_testkit::generate::Documents;
use actra_testkit::reference::evaluate;
use std::path::Path;

#[test]
fn the_reference_evaluator_holds_every_case() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let files = corpus::load(&directory).unwrap();
    let cases: usize = files.iter().map(|file| file.cases.len()).sum();
    assert!(cases >= 60, "{cases} cases");
    let failures = corpus::run(
        &files,
        |case| {
            let documents = Documents { schema: case.schema.clone(), policy: case.policy.clone() };
            compile(&documents)
        },
        |policy, check| evaluate(policy, &check.input.to_tree()?, check.options),
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
