//! W3 to W5 from C, against the same in Rust.

use super::doors::agree;
use super::folder::Folder;
use super::{Cycle, FILLED, Fallible, SEED, Table, slots};
use actra::{Frame, Policy};
use actra_benches::door::Door;
use actra_benches::measure::{here, pair_of};
use actra_benches::report::{Goal, Row};
use actra_benches::workload::Workload;
use actra_benches::{arguments, tenants, thresholds};
use std::hint::black_box;
use std::path::{Path, PathBuf};

const DOOR: &str = "c";
const OPERATION: &str = "slots";
const INPUTS: usize = 1024;

pub(super) fn measure(table: &mut Table, doors: &[(String, PathBuf)]) -> Fallible<()> {
    let Some((_, program)) = doors.iter().find(|(name, _)| name == DOOR) else {
        // Its absence is told with W1.
        return Ok(());
    };
    let policy = tenants::policy(&tenants::rules(SEED))?;
    let found = slots(tenants::Slots::of(&policy))?;
    let inputs = tenants::inputs(INPUTS, SEED);
    pair(table, program, &Workload::tenants(INPUTS)?, (&policy, &inputs), |frame, input| {
        found.fill(frame, input);
    })?;
    let policy = thresholds::policy(&thresholds::rules(SEED))?;
    let found = slots(thresholds::Slots::of(&policy))?;
    let risks = thresholds::inputs(INPUTS, SEED);
    pair(table, program, &Workload::thresholds(INPUTS)?, (&policy, &risks), |frame, risk| {
        found.fill(frame, *risk);
    })?;
    let policy = arguments::policy()?;
    let found = slots(arguments::Slots::of(&policy))?;
    let inputs = arguments::inputs(INPUTS, SEED);
    pair(table, program, &Workload::arguments(INPUTS)?, (&policy, &inputs), |frame, input| {
        found.fill(frame, input);
    })
}

fn pair<'i, I>(
    table: &mut Table,
    program: &Path,
    workload: &Workload,
    (policy, inputs): (&Policy, &'i [I]),
    fill: impl Fn(&mut Frame<'_, 'i>, &'i I),
) -> Fallible<()> {
    let folder = Folder::of(workload)?;
    let mut door = Door::start(program, folder.path())?;
    agree(DOOR, OPERATION, &door.decide(OPERATION, workload.count())?, &workload.decisions()?)?;
    let mut frame = policy.frame();
    let mut filled = Cycle::new(inputs);
    let mut rust = here(|| {
        filled.next().map(|input| {
            fill(&mut frame, black_box(input));
            Policy::decide(&mut frame)
        })
    });
    let pair = pair_of(table.pace, &mut door.operation(OPERATION), &mut rust)?;
    table.add(Row {
        workload: workload.name().to_owned(),
        door: "C: slots filled + evaluate".to_owned(),
        against: format!("Rust: {FILLED}"),
        pair,
        goal: Goal::None,
    });
    Ok(())
}
