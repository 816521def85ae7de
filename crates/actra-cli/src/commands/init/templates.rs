//! The policies to start from. They are files under `templates/`, and tested as such.

use crate::args::Template;

/// A path inside of the policy's directory, and the text of the file.
pub(super) type File = (&'static str, &'static str);

macro_rules! files {
    ($name:literal: $($path:literal),+) => {
        &[$(($path, include_str!(concat!("../../../templates/", $name, "/", $path)))),+]
    };
}

const REFUND: &[File] = files!("refund": "schema.yaml", "policy.yaml", "governance.yaml",
    "policy_test.yaml", "inputs/large.json", "inputs/small.json", "README.md");
const AGENT_TOOLS: &[File] = files!("agent-tools": "schema.yaml", "policy.yaml", "governance.yaml",
    "policy_test.yaml", "inputs/command.json", "inputs/metadata.json", "inputs/read.json",
    "README.md");
const INFRA: &[File] = files!("infra": "schema.yaml", "policy.yaml", "governance.yaml",
    "policy_test.yaml", "inputs/deploy.json", "inputs/delete.json", "README.md");
const MCP: &[File] = files!("mcp": "schema.yaml", "policy.yaml", "governance.yaml",
    "policy_test.yaml", "inputs/delete.json", "inputs/call.json", "README.md");

/// The files of a template.
pub(super) const fn files(template: Template) -> &'static [File] {
    match template {
        Template::Refund => REFUND,
        Template::AgentTools => AGENT_TOOLS,
        Template::Infra => INFRA,
        Template::Mcp => MCP,
    }
}
