//! Runs test documents.

use super::check::Findings;
use super::coverage::Collector;
use super::document::Test;
use super::expand::Variant;
use super::find::{Found, find};
use super::path::DOMAINS;
use super::read::{name_of, policy_path, read};
use super::report::{BrokenPolicy, Failure, FileReport, Report, Run, SentInput, Verdict};
use super::shape::Reader;
use super::value::Language;
use super::{Error, Measure, OnFailure, Options};
use crate::compile::read_document;
use crate::error::{InputCode, LoadError};
use crate::explain::Explanation;
use crate::policy::{Evaluator, Policy, UnknownFields};
use actra_compiler::diagnostic::{
    Code, Diagnostic, Report as Diagnostics, Severity, SourceId, Sources, Span,
};
use actra_compiler::yaml;
use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Instant;

/// Failures of one run that are explained. Who has more looks at the first ones first.
const MAX_EXPLAINED: usize = 100;

/// What is told while tests run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A run of a document is done; so many are.
    Run {
        /// The document.
        path: &'a Path,
        /// Runs that are done, of all documents.
        done: usize,
    },
    /// A document is done.
    File(&'a FileReport),
}

/// Runs the tests that the options name.
///
/// # Errors
/// A path that is not there or cannot be searched, or no test to run. What is wrong with documents
/// and policies is in the report.
pub fn run(options: &Options) -> Result<Report, Error> {
    run_with(options, &mut |_| {})
}

/// The same, telling how far it is.
///
/// # Errors
/// As [`run`].
pub fn run_with(
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, Error> {
    let started = Instant::now();
    let found = find(options.paths())?;
    if found.is_empty() {
        return Err(Error::NoTests { paths: options.paths().to_vec() });
    }
    let mut runner = Runner {
        options,
        progress,
        policies: Policies::default(),
        files: Vec::new(),
        collector: (options.coverage == Measure::Coverage).then(Collector::default),
        done: 0,
        explained: 0,
        stopped: false,
    };
    for found in &found {
        runner.file(found);
        if runner.stopped {
            break;
        }
    }
    let Runner { files, policies, collector, stopped, .. } = runner;
    if let (true, Some(filter)) = (files.is_empty(), &options.filter) {
        return Err(Error::NoneMatches { filter: filter.clone() });
    }
    Ok(Report {
        files,
        broken: policies.broken,
        stopped,
        coverage: collector.map(Collector::finish),
        elapsed: started.elapsed(),
    })
}

/// Policies by their real paths: each is compiled once.
#[derive(Default)]
struct Policies {
    loaded: HashMap<PathBuf, Loaded>,
    broken: Vec<BrokenPolicy>,
}

#[derive(Clone)]
enum Loaded {
    Policy(Policy),
    /// It does not compile: that is in the report, under this path.
    Broken(PathBuf),
    /// There is none: why, and what to do.
    Nothing {
        code: Code,
        message: String,
        help: &'static str,
    },
}

impl Policies {
    fn load(&mut self, path: &Path) -> Loaded {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.loaded.get(&real) {
            return known.clone();
        }
        let loaded = match Policy::from_path(path) {
            Ok(policy) => Loaded::Policy(policy),
            Err(LoadError::Compile(error)) => {
                self.broken.push(BrokenPolicy { path: path.to_owned(), error });
                Loaded::Broken(path.to_owned())
            }
            Err(error) => nothing(path, &error),
        };
        self.loaded.insert(real, loaded.clone());
        loaded
    }
}

fn nothing(path: &Path, error: &LoadError) -> Loaded {
    let shown = path.display();
    let (code, message) = match error {
        LoadError::Io { error, .. } if error.kind() == std::io::ErrorKind::NotFound => {
            (Code::MissingFile, format!("`{shown}` is not there"))
        }
        LoadError::Io { error, .. } => {
            (Code::UnreadableFile, format!("`{shown}` cannot be read: {error}"))
        }
        error => (Code::UnreadableFile, format!("`{shown}` cannot be used: {error}")),
    };
    let help = "name a policy directory or an `.actra` file, from where the document is";
    Loaded::Nothing { code, message, help }
}

struct Runner<'o> {
    options: &'o Options,
    progress: &'o mut dyn FnMut(Progress<'_>),
    policies: Policies,
    files: Vec<FileReport>,
    collector: Option<Collector>,
    done: usize,
    /// Failures that have been explained.
    explained: usize,
    stopped: bool,
}

