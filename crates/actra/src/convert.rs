//! Policies with their atoms in one form, without any other change.
//!
//! What comes out is compiled and held against what went in: the policy hash, the program and
//! everything that the checker knows must be the same, or nothing comes out.

use crate::compile::{Compiled, Files, compile};
use crate::error::CompileError;
use actra_compiler::check::{PolicyDocuments, check};
pub use actra_compiler::convert::{DocumentKind, Form, Reason};
use actra_compiler::convert::{Kept, convert, same_meaning};
use actra_compiler::diagnostic::{Report, SourceId, Sources};
use std::path::{Path, PathBuf};

/// The documents of a policy with their atoms in one form.
#[derive(Clone, Debug)]
pub struct Converted {
    /// `policy.yaml`, those of `policies/` in order of file name, and `governance.yaml`: as many
    /// of them as were asked for.
    pub documents: Vec<ConvertedDocument>,
    /// The hash of the policy, before and after.
    pub policy_hash: [u8; 32],
    /// The digest of the program, before and after.
    pub program_digest: [u8; 32],
}

/// A document with its atoms in one form.
#[derive(Clone, Debug)]
pub struct ConvertedDocument {
    /// Its file.
    pub path: PathBuf,
    /// Its text before.
    pub before: String,
    /// Its text after.
    pub after: String,
    /// What changes, as a unified diff; empty where nothing does.
    pub diff: String,
    /// Atoms that have been written anew.
    pub converted: usize,
    /// Atoms that had the form already.
    pub already: usize,
    /// Atoms that had to stay as they are.
    pub kept: Vec<KeptAtom>,
}

/// An atom that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAtom {
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// Why it stays.
    pub reason: Reason,
}

/// Why documents have not been converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// They do not compile as they are.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The file is none of a policy directory's documents with atoms.
    #[error("`{}` is no document with conditions in a policy directory", .0.display())]
    NotADocument(PathBuf),
    /// The outcome would not be the same policy. It never should be, and so nothing is written.
    #[error("the converted policy would not be the same: {0}")]
    Differs(Difference),
}

/// What would not be the same.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// The outcome does not compile.
    #[error("it does not compile: {0}")]
    Compiles(CompileError),
    /// The policy hash.
    #[error("its policy hash differs")]
    PolicyHash,
    /// The program.
    #[error("its program differs")]
    Program,
    /// Something that no hash covers, such as a tag or a description.
    #[error("the checker does not read the same of it")]
    Checked,
}

impl Converted {
    /// Atoms that have been written anew, in all documents.
    pub fn converted(&self) -> usize {
        self.documents.iter().map(|document| document.converted).sum()
    }

    /// Atoms that had the form already, in all documents.
    pub fn already(&self) -> usize {
        self.documents.iter().map(|document| document.already).sum()
    }

    /// Atoms that had to stay as they are, in all documents.
    pub fn kept(&self) -> usize {
        self.documents.iter().map(|document| document.kept.len()).sum()
    }
}

impl ConvertedDocument {
    /// Whether anything changes.
    pub fn changes(&self) -> bool {
        self.before != self.after
    }
}

/// Converts the documents of a policy directory, or one of them where the path leads to it. It
/// writes nothing.
///
/// # Errors
/// If the policy does not compile, or the file is none of its documents with conditions.
pub fn from_path(path: &Path, form: Form) -> Result<Converted, ConvertError> {
    if path.is_dir() {
        return convert_some(path, form, None);
    }
    let not_a_document = || ConvertError::NotADocument(path.to_owned());
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_document)?;
    let beside = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    if matches!(name, "policy.yaml" | "governance.yaml") && beside.join("schema.yaml").exists() {
        return convert_some(&beside, form, Some(&beside.join(name)));
    }
    // `.` has no name, and the directory above it is found by its real path only.
    let real = beside.canonicalize().map_err(|_| not_a_document())?;
    let above = if beside.file_name().is_some() {
        match beside.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        }
    } else {
        beside.join("..")
    };
    if real.file_name().is_none_or(|name| name != "policies") || !above.join("schema.yaml").exists()
    {
        return Err(not_a_document());
    }
    convert_some(&above, form, Some(&above.join("policies").join(name)))
}

/// Converts the documents of a directory, or the one that is wanted.
fn convert_some(
    directory: &Path,
    form: Form,
    wanted: Option<&Path>,
) -> Result<Converted, ConvertError> {
    // Names of sources are text: a path that is none would be found again by none of them.
    if directory.to_str().is_none() {
        return Err(ConvertError::NotADocument(directory.to_owned()));
    }
    let is_wanted = |file: &Path| wanted.is_none_or(|wanted| wanted == file);
    let (sources, documents) = Files::new().read_directory(directory)?;
    let before = compile(sources.clone(), &documents)?;
    let mut converted = Vec::new();
    let mut after = Sources::default();
    for (id, file) in (0..).map(SourceId).zip(sources.files()) {
        let path = PathBuf::from(&file.name);
        let kind = match id {
            _ if !is_wanted(&path) || id == documents.schema => None,
            _ if Some(id) == documents.governance => Some(DocumentKind::Governance),
            _ => Some(DocumentKind::Policy),
        };
        let document = kind.and_then(|kind| one(&sources, id, kind, form, path));
        let text = document.as_ref().map_or(&file.text, |document| &document.after);
        after.add(file.name.clone(), text.clone());
        converted.extend(document);
    }
    if let (Some(wanted), true) = (wanted, converted.is_empty()) {
        return Err(ConvertError::NotADocument(wanted.to_owned()));
    }
    let (policy_hash, program_digest) = same(&before, &sources, &after, &documents)?;
    Ok(Converted { documents: converted, policy_hash, program_digest })
}

fn one(
    sources: &Sources,
    id: SourceId,
    kind: DocumentKind,
    form: Form,
    path: PathBuf,
) -> Option<ConvertedDocument> {
    let before = &sources.source(id)?.text;
    // The documents have been compiled: there is nothing left to report.
    let conversion = convert(sources, id, kind, form, &mut Report::default())?;
    let name = path.display().to_string();
    let kept = conversion.kept.iter().map(|Kept { span, reason }| {
        let place = sources.place(*span);
        KeptAtom { line: place.line, column: place.column, reason: reason.clone() }
    });
    Some(ConvertedDocument {
        diff: conversion.unified_diff(before, &name),
        kept: kept.collect(),
        before: before.clone(),
        converted: conversion.converted,
        already: conversion.already,
        after: conversion.text,
        path,
    })
}

/// Holds the outcome against what it was made of. Gives hash and digest of both.
fn same(
    before: &Compiled,
    sources: &Sources,
    after: &Sources,
    documents: &PolicyDocuments,
) -> Result<([u8; 32], [u8; 32]), ConvertError> {
    let differs = |difference| Err(ConvertError::Differs(difference));
    let compiled = match compile(after.clone(), documents) {
        Ok(compiled) => compiled,
        Err(error) => return differs(Difference::Compiles(error)),
    };
    let hash = before.artifact.identity().policy_hash;
    if compiled.artifact.identity().policy_hash != hash {
        return differs(Difference::PolicyHash);
    }
    let digest = before.artifact.digest();
    if compiled.artifact.digest() != digest {
        return differs(Difference::Program);
    }
    let read = |sources: &Sources| check(sources, documents, &mut Report::default());
    match (read(sources), read(after)) {
        (Some(one), Some(other)) if same_meaning(&one.policy, &other.policy) => {
            Ok((hash.0, digest.0))
        }
        _ => differs(Difference::Checked),
    }
}
