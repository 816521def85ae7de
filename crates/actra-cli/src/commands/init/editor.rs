//! What points an editor to the JSON Schemas.

use super::super::schema;
use crate::args::Editor;
use crate::output;
use serde_json::json;

/// Where the JSON Schemas go.
const DIRECTORY: &str = ".actra";

/// The files that set the editor up.
pub(super) fn files(editor: Editor) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> =
        schema::all().map(|(name, text)| (format!("{DIRECTORY}/{name}"), text)).collect();
    match editor {
        Editor::Vscode => files.push((".vscode/settings.json".to_owned(), vscode_settings())),
    }
    files
}

/// Schemas by the files they are for, as the YAML extension takes them.
fn vscode_settings() -> String {
    output::pretty_json(&json!({
        "yaml.schemas": {
            "./.actra/policy.schema.json": "policy.yaml",
            "./.actra/policies.schema.json": "policies/*.yaml",
            "./.actra/schema.schema.json": "schema.yaml",
            "./.actra/governance.schema.json": "governance.yaml",
            "./.actra/test.schema.json": "*_test.yaml",
        }
    }))
}

/// The file's text with a first line that names its JSON Schema, where it has one. Editors other
/// than the one that is set up read it, too.
pub(super) fn with_schema(path: &str, text: &str) -> String {
    let kind = match path {
        "policy.yaml" => "policy",
        "schema.yaml" => "schema",
        "governance.yaml" => "governance",
        _ if path.ends_with("_test.yaml") => "test",
        _ => return text.to_owned(),
    };
    format!("# yaml-language-server: $schema={DIRECTORY}/{kind}.schema.json\n{text}")
}
