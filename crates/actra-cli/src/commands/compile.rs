//! `actra compile`.

use super::{load_with_lints, warnings};
use crate::args::{Compile, Format};
use crate::failure::Failure;
use crate::output::{self, Paint, clean, count};
use crate::replace::replace;
use actra::{ArtifactError, Policy, hex};
use anstream::ColorChoice;
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    output: String,
    bytes: usize,
    policy_hash: String,
    program_digest: String,
    warnings: usize,
}

pub(super) fn run(args: &Compile, color: ColorChoice) -> Result<(), Failure> {
    let policy = load_with_lints(&args.directory, &args.lints)?;
    if policy.is_artifact() {
        let shown = args.directory.display();
        return Err(Failure::new("already_compiled", format!("`{shown}` is compiled already"))
            .with_help("name the directory with `schema.yaml` and `policy.yaml`"));
    }
    if args.format == Format::Text {
        output::note(&warnings(&policy), color);
    }
    let target = Target::new(&args.output, args.force)?;
    let bytes = policy.to_artifact();
    target.replace(&bytes)?;
    let written = Written {
        output: args.output.display().to_string(),
        bytes: bytes.len(),
        policy_hash: hex(&policy.policy_hash()),
        program_digest: hex(&policy.program_digest()),
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
        format!(
            "wrote {} ({bytes}){warnings}\n  {}     {}\n  {}  {}\n",
            Paint::Strong.of(&output),
            Paint::Label.of("policy hash"),
            self.policy_hash,
            Paint::Label.of("program digest"),
            self.program_digest,
        )
    }
}

/// A file to write as a whole or not at all.
#[derive(Debug)]
struct Target {
    path: PathBuf,
}

impl Target {
    /// Where to write. A link is followed, and its file replaced. What is there already must be an
    /// artifact, unless it is to be replaced by force.
    fn new(path: &Path, force: bool) -> Result<Self, Failure> {
        let shown = path.display();
        let resolved = match fs::canonicalize(path) {
            Ok(resolved) => resolved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(path).is_ok() {
                    let message = format!("`{shown}` is a link to a file that is not there");
                    return Err(Failure::new("not_a_file", message));
                }
                return Ok(Self { path: path.to_owned() });
            }
            Err(error) => return Err(Failure::unwritable(path, &error)),
        };
        let metadata =
            fs::metadata(&resolved).map_err(|error| Failure::unwritable(path, &error))?;
        if metadata.is_dir() {
            let help = format!("name a file in it: `{}`", path.join("policy.actra").display());
            return Err(
                Failure::new("not_a_file", format!("`{shown}` is a directory")).with_help(help)
            );
        }
        if !metadata.is_file() {
            return Err(Failure::new("not_a_file", format!("`{shown}` is no regular file")));
        }
        // An empty file holds nothing to lose.
        if !force && metadata.len() > 0 && !is_artifact(&resolved) {
            return Err(Failure::new(
                "not_an_artifact",
                format!("`{shown}` is there and is no artifact: it stays as it is"),
            )
            .with_help("name another file, or say `--force` to replace it"));
        }
        Ok(Self { path: resolved })
    }

    fn replace(&self, bytes: &[u8]) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let failure = Failure::unwritable(&self.path, &error);
            match self.path.parent() {
                Some(parent) if error.kind() == io::ErrorKind::NotFound => {
                    failure.with_help(format!("the directory `{}` is not there", parent.display()))
                }
                _ => failure,
            }
        };
        replace(&self.path, bytes, None).map_err(failed)
    }
}

/// Whether the file begins as artifacts do; a damaged one may be replaced, too.
fn is_artifact(path: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut start));
    let refused = Policy::from_artifact(&start).err();
    read.is_ok() && refused != Some(ArtifactError::NotAnArtifact)
}
