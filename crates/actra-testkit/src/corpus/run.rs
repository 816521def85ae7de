//! Holding cases against an implementation.

use super::{Case, CaseFile, Check, Diagnosis, Documents, Expectation};
use crate::reference::{Decision, InputError};
use std::collections::BTreeMap;

/// Documents that compile.
#[derive(Clone, Debug)]
pub struct Compiled<P> {
    /// What evaluates.
    pub program: P,
    /// The policy hash in hexadecimal digits.
    pub hash: String,
    /// What was said besides errors.
    pub warnings: Vec<Said>,
}

/// An error or warning as an implementation gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its code.
    pub code: String,
    /// Its document as `schema.yaml`, `policies/more.yaml`; empty where it has no place.
    pub document: String,
    /// Its line, counted from 1; 0 where it has no place.
    pub line: u32,
    /// Everything that it tells people.
    pub text: String,
}

/// What came of an input, and through which door.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The door: `json`, `yaml`, `slots`, ...
    pub door: &'static str,
    /// The decision or input error.
    pub result: Result<Decision, InputError>,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What does not hold, as text.
    pub failures: Vec<String>,
    /// Checks by what did them: `compile`, `hash`, or a door.
    pub counts: BTreeMap<&'static str, usize>,
}

impl Report {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}

/// Runs cases: `compile` makes something of a case's documents, or says what is wrong with them;
/// `evaluate` holds an input against it, once through each door that can take it.
pub fn run<P>(
    files: &[CaseFile],
    mut compile: impl FnMut(&Documents) -> Result<Compiled<P>, Vec<Said>>,
    mut evaluate: impl FnMut(&P, &Check) -> Vec<Outcome>,
) -> Report {
    let mut report = Report::default();
    for file in files {
        for case in &file.cases {
            let mut failures = Vec::new();
            run_case(case, &mut compile, &mut evaluate, &mut report, &mut failures);
            let place = format!("{}: {}", file.name, case.name);
            report.failures.extend(failures.into_iter().map(|text| format!("{place}: {text}")));
        }
    }
    report
}

fn run_case<P>(
    case: &Case,
    compile: &mut impl FnMut(&Documents) -> Result<Compiled<P>, Vec<Said>>,
    evaluate: &mut impl FnMut(&P, &Check) -> Vec<Outcome>,
    report: &mut Report,
    failures: &mut Vec<String>,
) {
    let verdict = case.compile.clone().unwrap_or_default();
    let compiled = match compile(&case.documents) {
        Ok(compiled) => compiled,
        Err(said) => {
            report.count("compile");
            if let Some(difference) = differ(&verdict.errors, &said) {
                failures.push(format!("compiling: {difference}"));
            }
            return;
        }
    };
    if !verdict.errors.is_empty() {
        report.count("compile");
        failures.push(format!("compiles, but {:?} were to come", verdict.errors));
        return;
    }
    if case.compile.is_some() {
        report.count("compile");
        for warning in &verdict.warnings {
            if !compiled.warnings.iter().any(|said| matches(warning, said)) {
                failures.push(format!("no warning {warning:?} among {:?}", compiled.warnings));
            }
        }
    }
    check_hashes(case, &compiled.hash, compile, report, failures);
    for (index, check) in case.checks.iter().enumerate() {
        for Outcome { door, result } in evaluate(&compiled.program, check) {
            report.count(door);
            if !holds(&check.expect, &result) {
                failures.push(format!(
                    "input {} as {door}: expected {:?}, got {result:?}",
                    index + 1,
                    check.expect,
                ));
            }
        }
    }
}

fn check_hashes<P>(
    case: &Case,
    hash: &str,
    compile: &mut impl FnMut(&Documents) -> Result<Compiled<P>, Vec<Said>>,
    report: &mut Report,
    failures: &mut Vec<String>,
) {
    if let Some(golden) = &case.hash {
        report.count("hash");
        if golden != hash {
            failures.push(format!("the hash is {hash}"));
        }
    }
    let pairs = case.same_hash.iter().map(|documents| (documents, true));
    let pairs = pairs.chain(case.other_hash.iter().map(|documents| (documents, false)));
    for (index, (documents, is_same)) in pairs.enumerate() {
        report.count("hash");
        match compile(documents) {
            Err(said) => failures.push(format!("hash {}: does not compile: {said:?}", index + 1)),
            Ok(other) if (other.hash == hash) != is_same => {
                let what = if is_same { "differs" } else { "is the same" };
                failures.push(format!("hash {}: {what}", index + 1));
            }
            Ok(_) => {}
        }
    }
}

/// What is wrong with the errors given: each expected one is to be there, and no other.
fn differ(expected: &[Diagnosis], said: &[Said]) -> Option<String> {
    let mut rest: Vec<&Said> = said.iter().collect();
    for diagnosis in expected {
        match rest.iter().position(|said| matches(diagnosis, said)) {
            Some(at) => {
                rest.remove(at);
            }
            None => return Some(format!("no {diagnosis:?} among {said:?}")),
        }
    }
    match rest.as_slice() {
        [] => None,
        more => Some(format!("not expected: {more:?}")),
    }
}

fn matches(diagnosis: &Diagnosis, said: &Said) -> bool {
    diagnosis.code == said.code
        && diagnosis.document.as_ref().is_none_or(|document| *document == said.document)
        && diagnosis.line.is_none_or(|line| line == said.line)
        && diagnosis.names.iter().all(|name| said.text.contains(name.as_str()))
}

fn holds(expect: &Expectation, outcome: &Result<Decision, InputError>) -> bool {
    match (expect, outcome) {
        (Expectation::Decision(expected), Ok(decision)) => expected == decision,
        (Expectation::Error { code, field }, Err(error)) => {
            *code == error.code && (field.is_none() || *field == error.field)
        }
        _ => false,
    }
}
