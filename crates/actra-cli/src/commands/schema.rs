//! `actra schema`.

use crate::args::{DocumentName, Format, Schema};
use crate::failure::Failure;
use crate::output;
use crate::replace::replace;
use actra::text::{Paint, clean};
use anstream::ColorChoice;
use std::fs;
use std::path::Path;

/// The JSON Schema of a kind of document, and the name of its file.
pub(super) struct JsonSchema {
    pub(super) file: &'static str,
    pub(super) text: &'static str,
    /// The documents that it is for, as editors match them.
    pub(super) documents: &'static [&'static str],
}

/// All of them, in the order of [`DocumentName`].
pub(super) const SCHEMAS: [JsonSchema; 4] = [
    JsonSchema {
        file: "policy.schema.json",
        text: include_str!("../../schemas/policy.schema.json"),
        documents: &["policy.yaml", "policies/*.yaml"],
    },
    JsonSchema {
        file: "schema.schema.json",
        text: include_str!("../../schemas/schema.schema.json"),
        documents: &["schema.yaml"],
    },
    JsonSchema {
        file: "governance.schema.json",
        text: include_str!("../../schemas/governance.schema.json"),
        documents: &["governance.yaml"],
    },
    JsonSchema {
        file: "test.schema.json",
        text: include_str!("../../schemas/test.schema.json"),
        documents: &["*_test.yaml"],
    },
];

pub(super) fn run(args: &Schema, color: ColorChoice) -> Result<(), Failure> {
    let Some(document) = args.document else {
        let directory = args.output.as_deref().unwrap_or(Path::new("."));
        return write_all(directory, color);
    };
    let [policy, schema, governance, test] = &SCHEMAS;
    let schema = match document {
        DocumentName::Policy => policy,
        DocumentName::Schema => schema,
        DocumentName::Governance => governance,
        DocumentName::Test => test,
    };
    match &args.output {
        Some(path) => {
            write(path, schema.text)?;
            output::print(&wrote(path), Format::Text, color)
        }
        None => output::print(schema.text, Format::Json, color),
    }
}

fn write_all(directory: &Path, color: ColorChoice) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| Failure::unwritable(directory, &error))?;
    let mut told = String::new();
    for schema in &SCHEMAS {
        let path = directory.join(schema.file);
        write(&path, schema.text)?;
        told.push_str(&wrote(&path));
    }
    output::print(&told, Format::Text, color)
}

/// Writes a schema, over an older one too: it is ours, and nothing to be edited.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let unwritable = |error| Failure::unwritable(path, &error);
    if path.is_dir() {
        let help = "name a file, or say `--all` for the schemas of all documents";
        let message = format!("`{}` is a directory", path.display());
        return Err(Failure::new("not_a_file", message).with_help(help));
    }
    // A link is followed, and its file replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(found) = fs::read(&target)
        && !is_schema(&found)
    {
        let message = format!("`{}` is there and is no JSON Schema of actra's", path.display());
        return Err(Failure::new("in_the_way", message)
            .with_help("it stays as it is: name another file, or remove it"));
    }
    replace(&target, text.as_bytes(), None).map_err(unwritable)
}

/// Whether a file may be replaced: it is empty, or a schema that some release wrote.
fn is_schema(bytes: &[u8]) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let id = value.as_ref().and_then(|value| value.get("$id")).and_then(|id| id.as_str());
    bytes.is_empty() || id.is_some_and(|id| id.starts_with("urn:actra:schema:"))
}

fn wrote(path: &Path) -> String {
    format!("wrote {}\n", Paint::Strong.of(&clean(&path.display().to_string())))
}