/// A document that has been read, with the policy to run it against.
struct Prepared {
    tests: Vec<Test>,
    /// `None`: it does not compile.
    policy: Option<Policy>,
}

impl Runner<'_> {
    fn file(&mut self, found: &Found) {
        let started = Instant::now();
        let mut file = FileReport {
            path: found.path.clone(),
            name: None,
            policy: None,
            is_broken: false,
            runs: Vec::new(),
            elapsed: started.elapsed(),
            findings: Findings::default(),
        };
        match self.prepare(found, &mut file) {
            Some(prepared) => {
                self.run_document(&prepared, &mut file);
                if file.runs.is_empty() {
                    // Nothing in it was asked for.
                    return;
                }
            }
            None => file.is_broken = true,
        }
        file.elapsed = started.elapsed();
        let counts = file.counts();
        let is_failure = counts.failed + counts.errors > 0;
        self.stopped = is_failure && self.options.on_failure == OnFailure::Stop;
        (self.progress)(Progress::File(&file));
        self.files.push(file);
    }

    /// Reads a document and loads its policy.
    fn prepare(&mut self, found: &Found, file: &mut FileReport) -> Option<Prepared> {
        let mut report = Diagnostics::default();
        let prepared = match open(found, &mut file.findings.sources) {
            Ok(id) => self.read(found, id, file, &mut report),
            Err(diagnostic) => {
                report.push(diagnostic);
                None
            }
        };
        file.findings.diagnostics = report.into_sorted();
        prepared
    }

    fn read(
        &mut self,
        found: &Found,
        id: SourceId,
        file: &mut FileReport,
        report: &mut Diagnostics,
    ) -> Option<Prepared> {
        let document = yaml::read(&file.findings.sources, id, report)?;
        file.name = name_of(&document).map(str::to_owned);
        let mut reader = Reader::new(&document, report);
        let mut policy = None;
        if let Some((path, span)) = policy_path(&mut reader) {
            let path = beside(&found.path, path);
            let loaded = self.policies.load(&path);
            file.policy = Some(path);
            match loaded {
                Loaded::Policy(loaded) => policy = Some(loaded),
                // Another path may lead to it, too; reports find it by the first one.
                Loaded::Broken(first) => file.policy = Some(first),
                Loaded::Nothing { code, message, help } => {
                    let span = span.unwrap_or(Span { source: id, start: 0, end: 0 });
                    reader.push(Diagnostic::error(code, span, message).with_help(help));
                }
            }
        }
        let tests = read(reader, &file.findings.sources, policy.as_ref())?;
        Some(Prepared { tests, policy })
    }

    fn run_document(&mut self, prepared: &Prepared, file: &mut FileReport) {
        let mut decider = prepared.policy.as_ref().map(|policy| Decider {
            policy,
            unknown_fields: self.options.unknown_fields,
            ignoring: policy.evaluator(self.options.unknown_fields),
            refusing: policy.evaluator(UnknownFields::Refuse),
        });
        if let (Some(collector), Some(policy), Some(path)) =
            (&mut self.collector, &prepared.policy, &file.policy)
        {
            collector.enter(path, policy);
        }
        for test in &prepared.tests {
            for variant in test.variants() {
                let name = variant.name();
                if !self.options.asks_for(&file.path, &name) {
                    continue;
                }
                let started = Instant::now();
                let verdict = match (&test.skip, &mut decider) {
                    (Some(reason), _) => Verdict::Skipped(reason.clone()),
                    (None, None) => Verdict::NoPolicy,
                    (None, Some(decider)) => self.decide(decider, &variant),
                };
                let is_failure = matches!(verdict, Verdict::Failed(_) | Verdict::NoPolicy);
                file.runs.push(Run {
                    name,
                    test: test.name.clone(),
                    values: variant.values(),
                    case: variant.case().map(str::to_owned),
                    place: variant.place(),
                    verdict,
                    elapsed: started.elapsed(),
                });
                self.done += 1;
                (self.progress)(Progress::Run { path: &file.path, done: self.done });
                if is_failure && self.options.on_failure == OnFailure::Stop {
                    return;
                }
            }
        }
    }
}

