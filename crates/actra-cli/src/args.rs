//! What the command line may say.

mod analysis;
mod authoring;
mod log;
mod replay;
mod signing;

pub(crate) use analysis::{AnalysisFormat, Analyze, Ask, Diff};
pub(crate) use authoring::{AtomForm, Completions, Convert, Editor, Init, Kind, Schema, Template};
use clap::{Parser, Subcommand, ValueEnum};
pub(crate) use log::{Log, LogCommand, LogVerify};
pub(crate) use replay::{FailOn, LogFormat, Replay};
pub(crate) use signing::{Keygen, Sign, Trust, Verify};
use std::path::PathBuf;

/// The first line is for people, the second for those who ask what a policy may be written in.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\npolicy language: versions 1 and 2");

/// Decides, before an operation runs, whether it is allowed, blocked or needs approval.
#[derive(Debug, Parser)]
#[command(
    name = "actra",
    version = env!("CARGO_PKG_VERSION"),
    long_version = VERSION,
    after_help = "\
A POLICY is a policy directory (with `schema.yaml` and `policy.yaml`) or a compiled `.actra` file; \
commands take either.

Results go to standard output, problems to standard error.

Exit status:
  0    done
  1    a problem with the documents, the input, a file or the usage
  5    with `actra replay` and `actra diff --fail-on`: decisions changed; `actra ask`: it is not so
  6    `actra ask`: it is undecided
  With `actra eval --exit-code`, the decision: 0 allow, 2 block, 3 require_approval, 4 input error.

Examples:
  actra init refund/
  actra check refund/
  actra compile refund/ -o refund.actra
  actra eval refund.actra --input context.json
  actra explain refund.actra --input context.json"
)]
pub(crate) struct Args {
    /// Whether to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    #[arg(long_help = "\
Whether to use colours. `auto` uses them on a terminal, and heeds NO_COLOR, CLICOLOR and \
CLICOLOR_FORCE")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// How to say things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: the shapes that docs/cli.md describes
    Json,
}

/// How to report on documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    Text,
    /// For programs: the shapes that docs/cli.md describes
    Json,
    /// For code hosts and editors: SARIF 2.1.0
    Sarif,
}

impl CheckFormat {
    /// How problems are said that the report cannot hold.
    pub(crate) const fn of_problems(self) -> Format {
        match self {
            Self::Text => Format::Text,
            Self::Json | Self::Sarif => Format::Json,
        }
    }
}

/// How to report on tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    Text,
    /// For programs: the shape that docs/testing.md describes
    Json,
    /// JUnit XML, for build servers
    Junit,
}

/// How to tell the coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CoverageFormat {
    /// For people
    Table,
    /// For programs: the shape that docs/testing.md describes
    Json,
    /// LCOV tracefile over the lines of the policies' documents
    Lcov,
}

/// How an input is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// By the file's extension, else by what the text looks like
    Auto,
    /// One JSON text
    Json,
    /// JSON Lines: one JSON text per line
    Jsonl,
    /// One YAML document
    Yaml,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Init),
    Check(Check),
    Analyze(Analyze),
    Ask(Ask),
    Diff(Diff),
    Test(Test),
    Eval(Eval),
    Explain(Explain),
    Replay(Replay),
    Log(Log),
    Compile(Compile),
    Inspect(Inspect),
    Hash(Hash),
    Keygen(Keygen),
    Sign(Sign),
    Verify(Verify),
    Convert(Convert),
    ExplainError(ExplainError),
    Schema(Schema),
    Completions(Completions),
}

impl Command {
    /// How the command says things, its problems included.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Check(command) => command.format.of_problems(),
            Self::Analyze(command) => command.format.of_problems(),
            Self::Ask(command) => command.format.into(),
            Self::Diff(command) => command.format.into(),
            Self::Compile(command) => command.format,
            Self::Inspect(command) => command.format,
            Self::Hash(command) => command.format,
            Self::Keygen(command) => command.format,
            Self::Sign(command) => command.format,
            Self::Verify(command) => command.format,
            Self::Eval(command) => command.format,
            Self::ExplainError(command) => command.format,
            Self::Explain(command) => command.format,
            Self::Replay(command) => command.format,
            Self::Log(command) => match &command.command {
                LogCommand::Verify(command) => command.format,
            },
            Self::Test(command) => match command.format {
                TestFormat::Json => Format::Json,
                TestFormat::Text | TestFormat::Junit => Format::Text,
            },
            Self::Init(command) => command.format,
            Self::Schema(command) => command.format,
            Self::Convert(command) => command.format,
            Self::Completions(_) => Format::Text,
        }
    }
}

