//! Arguments of the commands that prove.

use super::{FailOn, Format, Lints, Trust};
use clap::ValueEnum;
use std::path::PathBuf;

/// Prove what every rule and every action of a policy can come to
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Prove what every rule and every action of a policy can come to: rules that never fire, that never \
decide because others always decide before them, that change nothing, or whose condition is always \
met; and which effects each action can get, each with an input that gets it.

Every claim is about all inputs that the schema admits, and every example has been decided by the \
evaluator. What cannot be decided is said to be undecided. docs/analysis.md tells more.",
    after_help = "\
Exit status:
  0    done, whatever was found, unless `--deny` makes it an error
  1    a problem with the documents or the usage, or a finding that is denied

Examples:
  actra analyze refund/
  actra analyze refund/ --deny shadowed_rule,rule_never_fires
  actra analyze refund/ --format json | jq '.rules[] | select(.verdict != \"effective\")'
  actra analyze refund/ --format sarif > refund.sarif
  actra analyze refund/ --cases refund/boundaries_test.yaml"
)]
pub(crate) struct Analyze {
    /// The policy: a directory, or an `.actra` file with documents
    pub(crate) policy: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) lints: Lints,
    #[command(flatten)]
    pub(crate) budget: Budget,
    /// Write tests, too: an input for every rule that can fire, and for its boundaries
    #[arg(long, value_name = "FILE")]
    #[arg(long_help = "\
Write tests, too, to a `*_test.yaml`: for every rule that can fire an input for which it does, and \
that input with each field that the rule tests missing, at each constant that it is tested against, \
and just above and below, with what is decided. `actra test` runs them: what changes later fails")]
    pub(crate) cases: Option<PathBuf>,
    /// Replace the file of `--cases` even if it was not made by this command
    #[arg(long, requires = "cases")]
    pub(crate) force: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: AnalysisFormat,
}

/// Prove how two policies differ, with an input for each way
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Prove how two policies differ: for every pair of rules that decide otherwise, an input for which \
they do, what lets more through or requires less of an approval first. No difference means that every \
input that both schemas admit gets the same effect, and the same required actions where it is approval.

An input error counts as a block, since what enforces decisions blocks on it. `actra replay` tells \
how often recorded inputs would be decided otherwise.",
    after_help = "\
Exit status:
  0    done
  1    a problem with the documents or the usage
  5    with `--fail-on`: decisions change in that way, or it is undecided whether they do

Examples:
  actra diff old/ new/
  actra diff released.actra refund/ --fail-on weaker
  actra diff old/ new/ --format json | jq '.changes[].input'"
)]
pub(crate) struct Diff {
    /// The old policy: a directory, or an `.actra` file with documents
    pub(crate) old: PathBuf,
    /// The new policy
    pub(crate) new: PathBuf,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Changes that give exit status 5
    #[arg(long, value_name = "CHANGES", default_value = "none")]
    pub(crate) fail_on: FailOn,
    #[command(flatten)]
    pub(crate) budget: Budget,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: AnswerFormat,
}

/// Ask whether decisions never, or always, have an effect
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Ask whether decisions never, or always, have an effect: `never allow`, `always block`, and so on. \
The answer is proved for every input that the schema admits, or comes with an input that shows the \
opposite, which `actra eval` takes as it is.

`--assume` narrows the question to inputs for which a condition is true or unknown, as governance \
rules do; what is worth asking twice belongs into `governance.yaml`, where compiling proves it.",
    after_help = "\
Exit status:
  0    it is so, for every action asked about
  1    a problem with the documents, the question or the usage
  5    it is not so
  6    it is undecided

Examples:
  actra ask refund/ 'never allow' --assume-that 'snapshot.fraud_flag == true'
  actra ask refund/ 'always block' --action delete_account --assume staging.yaml
  actra ask refund/ 'never allow' --format json | jq '.actions[].counterexample'"
)]
pub(crate) struct Ask {
    /// The policy: a directory, or an `.actra` file with documents
    pub(crate) policy: PathBuf,
    /// The question: `never` or `always`, and an effect
    pub(crate) question: String,
    /// Only about this action; may be given several times
    #[arg(long = "action", value_name = "NAME")]
    pub(crate) actions: Vec<String>,
    /// Only about inputs that meet the condition in a file, written as under `when`; `-` for
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with = "assume_that")]
    pub(crate) assume: Option<PathBuf>,
    /// The same, with the condition itself
    #[arg(long, value_name = "CONDITION")]
    pub(crate) assume_that: Option<String>,
    /// Only about inputs that have every declared field
    #[arg(long)]
    pub(crate) complete: bool,
    #[command(flatten)]
    pub(crate) trust: Trust,
    #[command(flatten)]
    pub(crate) budget: Budget,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: AnswerFormat,
}

/// How to report answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people
    Text,
    /// For programs: the shapes that docs/analysis.md describes
    Json,
}

/// How to report what is found in documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnalysisFormat {
    /// For people
    Text,
    /// For programs: the shapes that docs/analysis.md describes
    Json,
    /// For code hosts and editors: SARIF 2.1.0
    Sarif,
}

impl From<AnswerFormat> for Format {
    fn from(format: AnswerFormat) -> Self {
        match format {
            AnswerFormat::Text => Self::Text,
            AnswerFormat::Json => Self::Json,
        }
    }
}

impl AnalysisFormat {
    /// How problems are said that the report cannot hold.
    pub(crate) const fn of_problems(self) -> Format {
        match self {
            Self::Text => Format::Text,
            Self::Json | Self::Sarif => Format::Json,
        }
    }
}

/// How long searches may be.
#[derive(Debug, clap::Args)]
pub(crate) struct Budget {
    /// Steps that each question may take before it is undecided
    #[arg(long = "budget", value_name = "STEPS", default_value_t = actra::analysis::DEFAULT_BUDGET)]
    pub(crate) steps: u64,
}
