//! What `make soak` found: a file, so that results can tell it without another run.

use crate::results::Machine;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// A soak: threads that decide while policies are replaced.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Soak {
    /// Where it ran.
    pub machine: Machine,
    /// How long.
    pub seconds: f64,
    /// How many threads decided.
    pub threads: usize,
    /// How many decisions they made.
    pub decisions: u64,
    /// How many of them were not what their policy says. One ends the run without a file.
    pub wrong_decisions: u64,
    /// How often the policy was replaced.
    pub replacements: u64,
    /// How often a thread took a policy over.
    pub taken_over: u64,
    /// Half of the decisions took at most so many nanoseconds,
    pub p50_ns: u64,
    /// 99 of 100,
    pub p99_ns: u64,
    /// 999 of 1,000,
    pub p999_ns: u64,
    /// and all.
    pub max_ns: u64,
    /// The process's resident memory in bytes: before threads decide,
    pub memory_at_start: u64,
    /// when it has settled,
    pub memory_settled: u64,
    /// at its most from then on,
    pub memory_largest: u64,
    /// and at the end.
    pub memory_at_end: u64,
}

impl Soak {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)? + "\n")
    }

    /// A table in Markdown.
    pub fn table(&self) -> String {
        let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
        let rows = [
            ("duration", format!("{:.0} s", self.seconds)),
            ("threads that decide", self.threads.to_string()),
            ("decisions", self.decisions.to_string()),
            ("wrong decisions", self.wrong_decisions.to_string()),
            ("replacements of the policy", self.replacements.to_string()),
            ("taken over by a thread", self.taken_over.to_string()),
            ("p50", time(self.p50_ns)),
            ("p99", time(self.p99_ns)),
            ("p99.9", time(self.p999_ns)),
            ("longest", time(self.max_ns)),
            ("resident memory at the start", kib(self.memory_at_start)),
            ("resident memory, settled", kib(self.memory_settled)),
            ("resident memory at its most", kib(self.memory_largest)),
            ("resident memory at the end", kib(self.memory_at_end)),
        ];
        let mut text = "| | |\n|---|---:|\n".to_owned();
        for (what, value) in rows {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {what} | {value} |");
        }
        text
    }
}

fn time(ns: u64) -> String {
    match ns {
        0..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{} us", ns / 1000),
        _ => format!("{} ms", ns / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_is_read_as_it_was_written_and_told() {
        let soak = Soak {
            machine: Machine::here(),
            seconds: 600.0,
            threads: 2,
            decisions: 5_000_000_000,
            p50_ns: 90,
            p999_ns: 12_345,
            max_ns: 23_000_000,
            memory_at_start: 4096 * 1024,
            ..Soak::default()
        };
        let text = serde_json::to_string(&soak).unwrap();
        assert_eq!(serde_json::from_str::<Soak>(&text).unwrap(), soak);
        let table = soak.table();
        for row in [
            "| wrong decisions | 0 |",
            "| p50 | 90 ns |",
            "| p99.9 | 12 us |",
            "| longest | 23 ms |",
            "| resident memory at the start | 4096 KiB |",
        ] {
            assert!(table.contains(row), "{row} in {table}");
        }
    }
}