/// Which warnings are errors, and which are not said.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Lints {
    /// Take warnings for errors: their codes, or `all`
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) deny: Vec<String>,
    /// Say nothing of these warnings: their codes
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

/// Check a policy: report every error and warning in its documents
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Check a policy: report every error and warning in its documents, all at once.

Warnings alone are no problem, unless `--deny` makes them errors; docs/lints.md tells what they \
mean and how a comment silences one. A compiled policy is read and verified.",
    after_help = "\
Examples:
  actra check refund/
  actra check refund/ --deny all --allow unused_field
  actra check refund/ --format json | jq '.diagnostics[].code'
  actra check refund/ --format sarif > refund.sarif"
)]
pub(crate) struct Check {
    /// The policy: a directory or an `.actra` file
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) lints: Lints,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: CheckFormat,
}

/// Compile a policy directory to an `.actra` file
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Compile a policy directory to an `.actra` file.

The same documents give the same bytes, wherever and whenever they are compiled. The file is \
written beside its destination and then renamed, so whoever reads it sees the old policy or the \
new one, and nothing in between.",
    after_help = "\
Examples:
  actra compile refund/ --output refund.actra
  actra compile refund/ --output refund.actra --deny all
  actra compile refund/ --output refund.actra --revision 7
  actra compile refund/ --output refund.actra --with-documents"
)]
pub(crate) struct Compile {
    /// The policy directory
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Replace the output file even if it is no artifact
    #[arg(long)]
    pub(crate) force: bool,
    /// The policy's revision: a number that rises with each policy that is released
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) revision: Option<u64>,
    /// Put the documents into the file, too, for whoever analyses it later; they can then be read
    #[arg(long)]
    pub(crate) with_documents: bool,
    #[command(flatten)]
    pub(crate) lints: Lints,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Show what a policy compiles to: identity, settings, proofs, slots, rules and code
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  actra inspect refund.actra
  actra inspect refund/ --format json | jq -r '.rules[] | [.effect, .id] | @tsv'")]
