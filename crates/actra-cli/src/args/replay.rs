//! Arguments of `actra replay`.

use super::{Format, Trust};
use clap::ValueEnum;
use std::path::PathBuf;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// By the file's extension, else by how it begins
    Auto,
    /// JSON Lines: one JSON text per line
    Jsonl,
    /// Comma-separated values with a header: columns such as `action.amount`
    Csv,
    /// Apache Parquet: the same columns, or nested structs
    Parquet,
}

/// Which changes make the command fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Those that let more through: from block or an error to anything less, from
    /// require_approval to allow
    Weaker,
    /// All of them
    Any,
    /// None
    None,
}

/// Decide logged inputs again, and report what a policy would change
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Decide logged inputs again, and report what a policy would change: how many decisions, from which \
to which, by which rules, the weakened ones first, each with the first rows as samples.

With `--against` two policies decide the same rows. Without, decisions are compared with those that \
the log has beside its inputs, and where it has none, the report tells how the rows are decided.

Files are streamed: memory stays bounded however large they are. A row that cannot be decided is an \
outcome of its own, `error: CODE`, and no row is skipped. docs/replay.md tells more.

`--trusted-key` is asked of both policies, `--min-revision` of the new one.",
    after_help = "\
How a log is read:
  The extension decides: .jsonl, .ndjson, .json; .csv; .parquet. For other files and for standard \
input, the beginning does: `{` is JSON Lines, anything else CSV.
  In JSON Lines, an input is the whole line if that has an `action`, or else its `context` or its \
`input`; `--input-key` names another place. A recorded decision is `decision.effect` or `effect`, \
its rule the `matched_rule` beside it; `--recorded` names another place.
  Cells of CSV are read as the type that the schema gives their field. An empty cell is a missing \
value, one that does not read as that type an input error of its row.

Exit status:
  0    done, whatever changed
  1    a problem with a policy, a log or the usage
  5    with `--fail-on`: something changed in that way, or a row could not be compared

Examples:
  actra replay history.jsonl --policy refund-new/ --against refund/
  actra replay january.csv february.csv --policy refund.actra --against refund-old.actra
  actra replay decisions.jsonl --policy refund/ --recorded result.effect --fail-on weaker
  zcat history.jsonl.gz | actra replay - --policy refund/ --limit 100000 --format json"
)]
pub(crate) struct Replay {
    /// The logs, read one after the other; `-` is standard input
    #[arg(value_name = "LOG", required = true)]
    pub(crate) logs: Vec<PathBuf>,
    /// The policy to decide with: a directory or an `.actra` file
    #[arg(short, long, value_name = "NEW")]
    pub(crate) policy: PathBuf,
    /// The policy to compare it with: a directory or an `.actra` file
    #[arg(short, long, value_name = "OLD", conflicts_with = "recorded")]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// How the logs are written
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) log_format: LogFormat,
    /// Where a line has its input: a key or a path of keys with dots, or `none`: it is the input
    #[arg(long, value_name = "KEY", default_value = "auto")]
    pub(crate) input_key: String,
    /// Where a line has its recorded effect: a path of keys with dots, or `none`
    #[arg(long, value_name = "FIELD", default_value = "auto")]
    pub(crate) recorded: String,
    /// Rows that are shown of each kind of change and error
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = samples)]
    pub(crate) samples: usize,
    /// Stop after so many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    /// Exit with 5 if decisions changed in that way
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub(crate) fail_on: FailOn,
    /// Threads that decide [default: one per processor, 8 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: Option<u8>,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// Most samples of a kind: they are kept in memory.
const MAX_SAMPLES: usize = 1000;

fn samples(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count <= MAX_SAMPLES => Ok(count),
        _ => Err(format!("it is a number from 0 to {MAX_SAMPLES}")),
    }
}
