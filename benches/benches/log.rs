//! What a decision log costs the thread that decides: a guarded call with and without it.
//!
//! The queue is emptied between the stretches that are measured, and has room for each of them, so that
//! nobody waits for the disk. The thread that writes works meanwhile, as it does in programs.

#![allow(missing_docs, reason = "criterion's macros write functions")]

use actra::log::{DecisionLog, Entry, Fsync, Input};
use actra::{Action, Runtime};
use actra_benches::guard;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls of a stretch: fewer than the queue has lines.
const STRETCH: u64 = 10_000;

fn benches(criterion: &mut Criterion) {
    if let Err(error) = run(criterion) {
        criterion.bench_function(&format!("log: {error}"), |_| {});
    }
}

/// Times calls in stretches, with what comes between them left out.
fn timed(calls: u64, mut call: impl FnMut(), mut between: impl FnMut()) -> Duration {
    let (mut left, mut spent) = (calls, Duration::ZERO);
    while left > 0 {
        let count = left.min(STRETCH);
        let begin = Instant::now();
        for _ in 0..count {
            call();
        }
        spent += begin.elapsed();
        between();
        left -= count;
    }
    spent
}

fn open(folder: &Path, name: &str, masks: &[&str]) -> Result<DecisionLog, Box<dyn Error>> {
    let mut builder = DecisionLog::builder(folder.join(name)).fsync(Fsync::Never).keep_files(1);
    for mask in masks {
        builder = builder.mask(*mask);
    }
    Ok(builder.open()?)
}

fn run(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("actra-bench-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let policy = guard::policy()?;
    let builder = || {
        Runtime::builder(policy.clone())
            .actor(|(): &()| json!({"role": "support", "level": 3}))
            .snapshot(|(): &()| json!({"fraud_flag": false, "daily_total": 1200, "region": "EU"}))
    };
    let action = || {
        Action::new("refund").with("amount", 20).with("currency", "EUR").with("target", "order-17")
    };
    let plain = open(&folder, "plain.jsonl", &[])?;
    let masked =
        open(&folder, "masked.jsonl", &["actor.role", "action.target", "snapshot.daily_total"])?;
    let runtimes = [
        ("admit", builder().build(), None),
        ("admit, an observer that does nothing", builder().observer(|_| {}).build(), None),
        ("admit, a log", builder().observer(plain.observer()).build(), Some(&plain)),
        (
            "admit, a log with three masks",
            builder().observer(masked.observer()).build(),
            Some(&masked),
        ),
    ];
    let mut group = criterion.benchmark_group("log");
    for (name, runtime, log) in &runtimes {
        if let Err(error) = runtime.admit(action(), &(), || ()) {
            return Err(error.to_string().into());
        }
        group.bench_function(*name, |bencher| {
            bencher.iter_custom(|calls| {
                timed(
                    calls,
                    || drop(black_box(runtime.admit(black_box(action()), &(), || ()))),
                    || drop(log.map(DecisionLog::flush)),
                )
            });
        });
    }

    let input = json!({
        "action": {"type": "refund", "amount": 20, "currency": "EUR", "target": "order-17"},
        "actor": {"role": "support", "level": 3},
        "snapshot": {"fraud_flag": false, "daily_total": 1200, "region": "EU"},
    });
    let text = serde_json::to_vec(&input)?;
    let decision = policy.evaluate_json(&text)?;
    for (name, log) in [("record", &plain), ("record with three masks", &masked)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|calls| {
                timed(
                    calls,
                    || {
                        let entry = Entry::new(&policy, Input::Json(&text), Ok(&decision));
                        drop(black_box(log.record(&entry)));
                    },
                    || drop(log.flush()),
                )
            });
        });
    }
    group.finish();
    plain.close()?;
    masked.close()?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

criterion_group!(log, benches);
criterion_main!(log);
