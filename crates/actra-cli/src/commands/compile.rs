//! `actra compile`.

use super::target::{Replaces, Target};
use super::{load_with_lints, warnings};
use crate::args::{Compile, Format, Trust};
use crate::failure::{Failure, of_documents};
use crate::output::{self, Paint, clean, count};
use actra::{ArtifactError, Policy, hex};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

pub(super) const ARTIFACTS: Replaces = Replaces {
    is_one: is_artifact,
    code: "not_an_artifact",
    what: "no artifact",
    example: "policy.actra",
};

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    output: String,
    bytes: usize,
    policy_hash: String,
    program_digest: String,
    revision: u64,
    /// How many promises the file says were proved.
    proofs: usize,
    /// How many documents it holds.
    documents: usize,
    warnings: usize,
}

pub(super) fn run(args: &Compile, color: ColorChoice) -> Result<(), Failure> {
    let policy = load_with_lints(&args.directory, &args.lints, &Trust::default())?;
    if policy.is_artifact() {
        let shown = args.directory.display();
        return Err(Failure::new("already_compiled", format!("`{shown}` is compiled already"))
            .with_help("name the directory with `schema.yaml` and `policy.yaml`"));
    }
    if args.format == Format::Text {
        output::note(&warnings(&policy), color);
    }
    let target = Target::new(&args.output, args.force, &ARTIFACTS)?;
    let policy = match args.revision {
        Some(revision) => policy.with_revision(revision),
        None => policy,
    };
    let policy = if args.with_documents {
        policy.with_documents().map_err(|error| of_documents(&args.directory, error))?
    } else {
        policy
    };
    let bytes = policy.to_artifact();
    target.replace(&bytes)?;
    let written = Written {
        output: args.output.display().to_string(),
        bytes: bytes.len(),
        policy_hash: hex(&policy.policy_hash()),
        program_digest: hex(&policy.program_digest()),
        revision: policy.revision(),
        proofs: policy.proofs().len(),
        documents: policy.documents().len(),
        warnings: policy.warnings().len(),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&written),
        Format::Text => written.to_text(),
    };
    output::print(&text, args.format, color)
}

impl Written {
    fn to_text(&self) -> String {
        let warnings = match self.warnings {
            0 => String::new(),
            warnings => format!(", {}", count(warnings, "warning")),
        };
        let output = clean(&self.output);
        let bytes = count(self.bytes, "byte");
        let mut text = format!(
            "wrote {} ({bytes}){warnings}\n  {}     {}\n  {}  {}\n",
            Paint::Strong.of(&output),
            Paint::Label.of("policy hash"),
            self.policy_hash,
            Paint::Label.of("program digest"),
            self.program_digest,
        );
        if self.revision > 0 {
            let _ = writeln!(text, "  {}        {}", Paint::Label.of("revision"), self.revision);
        }
        if self.proofs > 0 {
            let proofs = count(self.proofs, "promise");
            let _ = writeln!(text, "  {}          {proofs}", Paint::Label.of("proved"));
        }
        if self.documents > 0 {
            let _ = writeln!(text, "  {}       {}", Paint::Label.of("documents"), self.documents);
        }
        text
    }
}

/// Whether the file begins as artifacts do; a damaged one may be replaced, too.
fn is_artifact(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    let refused = Policy::from_artifact(&start).err();
    read.is_ok() && refused != Some(ArtifactError::NotAnArtifact)
}
