//! Arguments of `actra log`.

use super::Format;
use std::path::PathBuf;

/// Work with decision logs: verify that nothing in them was changed
#[derive(Debug, clap::Args)]
#[command(long_about = "\
Work with decision logs, which programs in Rust, C, Go and Python write: a line of JSON per decision, each \
chained to all before it. docs/decision-log.md describes them. `actra replay` reads them, too.")]
pub(crate) struct Log {
    #[command(subcommand)]
    pub(crate) command: LogCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum LogCommand {
    Verify(LogVerify),
}

/// Verify that no line of a decision log was edited, dropped or moved
#[derive(Debug, clap::Args)]
#[command(
    long_about = "\
Verify that no line of a decision log was edited, dropped or moved, in any of its files, and that no \
file between two others is missing. Each place is told with its file and line.

A line that is cut off at the end of the last file is no fault: it is what a kill leaves. That whole \
lines are missing at the end cannot be seen in the files alone, and neither that somebody wrote all of \
the log anew: note its head (the last line's number and chain) in another place, and hand it to \
`--expect`.",
    after_help = "\
Exit status:
  0    nothing is wrong
  1    anything else: lines are wrong or missing, a file cannot be read, or wrong usage

Examples:
  actra log verify /var/log/refunds/
  actra log verify decisions.000001.jsonl decisions.jsonl --whole
  actra log verify logs/ --expect 9d0f...61 --expect-seq 1042
  actra log verify logs/ --format json | jq '.logs[].head'"
)]
pub(crate) struct LogVerify {
    /// The log's files, or directories with them
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Ask for a line with this chain: the head as it was noted elsewhere
    #[arg(long, value_name = "CHAIN")]
    pub(crate) expect: Option<String>,
    /// Ask that the log reaches the line of this number; with `--expect`, that it is that line
    #[arg(long, value_name = "N")]
    pub(crate) expect_seq: Option<u64>,
    /// Ask for all of the log from its first line
    #[arg(long)]
    pub(crate) whole: bool,
    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}
