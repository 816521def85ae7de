//! `actra verify`.

use super::sign::revision;
use crate::args::{Format, Verify};
use crate::failure::{Failure, of_load};
use crate::keys;
use crate::output::{self, Paint, count};
use actra::{Policy, hex};
use anstream::ColorChoice;
use serde::Serialize;
use std::fmt::Write as _;

/// What has been verified.
#[derive(Debug, Serialize)]
struct Answer {
    ok: bool,
    path: String,
    /// Trusted keys that have signed it.
    verified_keys: Vec<String>,
    /// All signatures that the file has.
    signatures: usize,
    revision: u64,
    policy_hash: String,
    program_digest: String,
}

pub(super) fn run(args: &Verify, color: ColorChoice) -> Result<(), Failure> {
    let options = keys::options(&args.trusted_key, args.min_revision)?;
    // What a directory is told elsewhere, that it is not signed, is told here, too.
    let policy =
        Policy::from_path_with(&args.file, &options).map_err(|error| of_load(&args.file, error))?;
    let answer = Answer {
        ok: true,
        path: args.file.display().to_string(),
        verified_keys: policy.verified_keys().iter().map(ToString::to_string).collect(),
        signatures: policy.signatures().len(),
        revision: policy.revision(),
        policy_hash: hex(&policy.policy_hash()),
        program_digest: hex(&policy.program_digest()),
    };
    let text = match args.format {
        Format::Json => output::pretty_json(&answer),
        Format::Text => answer.to_text(),
    };
    output::print(&text, args.format, color)
}

impl Answer {
    fn to_text(&self) -> String {
        let mut text =
            format!("ok: signed by {}\n", count(self.verified_keys.len(), "trusted key"));
        let mut line = |label: &str, what: &str| {
            let _ = writeln!(text, "  {}  {what}", Paint::Label.of(&format!("{label:<14}")));
        };
        for id in &self.verified_keys {
            line("key id", id);
        }
        line("revision", &revision(self.revision));
        line("policy hash", &self.policy_hash);
        line("program digest", &self.program_digest);
        text
    }
}
