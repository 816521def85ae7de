//! W3, W4 and W5 in Rust: a frame filled and evaluated, against hand-written code.

use super::{Cycle, FILLED, Fallible, SEED, Table, slots};
use actra::{Frame, Policy};
use actra_benches::measure::pair;
use actra_benches::report::{Goal, Row};
use actra_benches::{arguments, tenants, thresholds};
use std::hint::black_box;

const INPUTS: usize = 1024;

pub(super) fn measure(table: &mut Table) -> Fallible<()> {
    tenants(table)?;
    thresholds(table)?;
    arguments(table)
}

/// Adds a row: inputs put into a frame of the policy's and decided, against the same decided by hand.
fn filled<'i, I, T>(
    table: &mut Table,
    (workload, against): (&str, &str),
    (policy, inputs): (&Policy, &'i [I]),
    fill: impl Fn(&mut Frame<'_, 'i>, &'i I),
    by_hand: impl Fn(&'i I) -> T,
) -> Fallible<()> {
    let mut frame = policy.frame();
    let (mut ours, mut theirs) = (Cycle::new(inputs), Cycle::new(inputs));
    let pair = pair(
        table.pace,
        || {
            ours.next().map(|input| {
                fill(&mut frame, black_box(input));
                Policy::decide(&mut frame)
            })
        },
        || theirs.next().map(|input| by_hand(black_box(input))),
    )?;
    table.add(Row {
        workload: workload.to_owned(),
        door: FILLED.to_owned(),
        against: against.to_owned(),
        pair,
        goal: Goal::None,
    });
    Ok(())
}

fn tenants(table: &mut Table) -> Fallible<()> {
    let rules = tenants::rules(SEED);
    let policy = tenants::policy(&rules)?;
    let slots = slots(tenants::Slots::of(&policy))?;
    let inputs = tenants::inputs(INPUTS, SEED);
    let index = tenants::Index::new(&rules);
    filled(
        table,
        ("W3 tenants", "hand-written index"),
        (&policy, &inputs),
        |frame, input| slots.fill(frame, input),
        |input| index.decide(input),
    )
}

fn thresholds(table: &mut Table) -> Fallible<()> {
    let rules = thresholds::rules(SEED);
    let policy = thresholds::policy(&rules)?;
    let slots = slots(thresholds::Slots::of(&policy))?;
    let inputs = thresholds::inputs(INPUTS, SEED);
    let bands = thresholds::Bands::new(&rules);
    let workload = "W4 thresholds";
    filled(
        table,
        (workload, "hand-written scan"),
        (&policy, &inputs),
        |frame, risk| slots.fill(frame, *risk),
        |risk| thresholds::scan(&rules, *risk),
    )?;
    filled(
        table,
        (workload, "hand-written bisection"),
        (&policy, &inputs),
        |frame, risk| slots.fill(frame, *risk),
        |risk| bands.decide(*risk),
    )
}

fn arguments(table: &mut Table) -> Fallible<()> {
    let policy = arguments::policy()?;
    let slots = slots(arguments::Slots::of(&policy))?;
    let inputs = arguments::inputs(INPUTS, SEED);
    let by_hand = arguments::ByHand::new()?;
    filled(
        table,
        ("W5 strings", "hand-written, with `regex`"),
        (&policy, &inputs),
        |frame, input| slots.fill(frame, input),
        |input| by_hand.decide(input),
    )
}
