//! `actra convert`.

use super::target::replace;
use crate::args::{AtomForm, Convert, Format};
use crate::failure::{Failure, PROBLEM};
use crate::output::{self, count};
use actra::convert::{ConvertError, Converted, ConvertedDocument, Form, from_path};
use actra::hex;
use actra::text::{Paint, clean};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What `--format json` says.
#[derive(Debug, Serialize)]
struct Report {
    form: &'static str,
    /// Whether files have been written.
    written: bool,
    converted: usize,
    already: usize,
    kept: usize,
    policy_hash: String,
    program_digest: String,
    documents: Vec<DocumentReport>,
}

#[derive(Debug, Serialize)]
struct DocumentReport {
    file: String,
    changed: bool,
    converted: usize,
    already: usize,
    kept: Vec<KeptReport>,
    /// With `--check` and `--diff`.
    diff: Option<String>,
}

#[derive(Debug, Serialize)]
struct KeptReport {
    line: u32,
    column: u32,
    code: &'static str,
    reason: String,
}

pub(super) fn run(args: &Convert, color: ColorChoice) -> Result<u8, Failure> {
    if args.stdout && args.path.is_dir() {
        return Err(Failure::new("not_a_document", "`--stdout` takes one document")
            .with_help(format!("name it: `{}`", args.path.join("policy.yaml").display())));
    }
    if args.stdout && args.format == Format::Json {
        return Err(Failure::new(
            "conflicting_options",
            "`--stdout` writes a document, not a report",
        )
        .with_help("leave out `--format json`, or use `--diff`"));
    }
    let form = match args.to {
        AtomForm::Short => Form::Short,
        AtomForm::Long => Form::Long,
    };
    let converted = from_path(&args.path, form).map_err(|error| failure(&args.path, error))?;
    let shows = args.check || args.diff;
    if !shows && !args.stdout {
        for document in converted.documents.iter().filter(|document| document.changes()) {
            write(document)?;
        }
    }
    match args.format {
        Format::Json => {
            let report = Report::new(&converted, args.to, shows);
            output::print(&output::pretty_json(&report), args.format, color)?;
        }
        Format::Text if args.stdout => {
            let text: String =
                converted.documents.iter().map(|document| document.after.as_str()).collect();
            // It is a document: nothing may be taken out of it.
            output::print(&text, Format::Json, color)?;
            output::note(&summary(&converted, args), color);
        }
        Format::Text if shows => {
            let text: String =
                converted.documents.iter().map(|document| document.diff.as_str()).collect();
            output::print(&text, Format::Json, color)?;
            output::note(&summary(&converted, args), color);
        }
        Format::Text => output::print(&summary(&converted, args), args.format, color)?,
    }
    let changes = converted.documents.iter().any(ConvertedDocument::changes);
    Ok(if args.check && changes { PROBLEM } else { 0 })
}

fn failure(path: &Path, error: ConvertError) -> Failure {
    match error {
        ConvertError::Compile(error) => Failure::Documents(error),
        ConvertError::NotADocument(_) => match fs::metadata(path) {
            Err(error) => Failure::unreadable(path, &error),
            Ok(_) => Failure::new("not_a_document", error.to_string()).with_help(
                "name a policy directory, or its `policy.yaml`, its `governance.yaml` or a file \
                 of its `policies/`",
            ),
        },
        ConvertError::Differs(_) => Failure::new("conversion_differs", error.to_string())
            .with_help("nothing is written; the mistake is actra's: please report it"),
    }
}

/// Writes a document in its place. A link is followed, permissions stay.
fn write(document: &ConvertedDocument) -> Result<(), Failure> {
    let shown = &document.path;
    let path = fs::canonicalize(shown).map_err(|error| Failure::unwritable(shown, &error))?;
    let found = fs::read(&path).map_err(|error| Failure::unreadable(shown, &error))?;
    if found != document.before.as_bytes() {
        let message = format!("`{}` has changed while it was converted", shown.display());
        return Err(Failure::new("changed_meanwhile", message)
            .with_help("it stays as it is now; run the command again"));
    }
    let unwritable = |error| Failure::unwritable(shown, &error);
    let permissions = fs::metadata(&path).map_err(unwritable)?.permissions();
    if permissions.readonly() {
        return Err(Failure::new(
            "unwritable_file",
            format!("`{}` cannot be written: it is read-only", shown.display()),
        ));
    }
    replace(&path, document.after.as_bytes(), Some(permissions)).map_err(unwritable)
}

/// `converted policy.yaml: 7 atoms, 2 had the short form already, 1 stays long`, for each
/// document, with the atoms that stay.
fn summary(converted: &Converted, args: &Convert) -> String {
    let writes = !(args.check || args.diff || args.stdout);
    let (form, other) = match args.to {
        AtomForm::Short => ("short", "long"),
        AtomForm::Long => ("long", "short"),
    };
    let mut text = String::new();
    for document in &converted.documents {
        let file = document.path.display().to_string();
        let (paint, verb) = match (document.changes(), writes) {
            (true, true) => (Paint::Allow, "converted"),
            (true, false) => (Paint::Approval, "would convert"),
            (false, _) => (Paint::Label, "unchanged"),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{} {}: {}",
            paint.of(verb),
            Paint::Strong.of(&clean(&file)),
            count(document.converted, "atom")
        );
        if document.already > 0 {
            let _ = write!(text, ", {} {form} already", document.already);
        }
        if !document.kept.is_empty() {
            let _ = write!(text, ", {} kept {other}", document.kept.len());
        }
        text.push('\n');
        for kept in &document.kept {
            let reason = clean(&kept.reason.to_string());
            let place = format!("{}:{}:{}", clean(&file), kept.line, kept.column);
            let _ = writeln!(text, "  {} {place}: {reason}", Paint::Label.of("kept"));
        }
    }
    let hash = hex(&converted.policy_hash);
    let _ = writeln!(text, "{}  {hash}, as before", Paint::Label.of("policy hash"));
    text
}

impl Report {
    fn new(converted: &Converted, form: AtomForm, shows: bool) -> Self {
        let documents = converted.documents.iter().map(|document| DocumentReport {
            file: document.path.display().to_string(),
            changed: document.changes(),
            converted: document.converted,
            already: document.already,
            kept: document
                .kept
                .iter()
                .map(|kept| KeptReport {
                    line: kept.line,
                    column: kept.column,
                    code: kept.reason.code(),
                    reason: kept.reason.to_string(),
                })
                .collect(),
            diff: shows.then(|| document.diff.clone()),
        });
        Self {
            form: match form {
                AtomForm::Short => "short",
                AtomForm::Long => "long",
            },
            written: !shows && converted.documents.iter().any(ConvertedDocument::changes),
            converted: converted.converted(),
            already: converted.already(),
            kept: converted.kept(),
            policy_hash: hex(&converted.policy_hash),
            program_digest: hex(&converted.program_digest),
            documents: documents.collect(),
        }
    }
}
