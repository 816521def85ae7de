//! `actra schema`.

use super::target::{Replaces, Target};
use crate::args::{Format, Kind, Schema};
use crate::failure::Failure;
use crate::output::{self, Paint, clean};
use anstream::ColorChoice;
use clap::ValueEnum as _;
use serde::Serialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const POLICY: &str = include_str!("../../schemas/policy.schema.json");
const SCHEMA: &str = include_str!("../../schemas/schema.schema.json");
const GOVERNANCE: &str = include_str!("../../schemas/governance.schema.json");
const TEST: &str = include_str!("../../schemas/test.schema.json");

/// What every schema's `$id` begins with.
const ID: &str = "urn:actra:schema:";

const SCHEMAS: Replaces = Replaces {
    is_one: is_schema,
    code: "not_a_schema",
    what: "no schema of Actra",
    example: "policy.schema.json",
};

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    written: Vec<String>,
}

pub(super) fn run(args: &Schema, color: ColorChoice) -> Result<(), Failure> {
    let files: Vec<(PathBuf, String)> = match (&args.output, args.kind) {
        // Printed as JSON is, whatever the format: nothing may be taken out of it.
        (None, Some(kind)) => return output::print(&text(kind), Format::Json, color),
        (Some(path), Some(kind)) => vec![(path.clone(), text(kind))],
        (Some(directory), None) => {
            fs::create_dir_all(directory).map_err(|error| {
                Failure::unwritable(directory, &error)
                    .with_help("with `--all`, `--output` is a directory")
            })?;
            all().map(|(name, text)| (directory.join(name), text)).collect()
        }
        // The command line has refused it.
        (None, None) => Vec::new(),
    };
    // All are looked at before the first is written.
    let targets: Vec<Target> = files
        .iter()
        .map(|(path, _)| Target::new(path, args.force, &SCHEMAS))
        .collect::<Result<_, _>>()?;
    for (target, (_, text)) in targets.iter().zip(&files) {
        target.replace(text.as_bytes())?;
    }
    let written =
        Written { written: files.iter().map(|(path, _)| path.display().to_string()).collect() };
    let text = match args.format {
        Format::Json => output::pretty_json(&written),
        Format::Text => {
            let line = |path: &String| format!("wrote {}\n", Paint::Strong.of(&clean(path)));
            written.written.iter().map(line).collect()
        }
    };
    output::print(&text, args.format, color)
}

/// The name of the kind's file.
fn file_name(kind: Kind) -> String {
    let name = kind.to_possible_value().map(|value| value.get_name().to_owned());
    format!("{}.schema.json", name.unwrap_or_default())
}

/// Every schema with the name of its file.
pub(super) fn all() -> impl Iterator<Item = (String, String)> {
    Kind::value_variants().iter().map(|kind| (file_name(*kind), text(*kind)))
}

/// The kind's schema.
fn text(kind: Kind) -> String {
    match kind {
        Kind::Policy => POLICY.to_owned(),
        Kind::Policies => further_rules(),
        Kind::Schema => SCHEMA.to_owned(),
        Kind::Governance => GOVERNANCE.to_owned(),
        Kind::Test => TEST.to_owned(),
    }
}

/// The schema of documents in `policies/`: the policy's, with other keys at the top. What version 1
/// takes in them depends on the policy's own `evaluation:`, which they do not have.
fn further_rules() -> String {
    let policy: Value = serde_json::from_str(POLICY).unwrap_or_default();
    let part = |path: &str| policy.pointer(path).cloned().unwrap_or_default();
    output::pretty_json(&json!({
        "$schema": part("/$schema"),
        "$id": format!("{ID}policies"),
        "title": "Actra rules",
        "description": "Further rules of a policy, taken after those in `policy.yaml`.",
        "type": "object",
        "required": ["version", "rules"],
        "properties": {
            "version": part("/properties/version"),
            "rules": part("/properties/rules"),
        },
        "additionalProperties": false,
        "$defs": part("/$defs"),
    }))
}

/// Whether the file is a schema that this command wrote, in whatever release.
fn is_schema(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let found: Value = serde_json::from_str(&text).unwrap_or_default();
    found.get("$id").and_then(Value::as_str).is_some_and(|id| id.starts_with(ID))
}
