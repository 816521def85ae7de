//! Says how large a compiled policy is and how long its decisions take, on this machine and at
//! this moment. `make bench` measures; this only shows.

use actra::{Policy, SlotId, UnknownFields, Value};
use serde_json::Value as Json;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// Samples, of which the median counts.
const SAMPLES: usize = 9;

/// How long a sample goes on.
const SAMPLE: Duration = Duration::from_millis(20);

/// Times the decisions of a policy for each input file.
pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    let Some((&artifact, inputs)) = words.split_first() else {
        return Err("`time` wants an artifact, and inputs as JSON".to_owned());
    };
    let bytes = read(artifact)?;
    let load = || Policy::from_artifact(&bytes).map_err(|error| format!("{artifact}: {error}"));
    let policy = load()?;

    println!("artifact                {:>10} bytes", bytes.len());
    println!("reading and verifying it{:>10}", span(median(|| drop(load()))));
    println!("\none decision{:>22}{:>22}", "from JSON text", "from filled slots");
    for input in inputs {
        let text = read(input)?;
        let mut evaluator = policy.evaluator(UnknownFields::Ignore);
        let from_text =
            median(|| drop(evaluator.with_json(&text, |outcome, _| black_box(outcome))));

        let tree: Json =
            serde_json::from_slice(&text).map_err(|error| format!("{input}: {error}"))?;
        let mut slots = Vec::new();
        flatten(&policy, "", &tree, &mut slots);
        let mut frame = policy.frame();
        let from_slots = median(|| {
            frame.clear();
            for (slot, value) in &slots {
                frame.set(*slot, *value);
            }
            let _ = black_box(Policy::decide(&mut frame));
        });
        let name = Path::new(input).file_stem().unwrap_or_default().to_string_lossy();
        println!("  {name:<18}{:>14}{:>22}", span(from_text), span(from_slots));
    }
    Ok(())
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{path}: {error}"))
}

/// The scalars of an input, each with its slot.
fn flatten<'t>(policy: &Policy, name: &str, tree: &'t Json, out: &mut Vec<(SlotId, Value<'t>)>) {
    let value = match tree {
        Json::Object(entries) => {
            for (key, value) in entries {
                let dot = if name.is_empty() { "" } else { "." };
                flatten(policy, &format!("{name}{dot}{key}"), value, out);
            }
            return;
        }
        Json::String(text) => Value::String(text),
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Integer(value),
            (None, Some(value)) => Value::Float(value),
            (None, None) => return,
        },
        Json::Null | Json::Array(_) => return,
    };
    out.extend(policy.slot(name).map(|slot| (slot, value)));
}

/// The median time of one call, in nanoseconds.
fn median(mut call: impl FnMut()) -> f64 {
    let mut samples = [0.0; SAMPLES];
    for sample in &mut samples {
        let started = Instant::now();
        let mut calls = 0_u32;
        while started.elapsed() < SAMPLE {
            // Looking at the clock is dear beside a decision.
            for _ in 0..100 {
                call();
            }
            calls += 100;
        }
        *sample = started.elapsed().as_nanos() as f64 / f64::from(calls);
    }
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(SAMPLES / 2).copied().unwrap_or_default()
}

fn span(nanoseconds: f64) -> String {
    if nanoseconds < 1000.0 {
        format!("{nanoseconds:.0} ns")
    } else {
        format!("{:.1} µs", nanoseconds / 1000.0)
    }
}
