//! `actra check`.

use super::{load_with_lints, warnings};
use crate::args::{Check, CheckFormat, Format};
use crate::failure::{Failure, PROBLEM, counts};
use crate::output::{self, Paint, count};
use actra::diagnostic::{Diagnostic, Sources, to_json, to_sarif};
use actra::{CompileError, Policy, hex};
use anstream::ColorChoice;
use serde::Serialize;
use serde_json::Value;

/// What `--format json` says. The policy's part is null where it does not compile.
#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    rules: Option<usize>,
    actions: Option<usize>,
    fields: Option<usize>,
    errors: usize,
    warnings: usize,
    silenced: usize,
    policy_hash: Option<String>,
    diagnostics: Vec<Value>,
}

pub(super) fn run(args: &Check, color: ColorChoice) -> Result<u8, Failure> {
    match (load_with_lints(&args.policy, &args.lints, &args.trust), args.format) {
        (Ok(policy), CheckFormat::Text) => {
            output::note(&warnings(&policy), color);
            output::print(&summary(&policy), Format::Text, color)?;
            Ok(0)
        }
        (Ok(policy), CheckFormat::Json) => {
            output::print(&output::pretty_json(&Report::of(&policy)), Format::Json, color)?;
            Ok(0)
        }
        (Ok(policy), CheckFormat::Sarif) => {
            sarif(policy.warnings(), policy.sources(), color)?;
            Ok(0)
        }
        // What is wrong with the documents is the result here.
        (Err(Failure::Documents(error)), CheckFormat::Json) => {
            let report = Report::of_error(&error);
            output::print(&output::pretty_json(&report), Format::Json, color)?;
            Ok(PROBLEM)
        }
        (Err(Failure::Documents(error)), CheckFormat::Sarif) => {
            sarif(error.diagnostics(), error.sources(), color)?;
            Ok(PROBLEM)
        }
        (Err(failure), _) => Err(failure),
    }
}

fn sarif(found: &[Diagnostic], sources: &Sources, color: ColorChoice) -> Result<(), Failure> {
    let log = to_sarif(found, sources, env!("CARGO_PKG_VERSION"));
    output::print(&output::pretty_json(&log), Format::Json, color)
}

/// The fields that the schema names, besides the two `type` fields, which are always there.
fn fields(policy: &Policy) -> usize {
    let program = policy.program();
    let built_in = [program.action_type_slot(), program.actor_type_slot()];
    program.fields().iter().filter(|field| !built_in.contains(&field.slot)).count()
}

/// `ok: 7 rules, 2 actions, 14 fields, no warnings`.
fn summary(policy: &Policy) -> String {
    let program = policy.program();
    format!(
        "{}: {}, {}, {}, {}\n",
        Paint::Allow.of("ok"),
        count(program.rules().len(), "rule"),
        count(program.actions().len(), "action"),
        count(fields(policy), "field"),
        if policy.is_artifact() { "compiled and verified".to_owned() } else { tally(policy) },
    )
}

/// `2 warnings, 1 silenced`.
fn tally(policy: &Policy) -> String {
    let warnings = count(policy.warnings().len(), "warning");
    match policy.silenced().len() {
        0 => warnings,
        silenced => format!("{warnings}, {silenced} silenced"),
    }
}

impl Report {
    fn of(policy: &Policy) -> Self {
        let program = policy.program();
        let sources = policy.sources();
        Self {
            ok: true,
            rules: Some(program.rules().len()),
            actions: Some(program.actions().len()),
            fields: Some(fields(policy)),
            errors: 0,
            warnings: policy.warnings().len(),
            silenced: policy.silenced().len(),
            policy_hash: Some(hex(&policy.policy_hash())),
            diagnostics: policy.warnings().iter().map(|found| to_json(found, sources)).collect(),
        }
    }

    fn of_error(error: &CompileError) -> Self {
        let (errors, warnings) = counts(error);
        Self {
            ok: false,
            rules: None,
            actions: None,
            fields: None,
            errors,
            warnings,
            silenced: error.silenced().len(),
            policy_hash: None,
            diagnostics: error.to_json(),
        }
    }
}
