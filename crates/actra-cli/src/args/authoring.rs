//! What the commands for authors may be told: `init`, `convert`, `schema`, `completions`.

use super::Format;
use clap::ValueEnum;
use std::path::PathBuf;

/// A starter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Refunds by people and AI agents: limits, approvals, a fraud flag
    Refund,
    /// The tools of an AI coding agent: files, shell commands, web requests
    AgentTools,
    /// Changes to infrastructure: deploy, scale, delete a database
    Infra,
    /// An MCP server in front of a database: queries, changes, schema changes
    Mcp,
}

/// An editor that is set up by files in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Editor {
    /// Visual Studio Code, with its YAML extension: `.vscode/settings.json`
    Vscode,
    /// Any with the YAML language server: a comment on top of each document
    Any,
}

/// Start a policy: a commented schema and policy, with tests and inputs
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Start a policy: a commented schema and policy, with tests and inputs, to be changed into your own.

Nothing is ever overwritten. Where a file of the starter is there already, nothing is written at \
all.",
    after_help = "\
Exit status:
  0    the files are written
  1    something is in the way, or cannot be written

Examples:
  actra init refunds/
  actra init --list
  actra init agent/ --template agent-tools --editor vscode"
)]
pub(crate) struct Init {
    /// The directory, made where it is not there [default: .]
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// What to start from
    #[arg(long, value_name = "NAME", default_value = "refund")]
    pub(crate) template: Template,
    /// Show the templates, and write nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Set up completion and validation in an editor, too
    #[arg(long, value_name = "EDITOR")]
    pub(crate) editor: Option<Editor>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// A form of atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AtomForm {
    /// `action.amount > 1000`
    Short,
    /// `subject`, `operator`, `value`
    Long,
}

/// Write a policy's atoms in their short or long form, and change nothing else
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Write the atoms of a policy in their short or long form: in `policy.yaml`, `policies/*.yaml` and the \
`assume` of `governance.yaml`. Comments, order, quoting and indentation of everything else stay as \
they are, to the byte.

The policy must compile. What comes out is compiled, too, and is written only if its policy hash, \
its program and all that the checker reads of it are the same as before. Atoms that the other form \
cannot say, and those with a comment inside, stay as they are, and are listed.",
    after_help = "\
Exit status:
  0    done; with `--check`: nothing would change
  1    a problem; with `--check`: something would change

Examples:
  actra convert refund/ --to short
  actra convert refund/ --to short --diff
  actra convert refund/policy.yaml --to long --stdout
  actra convert refund/ --to short --check"
)]
pub(crate) struct Convert {
    /// A policy directory, or one document of it
    #[arg(value_name = "DIR|FILE")]
    pub(crate) path: PathBuf,
    /// The form to write
    #[arg(long, value_name = "FORM")]
    pub(crate) to: AtomForm,
    /// Write nothing: show what would change, and exit with 1 if something would
    #[arg(long, conflicts_with_all = ["diff", "stdout"])]
    pub(crate) check: bool,
    /// Write nothing: show what would change
    #[arg(long, conflicts_with = "stdout")]
    pub(crate) diff: bool,
    /// Write the one document to standard output instead
    #[arg(long)]
    pub(crate) stdout: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentName {
    /// `policy.yaml` and `policies/*.yaml`
    Policy,
    /// `schema.yaml`
    Schema,
    /// `governance.yaml`
    Governance,
    /// `*_test.yaml`
    Test,
}

/// Print the JSON Schema of a kind of document, for editors and other tools
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Print the JSON Schema (2020-12) of a kind of document. Editors complete keys and mark mistakes by \
it, and show what a key means.

A JSON Schema sees one document at a time: whether a field is declared, a literal fits or a rule's \
id is taken, `actra check` tells.",
    after_help = "\
Examples:
  actra schema policy
  actra schema policy --output .actra/policy.schema.json
  actra schema --all --output .actra/"
)]
pub(crate) struct Schema {
    /// The kind of document
    #[arg(value_name = "DOCUMENT", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) document: Option<DocumentName>,
    /// Write the schemas of all documents into a directory
    #[arg(long, requires = "output")]
    pub(crate) all: bool,
    /// The file to write, or with `--all` the directory
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// Print a script that completes `actra`'s commands and options in a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
To have it in every new shell:
  bash        actra completions bash > ~/.local/share/bash-completion/completions/actra
  zsh         actra completions zsh > ~/.zfunc/_actra
              with `fpath+=~/.zfunc; autoload -Uz compinit; compinit` in ~/.zshrc
  fish        actra completions fish > ~/.config/fish/completions/actra.fish
  powershell  actra completions powershell >> $PROFILE
  elvish      actra completions elvish >> ~/.config/elvish/rc.elv

Examples:
  actra completions bash > actra.bash
  source <(actra completions bash)")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
