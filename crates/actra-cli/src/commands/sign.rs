//! `actra sign`.

use super::compile::ARTIFACTS;
use super::target::Target;
use crate::args::{Format, Sign};
use crate::failure::{Failure, of_load};
use crate::keys::private_key;
use crate::output::{self, Paint, clean, count};
use actra::Policy;
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;

/// What was signed.
#[derive(Debug, Serialize)]
struct Signed {
    output: String,
    bytes: usize,
    revision: u64,
    /// Those who have signed just now.
    key_ids: Vec<String>,
    /// All that the file has.
    signatures: usize,
}

pub(super) fn run(args: &Sign, color: ColorChoice) -> Result<(), Failure> {
    if args.key.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::new("usage", "standard input cannot be read twice"));
    }
    let mut policy =
        Policy::from_artifact_file(&args.file).map_err(|error| of_load(&args.file, error))?;
    let mut key_ids = Vec::new();
    for path in &args.key {
        let key = private_key(path)?;
        policy = policy.sign(&key).map_err(|error| {
            let message = format!("`{}` cannot be signed: {error}", args.file.display());
            Failure::new("too_many_signatures", message).with_help("compile the policy again")
        })?;
        key_ids.push(key.public().id().to_string());
    }
    let output = args.output.as_ref().unwrap_or(&args.file);
    let bytes = policy.to_artifact();
    Target::new(output, args.force, &ARTIFACTS)?.replace(&bytes)?;
    let signed = Signed {
        output: output.display().to_string(),
        bytes: bytes.len(),
        revision: policy.revision(),
        key_ids,
        signatures: policy.signatures().len(),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&signed),
        Format::Text => signed.to_text(),
    };
    output::print(&text, args.format, color)
}

impl Signed {
    fn to_text(&self) -> String {
        let mut text = format!(
            "signed {} ({}, {})\n",
            Paint::Strong.of(&clean(&self.output)),
            count(self.bytes, "byte"),
            count(self.signatures, "signature"),
        );
        for id in &self.key_ids {
            let _ = writeln!(text, "  {}    {id}", Paint::Label.of("key id"));
        }
        let revision = revision(self.revision);
        let _ = writeln!(text, "  {}  {revision}", Paint::Label.of("revision"));
        text
    }
}

/// A revision for people.
pub(super) fn revision(revision: u64) -> String {
    if revision == 0 { "none".to_owned() } else { revision.to_string() }
}