impl Runner<'_> {
    fn decide(&mut self, decider: &mut Decider<'_>, variant: &Variant<'_>) -> Verdict {
        let question = Question::of(variant);
        let verdict = decider.verdict(variant, &question);
        match (verdict, &mut self.collector) {
            (Verdict::Failed(mut failure), collector) => {
                if self.explained < MAX_EXPLAINED {
                    failure.input = Some(question.sent.clone());
                }
                if self.explained < MAX_EXPLAINED || collector.is_some() {
                    let explanation = decider.explain(variant, &question);
                    if let Some(collector) = collector {
                        collector.add(&explanation);
                    }
                    if self.explained < MAX_EXPLAINED {
                        self.explained += 1;
                        failure.explanation = Some(explanation);
                    }
                }
                Verdict::Failed(failure)
            }
            (verdict, Some(collector)) => {
                collector.add(&decider.explain(variant, &question));
                verdict
            }
            (verdict, None) => verdict,
        }
    }
}

/// Opens a document among the sources.
fn open(found: &Found, sources: &mut Sources) -> Result<SourceId, Diagnostic> {
    let shown = found.path.display();
    let unreadable = |message| Diagnostic::unplaced(Code::UnreadableFile, Severity::Error, message);
    if found.is_misnamed {
        return Err(unreadable(format!("`{shown}` would be left out"))
            .with_help("names of test documents end in `_test.yaml`"));
    }
    let bytes = read_document(&found.path)
        .map_err(|error| unreadable(format!("`{shown}` cannot be read: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(format!("`{shown}` is not UTF-8 at byte {at}"))
    })?;
    Ok(sources.add(shown.to_string(), text))
}

/// A path that a document names, from where the document is.
fn beside(document: &Path, path: &str) -> PathBuf {
    let directory = match document.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ if path == "." => return PathBuf::from("."),
        _ => return PathBuf::from(path),
    };
    if path == "." {
        return directory.to_owned();
    }
    let joined = directory.join(path);
    match (shortened(&joined), fs::canonicalize(&joined)) {
        // Where links are in the way, `..` does not lead back.
        (Some(short), Ok(real)) if fs::canonicalize(&short).is_ok_and(|other| other == real) => {
            short
        }
        _ => joined,
    }
}

/// A path without `.` and with `..` taken back, as people call it.
fn shortened(path: &Path) -> Option<PathBuf> {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match short.components().next_back() {
                Some(Component::Normal(_)) => {
                    short.pop();
                }
                Some(Component::ParentDir) | None => short.push(".."),
                Some(_) => return None,
            },
            other => short.push(other),
        }
    }
    Some(if short.as_os_str().is_empty() { PathBuf::from(".") } else { short })
}

/// An input as it is sent.
struct Question {
    sent: SentInput,
    text: String,
    language: Language,
}

impl Question {
    fn of(variant: &Variant<'_>) -> Self {
        let input = variant.input();
        let domains = DOMAINS.iter().map(|domain| domain.as_str());
        let domains = domains.filter_map(|domain| Some((domain, input.get(domain)?.to_text())));
        let sent = SentInput { domains: domains.collect() };
        Self { text: sent.to_string(), language: input.language(), sent }
    }
}

/// Decides inputs as tests want them read.
struct Decider<'p> {
    policy: &'p Policy,
    unknown_fields: UnknownFields,
    ignoring: Evaluator<'p>,
    /// A test that expects an unknown field to be refused asks for its being refused.
    refusing: Evaluator<'p>,
}

impl Decider<'_> {
    fn unknown_fields(&self, variant: &Variant<'_>) -> UnknownFields {
        if variant.expect().is_code(InputCode::UnknownField) {
            UnknownFields::Refuse
        } else {
            self.unknown_fields
        }
    }

    fn verdict(&mut self, variant: &Variant<'_>, question: &Question) -> Verdict {
        let evaluator = match self.unknown_fields(variant) {
            UnknownFields::Refuse => &mut self.refusing,
            UnknownFields::Ignore => &mut self.ignoring,
        };
        let actual = match question.language {
            Language::Json => evaluator.evaluate_json(question.text.as_bytes()),
            Language::Yaml => evaluator.evaluate_yaml(question.text.as_bytes()),
        };
        let differences = variant.expect().differences(&actual);
        if differences.is_empty() {
            return Verdict::Passed;
        }
        Verdict::Failed(Box::new(Failure {
            input: None,
            expected: variant.expect().clone(),
            actual,
            differences,
            explanation: None,
        }))
    }

    fn explain(&self, variant: &Variant<'_>, question: &Question) -> Explanation {
        let unknown_fields = self.unknown_fields(variant);
        match question.language {
            Language::Json => self.policy.explain_json(question.text.as_bytes(), unknown_fields),
            Language::Yaml => self.policy.explain_yaml(question.text.as_bytes(), unknown_fields),
        }
    }
}
