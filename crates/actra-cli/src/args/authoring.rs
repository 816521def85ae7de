//! Arguments of the commands that help to write policies.

use super::Format;
use clap::ValueEnum;
use clap_complete::Shell;
use std::path::PathBuf;

/// Kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// `policy.yaml`
    Policy,
    /// `policies/*.yaml`: further rules
    Policies,
    /// `schema.yaml`
    Schema,
    /// `governance.yaml`
    Governance,
    /// `*_test.yaml`
    Test,
}

/// Policies to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Who may pay money back to customers, and how much
    Refund,
    /// What an agent may do with files, programs and the network
    AgentTools,
    /// Deployments, scaling and deletions, and who approves them
    Infra,
    /// What passes between a model and its MCP servers
    Mcp,
}

/// Editors that are set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Editor {
    /// Visual Studio Code with the YAML extension
    Vscode,
}

/// Print a JSON Schema of a kind of document, for editors and other tools
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Print a JSON Schema (2020-12) of a kind of document, for editors and other tools: completion, \
descriptions, and mistakes marked while you write.

It refuses no document that `actra check` takes. What takes more than one document to see, such as \
a field that the schema does not declare, only `actra check` sees. docs/editors.md tells how \
editors are set up.",
    after_help = "\
Exit status:
  0    printed, or written
  1    a problem with a file or the usage

Examples:
  actra schema policy
  actra schema policy --output .actra/policy.schema.json
  actra schema --all --output .actra"
)]
pub(crate) struct Schema {
    /// The kind of document
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) kind: Option<Kind>,
    /// Write the schemas of all kinds into a directory
    #[arg(long, requires = "output")]
    pub(crate) all: bool,
    /// The file to write; with `--all`, the directory, which is made if need be
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files even if they are no schemas of Actra
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// How to report what was written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Begin a policy: write a small one that works, with its tests
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Begin a policy: write a small one that works, with a schema, governance, tests, inputs to try and a \
README.

Nothing is ever overwritten: where a file is in the way, nothing is written at all.",
    after_help = "\
Exit status:
  0    written, or listed
  1    a file is in the way, or something cannot be written

Examples:
  actra init
  actra init policies/tools --template agent-tools
  actra init policies/refunds --editor vscode
  actra init --list"
)]
pub(crate) struct Init {
    /// The directory to write to, which is made if need be
    #[arg(value_name = "DIR", default_value = ".", conflicts_with = "list")]
    pub(crate) directory: PathBuf,
    /// The policy to start from
    #[arg(long, value_name = "NAME", default_value = "refund", conflicts_with = "list")]
    pub(crate) template: Template,
    /// Set up an editor, too: JSON Schemas in `.actra/`, and what points to them
    #[arg(long, value_name = "EDITOR", conflicts_with = "list")]
    pub(crate) editor: Option<Editor>,
    /// List the templates
    #[arg(long)]
    pub(crate) list: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Print a script that completes `actra` commands in a shell
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Print a script that completes `actra` commands, options and their values in a shell. Print it \
again after an update.",
    after_help = "\
How to install it:
  bash        actra completions bash > ~/.local/share/bash-completion/completions/actra
              (with the bash-completion package), or in ~/.bashrc: source <(actra completions bash)
  zsh         actra completions zsh > \"${fpath[1]}/_actra\"
              (a directory of $fpath, before compinit runs)
  fish        actra completions fish > ~/.config/fish/completions/actra.fish
  powershell  actra completions powershell | Out-String | Invoke-Expression
              (in the file that $PROFILE names)
  elvish      actra completions elvish > ~/.config/elvish/lib/actra.elv
              (and in rc.elv: use actra)

Examples:
  actra completions bash
  source <(actra completions bash)"
)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
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