pub(crate) struct Inspect {
    /// The policy: a directory or an `.actra` file
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Print the policy hash, which identifies what a policy means
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Print the policy hash, which identifies what a policy means: comments, key order and other \
spellings of the same do not change it, and it is the same in every release.

With `--program`, print the program digest, which identifies exactly what runs. It is always \
computed. The policy hash of an `.actra` file is what the file says: it cannot be computed without \
the documents, unless a trusted key has signed it.",
    after_help = "\
Examples:
  actra hash refund/
  actra hash refund.actra --program"
)]
pub(crate) struct Hash {
    /// The policy: a directory or an `.actra` file
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Print the program digest instead
    #[arg(long)]
    pub(crate) program: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Decide inputs: one JSON or YAML context, or a stream of JSON Lines
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Decide inputs: one JSON or YAML context, or JSON Lines, one context per line. Each is answered in \
order, and as soon as it is read: a program may write a line and wait for the answer.

An answer is a decision, or an error where the input is bad. An error is never a decision: whoever \
enforces decisions blocks on it.",
    after_help = "\
How an input is read:
  The extension of the file decides: .json, .jsonl, .ndjson, .yaml, .yml. For other files and for \
standard input, the text does: if its first line is a JSON object by itself, it is JSON Lines; if \
it begins with `{`, it is JSON, or else flow-style YAML; anything else is YAML. A program that \
writes to standard input should say `--input-format jsonl`, so that a bad first line is an error \
at once.

Exit status:
  0    every input was decided
  1    a problem with the policy, the usage or a file, or some input could not be decided
  With `--exit-code`:
  0    allow
  2    block
  3    require_approval
  4    some input could not be decided, or there was none
  Of several decisions the most restrictive counts: error, block, require_approval, allow. Only 0 \
is ever an allow: 1 is still any other problem.

Examples:
  actra eval refund/ --input context.yaml
  actra eval refund.actra --input requests.jsonl --format json
  echo '{\"action\": {\"type\": \"refund\", \"amount\": 20}}' | actra eval refund.actra --input -
  actra eval refund.actra --input context.json --exit-code && ./refund"
)]
pub(crate) struct Eval {
    /// The policy: a directory or an `.actra` file
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// The input file, or `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How the input is written
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input_format: InputFormat,
    /// How to answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Refuse inputs with fields that the schema does not name
    #[arg(long)]
    pub(crate) reject_unknown: bool,
    /// Exit with a status that tells the decision
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// Explain an error or warning: its cause, a wrong example and a right one
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Explain an error or warning: its cause in plain words, a wrong example with what is said of it, \
and a right one. Codes stand in brackets behind the word `error` or `warning`; those of input \
errors are explained, too.

Without a code, all of them are listed.",
    after_help = "\
Examples:
  actra explain-error undeclared_field
  actra explain-error"
)]
pub(crate) struct ExplainError {
    /// The code, such as `undeclared_field`
    pub(crate) code: Option<String>,
    /// How to answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Explain a decision: what decided, what each rule's tests said, and what the others lacked
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Explain decisions: the decision, the input as it was read, every rule that fired, and those that \
did not, the nearest first, with each test and the values that it compared.

The decision is the one that `actra eval` gives: the same evaluation runs, and is listened to.",
    after_help = "\
Marks:
  ✓ the test holds    ✗ it does not    ? it is unknown: a field is missing, malformed or unfit

Exit status:
  0    every input was decided and explained
  1    a problem with the policy, the usage or a file, or some input could not be decided

Examples:
  actra explain refund/ --input context.json
  actra explain refund/ --input context.json --rule large_ai_refund
  actra explain refund.actra --input requests.jsonl --format json | jq '.rules[0]'"
)]
pub(crate) struct Explain {
    /// The policy: a directory or an `.actra` file
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// The input file, or `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// How the input is written
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) input_format: InputFormat,
    /// Tell of every candidate, however far from firing
    #[arg(long)]
    pub(crate) all: bool,
    /// Tell of this rule only (repeatable)
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Vec<String>,
    /// How to explain
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Refuse inputs with fields that the schema does not name
    #[arg(long)]
    pub(crate) reject_unknown: bool,
}

/// Run the tests of policies: `*_test.yaml` documents beside them
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Run the tests of policies: `*_test.yaml` documents beside them, which say for an input what must be \
decided. docs/testing.md describes them.

A path is a test document, or a directory that is searched to the bottom; hidden directories, \
`target` and `node_modules` in it are passed over. Without a path, the current directory is searched. \
A policy that does not compile is shown once, and its tests count as errors.",
    after_help = "\
Exit status:
  0    every test passed that is not skipped
  1    a test failed, something could not be run, or there was nothing to run

Examples:
  actra test
  actra test refund/ --filter 'large refund' --fail-fast
  actra test --format junit --output target/actra.xml
  actra test --watch
  actra test --coverage --coverage-threshold 90
  actra test --coverage-format lcov --coverage-output target/actra.info"
)]
pub(crate) struct Test {
    /// Test documents, and directories to search for them [default: .]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only tests that have TEXT in `file > name`
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Stop at the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Refuse inputs with fields that the schema does not name
    #[arg(long)]
    pub(crate) reject_unknown: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: TestFormat,
    /// Write the report to a file, and tell people on standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Run again whenever a test document or its policy changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Count rules that fired, and atoms that were seen both true and false
    #[arg(long)]
    pub(crate) coverage: bool,
    /// How to tell the coverage; `json` and `lcov` need a file
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) coverage_format: CoverageFormat,
    /// Write the coverage to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage_output: Option<PathBuf>,
    /// Fail where less of the rules and atoms is covered
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) coverage_threshold: Option<f64>,
}

/// A share of a hundred.
fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(value) if (0.0..=100.0).contains(&value) => Ok(value),
        _ => Err("it is a number from 0 to 100".to_owned()),
    }
}
