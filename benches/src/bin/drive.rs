//! `drive WORKLOAD TURNS`: runs one workload and nothing else, for profilers that count
//! instructions.

#![expect(clippy::print_stdout, reason = "it is a command")]

use actra::{Policy, UnknownFields};
use actra_benches::history::{self, History};
use actra_benches::{guard, roles};
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

const SEED: u64 = guard::SEED;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let workload = arguments.next().unwrap_or_default();
    let turns: usize = arguments.next().ok_or("which workload, and how many turns?")?.parse()?;
    match workload.as_str() {
        "guard" | "guard-by-hand" => guard(turns, 1024, workload == "guard-by-hand")?,
        "guard-few" => guard(turns, 16, false)?,
        // The inputs that drivers in C have, too.
        "guard-exported" => guard(turns, guard::EXPORTED, false)?,
        "guard-json" => guard_json(turns, 1024)?,
        "guard-json-exported" => guard_json(turns, guard::EXPORTED)?,
        "history" => history_of(turns, history::QUICK_ROWS, false)?,
        "history-by-hand" => history_of(turns, history::QUICK_ROWS, true)?,
        "history-whole" => history_of(turns, history::ROWS, false)?,
        "history-whole-by-hand" => history_of(turns, history::ROWS, true)?,
        "guard-json-typed" => guard_json_typed(turns, 1024),
        "compile" | "compile-short" => {
            let text = rules_text(workload == "compile-short");
            for _ in 0..turns {
                black_box(Policy::from_strings(roles::SCHEMA, &text, None)?);
            }
        }
        "parse" | "parse-short" => {
            let text = rules_text(workload == "parse-short");
            for _ in 0..turns {
                black_box(serde_yaml::from_str::<serde_yaml::Value>(&text)?);
            }
        }
        "load" => {
            let artifact = roles::policy(&roles::rules(1000, SEED))?.to_artifact();
            for _ in 0..turns {
                black_box(Policy::from_artifact(&artifact)?);
            }
        }
        _ => {
            let size = workload.strip_prefix("roles-").ok_or("there is no such workload")?;
            roles(size.parse()?, turns)?;
        }
    }
    println!("{workload}: {turns} turns");
    Ok(())
}

/// Does something so many times, each time with the next of the inputs. What profilers count is this
/// function's, by its name: neither what comes before nor the hashing in it, which is of a random
/// seed (`scripts/callgrind.sh`).
#[inline(never)]
fn counted<'i, I>(turns: usize, inputs: &'i [I], mut turn: impl FnMut(&'i I)) {
    for input in inputs.iter().cycle().take(turns) {
        turn(black_box(input));
    }
}

fn guard(turns: usize, inputs: usize, by_hand: bool) -> Result<(), Box<dyn Error>> {
    let policy = guard::policy()?;
    let slots = guard::Slots::of(&policy).ok_or("no slots")?;
    let texts = guard::texts(inputs, SEED);
    let inputs = guard::contexts(&texts)?;
    let mut frame = policy.frame();
    if by_hand {
        counted(turns, &inputs, |input| {
            let _ = black_box(guard::decide(input));
        });
    } else {
        counted(turns, &inputs, |input| {
            slots.fill(&mut frame, input);
            let _ = black_box(Policy::decide(&mut frame));
        });
    }
    Ok(())
}

/// A turn is the history, and timed.
fn history_of(turns: usize, rows: usize, by_hand: bool) -> Result<(), Box<dyn Error>> {
    let policy = guard::policy()?;
    let history = History::new(rows, SEED);
    let columns = history.columns(&policy).ok_or("no columns")?;
    for _ in 0..turns {
        let start = Instant::now();
        if by_hand {
            black_box(history::decide(black_box(&history)));
        } else {
            black_box(policy.decide_columns(history.rows(), black_box(&columns))?);
        }
        let rows = history.rows() as f64;
        println!("{:.1} million rows a second", rows / start.elapsed().as_secs_f64() / 1e6);
    }
    Ok(())
}

fn guard_json(turns: usize, inputs: usize) -> Result<(), Box<dyn Error>> {
    let policy = guard::policy()?;
    let texts = guard::texts(inputs, SEED);
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    counted(turns, &texts, |text| {
        let _ = black_box(evaluator.with_json(text.as_bytes(), |outcome, _| outcome));
    });
    Ok(())
}

/// What reading the same texts into structs takes.
fn guard_json_typed(turns: usize, inputs: usize) {
    let texts = guard::texts(inputs, SEED);
    counted(turns, &texts, |text| {
        let _ = black_box(serde_json::from_slice::<guard::Context<'_>>(text.as_bytes()));
    });
}

/// 1,000 rules, in one of the two forms.
fn rules_text(short: bool) -> String {
    let rules = roles::rules(1000, SEED);
    if short { roles::short_policy_text(&rules) } else { roles::policy_text(&rules) }
}

fn roles(size: usize, turns: usize) -> Result<(), Box<dyn Error>> {
    let rules = roles::rules(size, SEED);
    let policy = roles::policy(&rules)?;
    let slots = roles::Slots::of(&policy).ok_or("no slots")?;
    let inputs = roles::inputs(&rules, 768, SEED);
    let mut frame = policy.frame();
    counted(turns, &inputs, |input| {
        slots.fill(&mut frame, input);
        let _ = black_box(Policy::decide(&mut frame));
    });
    Ok(())
}
