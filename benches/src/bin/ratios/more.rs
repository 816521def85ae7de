//! W3, W4 and W5 in Rust: a frame filled and evaluated, against hand-written code.

use super::{Cycle, FILLED, Fallible, SEED, Table, slots};
use actra::Policy;
use actra_benches::measure::{Pair, pair};
use actra_benches::report::{Goal, Row};
use actra_benches::{arguments, tenants, thresholds};
use std::hint::black_box;

const INPUTS: usize = 1024;

pub(super) fn measure(table: &mut Table) -> Fallible<()> {
    tenants(table)?;
    thresholds(table)?;
    arguments(table)
}

fn row(workload: &str, against: &str, pair: Pair) -> Row {
    Row {
        workload: workload.to_owned(),
        door: FILLED.to_owned(),
        against: against.to_owned(),
        pair,
        goal: Goal::None,
    }
}

fn tenants(table: &mut Table) -> Fallible<()> {
    let rules = tenants::rules(SEED);
    let policy = tenants::policy(&rules)?;
    let slots = slots(tenants::Slots::of(&policy))?;
    let inputs = tenants::inputs(INPUTS, SEED);
    let index = tenants::Index::new(&rules);
    let mut frame = policy.frame();
    let (mut ours, mut theirs) = (Cycle::new(&inputs), Cycle::new(&inputs));
    let measured = pair(
        table.pace,
        || {
            ours.next().map(|input| {
                slots.fill(&mut frame, black_box(input));
                Policy::decide(&mut frame)
            })
        },
        || theirs.next().map(|input| index.decide(black_box(input))),
    );
    table.add(row("W3 tenants", "hand-written index", measured?));
    Ok(())
}

fn thresholds(table: &mut Table) -> Fallible<()> {
    let rules = thresholds::rules(SEED);
    let policy = thresholds::policy(&rules)?;
    let slots = slots(thresholds::Slots::of(&policy))?;
    let inputs = thresholds::inputs(INPUTS, SEED);
    let bands = thresholds::Bands::new(&rules);
    let mut frame = policy.frame();
    let (mut ours, mut theirs) = (Cycle::new(&inputs), Cycle::new(&inputs));
    let mut evaluate = || {
        ours.next().map(|risk| {
            slots.fill(&mut frame, black_box(*risk));
            Policy::decide(&mut frame)
        })
    };
    let by_scan = pair(table.pace, &mut evaluate, || {
        theirs.next().map(|risk| thresholds::scan(&rules, black_box(*risk)))
    });
    let by_bands = pair(table.pace, &mut evaluate, || {
        theirs.next().map(|risk| bands.decide(black_box(*risk)))
    });
    table.add(row("W4 thresholds", "hand-written scan", by_scan?));
    table.add(row("W4 thresholds", "hand-written bisection", by_bands?));
    Ok(())
}

fn arguments(table: &mut Table) -> Fallible<()> {
    let policy = arguments::policy()?;
    let slots = slots(arguments::Slots::of(&policy))?;
    let inputs = arguments::inputs(INPUTS, SEED);
    let by_hand = arguments::ByHand::new()?;
    let mut frame = policy.frame();
    let (mut ours, mut theirs) = (Cycle::new(&inputs), Cycle::new(&inputs));
    let measured = pair(
        table.pace,
        || {
            ours.next().map(|input| {
                slots.fill(&mut frame, black_box(input));
                Policy::decide(&mut frame)
            })
        },
        || theirs.next().map(|input| by_hand.decide(black_box(input))),
    );
    table.add(row("W5 strings", "hand-written, with `regex`", measured?));
    Ok(())
}
