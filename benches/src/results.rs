//! Results of a run as JSON: what the table is written from, and the plots can be drawn from again.

use crate::figures::Figure;
use crate::report::Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

/// A run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Results {
    /// Where it ran.
    pub machine: Machine,
    /// What ran: versions by name.
    pub versions: BTreeMap<String, String>,
    /// What was measured.
    pub rows: Vec<Row>,
    /// What was counted.
    #[serde(default)]
    pub figures: Vec<Figure>,
    /// What could not be measured, and why.
    pub left_out: Vec<String>,
}

/// A machine, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// How many of its threads the run had.
    pub threads: usize,
    /// Its memory in GiB.
    pub memory_gib: u64,
    /// The operating system and its kernel.
    pub system: String,
}

impl Machine {
    /// This machine. What it does not tell is empty or 0.
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = after(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 =
            memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        let kernel = read("/proc/sys/kernel/osrelease");
        let system =
            format!("{} {} {}", std::env::consts::OS, kernel.trim(), std::env::consts::ARCH);
        Self {
            processor: after(&read("/proc/cpuinfo"), "model name"),
            threads: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: (kib + 512 * 1024) / (1024 * 1024),
            system: system.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

impl Results {
    /// Reads a file of results.
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
    }

    /// Writes a file of results.
    pub fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }
}

/// Versions from lines of a name, a tab and a version.
pub fn versions(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures;
    use crate::measure::Pair;
    use crate::report::Goal;

    #[test]
    fn results_are_read_as_they_were_written() {
        let pair = Pair { ours: 10.0, theirs: 5.0, ratio: 2.0, spread: (1.9, 2.1) };
        let row = |goal| Row {
            workload: "W1 guard".to_owned(),
            door: "a".to_owned(),
            against: "b".to_owned(),
            pair,
            goal,
        };
        let results = Results {
            machine: Machine::here(),
            versions: versions("rustc\trustc 1.95.0\n\nno version\n"),
            rows: vec![row(Goal::AtMost(3.0)), row(Goal::Faster(50.0)), row(Goal::None)],
            figures: figures::read("a\t1\tbytes\t-\tmake a").unwrap(),
            left_out: vec!["c".to_owned()],
        };
        let text = serde_json::to_string(&results).unwrap();
        assert!(text.contains(r#""ours_ns":10.0,"theirs_ns":5.0,"ratio":2.0,"spread":[1.9,2.1]"#));
        assert!(text.contains(r#""goal":{"at_most":3.0}"#), "{text}");
        let again: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(again.rows.len(), 3);
        assert_eq!(again.rows[1].goal, Goal::Faster(50.0));
        assert_eq!(again.versions.get("rustc").map(String::as_str), Some("rustc 1.95.0"));
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
