//! `counted`: prints what is counted rather than timed, as lines of `benches/src/figures.rs`: memory
//! that policies hold, allocations of evaluations, sizes of artifacts. Its allocator counts; that of
//! what is timed does not.

#![expect(clippy::print_stdout, reason = "it is a command")]

use actra::{Frame, Policy, UnknownFields};
use actra_benches::figures::{Figure, Unit};
use actra_benches::guard::{self, SEED};
use actra_benches::{arguments, roles, tenants, thresholds};
use allocation_counter::measure;
use std::error::Error;

const COMMAND: &str = "cargo run --release -p actra-benches --bin counted";
const INPUTS: usize = 1024;
const NO_SLOTS: &str = "the policy lacks a slot";

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    held()?;
    allocated()
}

fn told(what: &str, value: f64, unit: Unit, at_most: Option<f64>) {
    let (what, command) = (what.to_owned(), COMMAND.to_owned());
    println!("{}", Figure { what, value, unit, at_most, command }.line());
}

/// Artifacts, and what a policy holds that was loaded from one.
fn held() -> Fallible<()> {
    let tenants = tenants::policy(&tenants::rules(SEED))?;
    let thousand = roles::policy(&roles::rules(1000, SEED))?;
    for (name, thousands, policy) in [
        ("W1 guard", None, guard::policy()?),
        ("W2 roles-1000", None, thousand),
        ("W3 tenants", Some(10.0), tenants),
    ] {
        let artifact = policy.to_artifact();
        drop(policy);
        let mut loaded = None;
        let memory = measure(|| loaded = Some(Policy::from_artifact(&artifact))).bytes_current;
        loaded.ok_or("nothing was loaded")??;
        for (of, bytes) in [("artifact", artifact.len() as f64), ("memory", memory as f64)] {
            told(&format!("{of} of {name}: Actra"), bytes, Unit::Bytes, None);
            if let Some(thousands) = thousands {
                let what = format!("{of} of {name}: Actra, per 1,000 rules");
                told(&what, bytes / thousands, Unit::Bytes, None);
            }
        }
    }
    Ok(())
}

fn allocated() -> Fallible<()> {
    let policy = guard::policy()?;
    let texts = guard::texts(INPUTS, SEED);
    let inputs = guard::contexts(&texts)?;
    let slots = guard::Slots::of(&policy).ok_or(NO_SLOTS)?;
    frames("W1 guard", &policy, &inputs, |frame, input| slots.fill(frame, input))?;
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    let outcome =
        |text: &String| evaluator.with_json(text.as_bytes(), |outcome, _| outcome.effect).is_ok();
    evaluations("W1 guard: Actra, JSON text to outcome", Some(0.0), &texts, outcome)?;
    let mut evaluator = policy.evaluator(UnknownFields::Ignore);
    let decision = |text: &String| evaluator.evaluate_json(text.as_bytes()).is_ok();
    evaluations("W1 guard: Actra, JSON text to decision", None, &texts, decision)?;

    for size in [10, 1000, 10_000] {
        let rules = roles::rules(size, SEED);
        let policy = roles::policy(&rules)?;
        let inputs = roles::inputs(&rules, INPUTS, SEED);
        let slots = roles::Slots::of(&policy).ok_or(NO_SLOTS)?;
        let name = format!("W2 roles-{size}");
        frames(&name, &policy, &inputs, |frame, input| slots.fill(frame, input))?;
    }
    let policy = tenants::policy(&tenants::rules(SEED))?;
    let inputs = tenants::inputs(INPUTS, SEED);
    let slots = tenants::Slots::of(&policy).ok_or(NO_SLOTS)?;
    frames("W3 tenants", &policy, &inputs, |frame, input| slots.fill(frame, input))?;
    let policy = thresholds::policy(&thresholds::rules(SEED))?;
    let inputs = thresholds::inputs(INPUTS, SEED);
    let slots = thresholds::Slots::of(&policy).ok_or(NO_SLOTS)?;
    frames("W4 thresholds", &policy, &inputs, |frame, risk| slots.fill(frame, *risk))?;
    let policy = arguments::policy()?;
    let inputs = arguments::inputs(INPUTS, SEED);
    let slots = arguments::Slots::of(&policy).ok_or(NO_SLOTS)?;
    frames("W5 strings", &policy, &inputs, |frame, input| slots.fill(frame, input))
}

/// A frame filled and evaluated, over and over.
fn frames<'i, I>(
    name: &str,
    policy: &Policy,
    inputs: &'i [I],
    fill: impl Fn(&mut Frame<'_, 'i>, &'i I),
) -> Fallible<()> {
    let mut frame = policy.frame();
    evaluations(&format!("{name}: Actra, frame filled + evaluate"), Some(0.0), inputs, |input| {
        fill(&mut frame, input);
        Policy::decide(&mut frame).is_ok()
    })
}

/// Of an evaluation, on average, after each input was decided once.
fn evaluations<'i, I>(
    what: &str,
    at_most: Option<f64>,
    inputs: &'i [I],
    mut decide: impl FnMut(&'i I) -> bool,
) -> Fallible<()> {
    if !inputs.iter().all(&mut decide) {
        return Err(format!("{what}: an input is at fault").into());
    }
    let counted = measure(|| {
        for input in inputs {
            decide(input);
        }
    });
    let each = counted.count_total as f64 / inputs.len() as f64;
    told(what, each, Unit::Allocations, at_most);
    Ok(())
}
