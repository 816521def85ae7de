//! The starters: the files of `templates/`.

use crate::args;

/// A starter.
#[derive(Clone, Copy)]
pub(super) struct Template {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// An input worth looking at first.
    pub(super) input: &'static str,
    pub(super) files: &'static [File],
}

/// A file of a starter.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

macro_rules! files {
    ($template:literal: $($path:literal),+ $(,)?) => {
        &[$(File {
            path: $path,
            text: include_str!(concat!("../../../templates/", $template, "/", $path)),
        }),+]
    };
}

/// All of them, in the order of [`args::Template`].
pub(super) const TEMPLATES: [Template; 4] = [
    Template {
        name: "refund",
        about: "refunds by people and AI agents: limits, approvals, a fraud flag",
        input: "inputs/large_refund.json",
        files: files!("refund":
            "schema.yaml",
            "policy.yaml",
            "governance.yaml",
            "policy_test.yaml",
            "inputs/small_refund.json",
            "inputs/large_refund.json",
            "inputs/nobody_looked.json",
        ),
    },
    Template {
        name: "agent-tools",
        about: "the tools of an AI coding agent: files, commands, web requests",
        input: "inputs/run_tests.json",
        files: files!("agent-tools":
            "schema.yaml",
            "policy.yaml",
            "policy_test.yaml",
            "inputs/read_source.json",
            "inputs/run_tests.json",
            "inputs/cloud_metadata.json",
        ),
    },
    Template {
        name: "infra",
        about: "changes to infrastructure: deploy, scale, delete a database",
        input: "inputs/agent_deploys.json",
        files: files!("infra":
            "schema.yaml",
            "policy.yaml",
            "governance.yaml",
            "policy_test.yaml",
            "inputs/deploy.json",
            "inputs/agent_deploys.json",
            "inputs/stale_backup.json",
        ),
    },
    Template {
        name: "mcp",
        about: "an MCP server in front of a database: queries, changes, tables",
        input: "inputs/read_emails.json",
        files: files!("mcp":
            "schema.yaml",
            "policy.yaml",
            "governance.yaml",
            "policy_test.yaml",
            "inputs/read_orders.json",
            "inputs/read_emails.json",
            "inputs/drop_table.json",
        ),
    },
];

/// The starter of that name.
pub(super) const fn template(name: args::Template) -> &'static Template {
    const ALL: &[Template; 4] = &TEMPLATES;
    let [refund, agent_tools, infra, mcp] = ALL;
    match name {
        args::Template::Refund => refund,
        args::Template::AgentTools => agent_tools,
        args::Template::Infra => infra,
        args::Template::Mcp => mcp,
    }
}
