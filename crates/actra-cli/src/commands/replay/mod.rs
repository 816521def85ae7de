//! `actra replay`.

mod batch;
mod cells;
mod columns;
mod csv;
mod lines;
mod outcome;
#[cfg(feature = "parquet")]
mod parquet;
mod pool;
mod report;
mod source;
mod tally;
mod text;

use super::progress::Bar;
use crate::args::{FailOn, Format, Replay};
use crate::failure::Failure;
use crate::output;
use anstream::ColorChoice;
use batch::Policies;
use lines::{Layout, Place};
use pool::Pool;
use report::Report;
use source::{Reading, Written};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use tally::Tally;

/// Exit status where decisions changed in the way that `--fail-on` names.
const CHANGED: u8 = 5;

/// Threads without `--jobs`, at most.
const MAX_JOBS: usize = 8;

/// A log that was read.
pub(super) struct Log {
    path: PathBuf,
    written: Written,
    rows: u64,
    /// Lines of a decision log that are no decisions.
    own_lines: u64,
    /// Columns of inputs that no policy's schema names.
    ignored: Vec<String>,
}

pub(super) fn run(args: &Replay, color: ColorChoice) -> Result<u8, Failure> {
    let layout = Layout {
        input: place("--input-key", &args.input_key)?,
        recorded: match args.against {
            Some(_) => Place::None,
            None => place("--recorded", &args.recorded)?,
        },
    };
    if args.logs.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Failure::new("usage", "standard input cannot be read twice"));
    }
    let new = args.trust.load(&args.policy)?;
    let load_old = |path| args.trust.load_of_any_revision(path);
    let old = args.against.as_deref().map(load_old).transpose()?;
    let policies =
        Policies { new: &new, old: old.as_ref(), layout: &layout, samples: args.samples };
    let (logs, tally) = replay(args, policies)?;
    let against = args.against.as_deref().zip(old.as_ref());
    let report = Report::new((&args.policy, &new), against, &logs, &tally);
    check_compared(args, &layout, &report)?;
    let text = match args.format {
        Format::Text => text::text(&report),
        Format::Json => output::pretty_json(&report),
    };
    output::print(&text, args.format, color)?;
    Ok(status(args.fail_on, &report))
}

fn place(option: &str, text: &str) -> Result<Place, Failure> {
    Place::of(text).ok_or_else(|| {
        Failure::new("usage", format!("`{option}` is no path of keys: `{text}`"))
            .with_help("keys are separated by dots: `decision.effect`")
    })
}

/// Reads all logs and has their rows decided.
fn replay(args: &Replay, policies: Policies<'_>) -> Result<(Vec<Log>, Tally), Failure> {
    let jobs = args.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, usize::from).min(MAX_JOBS),
        usize::from,
    );
    let mut bar = Bar::new("rows", total_bytes(&args.logs));
    let result = std::thread::scope(|scope| {
        let mut pool = Pool::new(scope, jobs, policies);
        let mut logs = Vec::new();
        let mut left = args.limit.unwrap_or(u64::MAX);
        for (file, path) in args.logs.iter().enumerate() {
            let mut reading = Reading {
                new: policies.new,
                old: policies.old,
                layout: policies.layout,
                format: args.log_format,
                left,
                bar: &mut bar,
                take: &mut |batch| pool.push(batch),
            };
            let log = source::read(file, path, &mut reading)?;
            left = reading.left;
            logs.push(log);
        }
        Ok((logs, pool.finish()?))
    });
    bar.clear();
    result
}

/// The size of all logs, where it is known.
fn total_bytes(logs: &[PathBuf]) -> Option<u64> {
    let size =
        |path: &Path| std::fs::metadata(path).ok().filter(Metadata::is_file).map(|it| it.len());
    logs.iter().map(|path| size(path)).sum()
}

/// Who asks for a comparison gets one, or is told that there is none.
fn check_compared(args: &Replay, layout: &Layout, report: &Report) -> Result<(), Failure> {
    let asks = args.fail_on != FailOn::None || matches!(layout.recorded, Place::Path(_));
    if !asks || report.compared > 0 {
        return Ok(());
    }
    let message = match report.rows {
        0 => "there are no rows, so nothing was compared",
        _ => "no row has a recorded decision, so nothing was compared",
    };
    Err(Failure::new("nothing_compared", message).with_help(
        "`--against OLD` compares with a policy, `--recorded FIELD` says where decisions are",
    ))
}

/// What the shell gets to know.
fn status(fail_on: FailOn, report: &Report) -> u8 {
    let fails = match fail_on {
        FailOn::None => false,
        FailOn::Weaker => report.weaker > 0 || !report.not_compared.is_empty(),
        FailOn::Any => report.changed > 0 || !report.not_compared.is_empty(),
    };
    if fails { CHANGED } else { 0 }
}
