//! Logs of decisions: what they hold, and that nothing in them can be changed unseen.

mod doors;
mod files;
mod kill;
mod record;
mod tamper;

use actra::log::{DecisionLog, DecisionLogBuilder, Report, VerifyOptions, verify_paths};
use actra::{Action, Policy, Runtime};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A directory of its own for a test.
struct Room(PathBuf);

impl Room {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decision_log").join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The file that is written.
    fn log(&self) -> PathBuf {
        self.path("decisions.jsonl")
    }

    fn builder(&self) -> DecisionLogBuilder {
        DecisionLog::builder(self.log())
    }

    /// Files of the log, in order: the one that is written comes last.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().unwrap() == "jsonl").collect();
        files.sort_by_key(|path| (*path == self.log(), path.clone()));
        files
    }

    /// All lines, of all files.
    fn lines(&self) -> Vec<Value> {
        let texts = self.files().into_iter().map(|path| fs::read_to_string(path).unwrap());
        texts
            .flat_map(|text| {
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>()
            })
            .collect()
    }

    fn verify(&self) -> Report {
        self.verify_with(&VerifyOptions { whole: true, ..VerifyOptions::default() })
    }

    fn verify_with(&self, options: &VerifyOptions) -> Report {
        verify_paths(std::slice::from_ref(&self.0), options, &mut |_, _| ()).unwrap()
    }

    /// It verifies from its beginning, as one log.
    fn is_whole(&self) -> actra::log::LogReport {
        let mut report = self.verify();
        assert!(report.is_ok(), "{report:#?}");
        assert_eq!(report.logs.len(), 1, "{report:#?}");
        report.logs.remove(0)
    }
}

fn policy() -> Policy {
    Policy::from_strings(
        "version: 1\nactions: {refund: {fields: {amount: number, card: string}}}\n\
         actor: {fields: {role: string, email: string}}\n",
        "version: 2\nrules:\n  - {id: small, scope: {action: refund}, when: action.amount < 100, effect: allow}\n",
        None,
    )
    .unwrap()
}

fn runtime(log: &DecisionLog) -> Runtime<str> {
    Runtime::builder(policy())
        .actor(|role: &str| json!({"role": role, "email": "ada@example.com"}))
        .observer(log.observer())
        .build()
}

fn refund(amount: i64) -> Action {
    Action::new("refund").with("amount", amount).with("card", "4111")
}

/// An entry as other languages give it.
fn entry(number: usize) -> Vec<u8> {
    json!({
        "time_us": 1_700_000_000_000_000_u64 + number as u64,
        "policy_hash": "ab".repeat(32),
        "input": {"action": {"type": "refund", "amount": number}, "actor": {}, "snapshot": {}},
        "decision": {"effect": "allow", "matched_rule": "small"},
        "duration_ns": 1500,
    })
    .to_string()
    .into_bytes()
}
