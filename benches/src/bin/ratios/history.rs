//! W6: W1's history over columns, beside a loop by hand over the same columns and beside row by row.

use super::{Cycle, FILLED, Fallible, SEED, Table, slots};
use actra::Policy;
use actra_benches::guard;
use actra_benches::history::{self, History, QUICK_ROWS, ROWS};
use actra_benches::measure::pair;
use actra_benches::report::{Goal, Row};
use std::hint::black_box;

const DOOR: &str = "columns";
/// Rows a second that are wanted.
const WANTED: f64 = 50e6;

pub(super) fn measure(table: &mut Table) -> Fallible<()> {
    let policy = guard::policy()?;
    let history = History::new(if table.is_quick { QUICK_ROWS } else { ROWS }, SEED);
    let columns = slots(history.columns(&policy))?;
    agree(&policy, &history)?;
    let rows = history.rows();
    let mut ours = || policy.decide_columns(rows, black_box(&columns)).ok();
    let by_hand = pair(table.pace.times(10.0), &mut ours, || history::decide(black_box(&history)))?;
    let texts = guard::texts(1024, SEED);
    let inputs = guard::contexts(&texts)?;
    let slots = slots(guard::Slots::of(&policy))?;
    let mut frame = policy.frame();
    let mut filled = Cycle::new(&inputs);
    let by_row = pair(table.pace.times(3.0), &mut ours, || {
        for _ in 0..rows {
            let _ = black_box(filled.next().map(|input| {
                slots.fill(&mut frame, black_box(input));
                Policy::decide(&mut frame)
            }));
        }
    })?;
    let millions = rows as f64 / 1e6;
    for (against, pair, goal) in [
        ("a hand-written loop over the columns".to_owned(), by_hand, Goal::AtMost(3.0)),
        (format!("W1 row by row: {FILLED}"), by_row, Goal::UnderMs(rows as f64 / WANTED * 1e3)),
    ] {
        let workload = format!("W6 history, {millions} million rows");
        table.add(Row { workload, door: DOOR.to_owned(), against, pair, goal });
    }
    Ok(())
}

/// Both sides decide alike, or nothing is measured.
fn agree(policy: &Policy, history: &History) -> Fallible<()> {
    let columns = slots(history.columns(policy))?;
    let outcomes = policy.decide_columns(history.rows(), &columns)?;
    let by_hand = history::decide(history);
    if !outcomes.errors().is_empty() || outcomes.effects() != by_hand.effects {
        return Err("W6: the columns are not decided as by hand".into());
    }
    Ok(())
}
