//! W1 to W5 by other engines of the Rust world, and by Actra in the same binary: the door that
//! `benches/peers` builds.

use super::doors::agree;
use super::folder::Folder;
use super::{FILLED, Fallible, Table};
use actra_benches::door::Door;
use actra_benches::measure::pair_of;
use actra_benches::report::{Goal, Row};
use actra_benches::workload::Workload;
use std::path::{Path, PathBuf};

/// The door's name on the command line.
pub(super) const DOOR: &str = "rust";

/// Actra's operation.
const OURS: &str = "actra-frame";

/// Operations of W1, how they are called, and what is wanted of them.
const GUARD: &[(&str, &str, Goal)] = &[
    ("cedar", "cedar-policy", Goal::Faster(100.0)),
    ("cedar-ready", "cedar-policy, its input made before", Goal::None),
    ("cedar-sliced", "cedar-policy, sliced by action", Goal::Faster(100.0)),
    ("cedar-sliced-ready", "cedar-policy, sliced, its input made before", Goal::None),
    ("regorus", "regorus", Goal::Faster(100.0)),
    ("regorus-ready", "regorus, its input made before", Goal::None),
    ("cel", "cel", Goal::Faster(20.0)),
    ("casbin", "casbin", Goal::None),
    ("casbin-ready", "casbin, its input made before", Goal::None),
    ("zen", "zen-engine", Goal::None),
    ("zen-ready", "zen-engine, its input made before", Goal::None),
];

/// Operations of W2: inputs are ready wherever an engine takes such, and ours is filled.
const ROLES: &[(&str, &str, Goal)] = &[
    ("cedar-ready", "cedar-policy", Goal::None),
    ("cedar-sliced-ready", "cedar-policy, sliced by role", Goal::None),
    ("regorus-ready", "regorus", Goal::None),
    ("regorus-data-ready", "regorus, limits as data", Goal::None),
    ("cel", "cel", Goal::None),
    ("cel-data", "cel, limits as data", Goal::None),
    ("casbin-ready", "casbin", Goal::None),
    ("zen-ready", "zen-engine", Goal::None),
];

/// Operations of W3, with inputs as in W2.
const TENANTS: &[(&str, &str, Goal)] = &[
    ("cedar-ready", "cedar-policy", Goal::None),
    ("cedar-sliced-ready", "cedar-policy, sliced by action and tenant", Goal::None),
    ("regorus-ready", "regorus, a program for each action", Goal::None),
    ("regorus-data-ready", "regorus, limits as data", Goal::None),
    ("cel", "cel, expressions by action", Goal::None),
    ("cel-data", "cel, limits as data", Goal::None),
    ("casbin-ready", "casbin, an enforcer for each action", Goal::None),
    ("zen-ready", "zen-engine, a table for each action", Goal::None),
];

/// Operations of W4 and W5, with inputs as in W2.
const OTHERS: &[(&str, &str, Goal)] = &[
    ("cedar-ready", "cedar-policy", Goal::None),
    ("regorus-ready", "regorus", Goal::None),
    ("cel", "cel", Goal::None),
    ("casbin-ready", "casbin", Goal::None),
    ("zen-ready", "zen-engine", Goal::None),
];

/// Inputs of W2: a third of each kind.
const INPUTS: usize = 768;
/// Inputs of W3 to W5. Cedar takes some ten milliseconds for one of W3.
const FEW: usize = 256;

pub(super) fn measure(table: &mut Table, doors: &[(String, PathBuf)]) -> Fallible<()> {
    let Some((_, program)) = doors.iter().find(|(name, _)| name == DOOR) else {
        table.leave_out(
            "cedar-policy, regorus, cel, casbin and zen-engine, which were not built \
             (`scripts/bench.sh --peers`)"
                .to_owned(),
        );
        return Ok(());
    };
    workload(table, program, &Workload::guard(1024)?, GUARD)?;
    for size in table.sizes {
        workload(table, program, &Workload::roles(*size, INPUTS)?, ROLES)?;
    }
    workload(table, program, &Workload::tenants(FEW)?, TENANTS)?;
    workload(table, program, &Workload::thresholds(FEW)?, OTHERS)?;
    workload(table, program, &Workload::arguments(FEW)?, OTHERS)?;
    Ok(())
}

fn workload(
    table: &mut Table,
    program: &Path,
    workload: &Workload,
    operations: &[(&str, &str, Goal)],
) -> Fallible<()> {
    let folder = Folder::of(workload)?;
    let expected = workload.decisions()?;
    let mut ours = Door::start(program, folder.path())?;
    agree(DOOR, OURS, &ours.decide(OURS, workload.count())?, &expected)?;
    for (operation, title, goal) in operations {
        // A process for each: none waits for what another leaves behind.
        let mut theirs = Door::start(program, folder.path())?;
        let agrees = theirs
            .decide(operation, workload.count())
            .and_then(|told| agree(DOOR, operation, &told, &expected));
        if let Err(error) = agrees {
            table.leave_out(format!("{title} from {}: {error}", workload.name()));
            continue;
        }
        let pair = pair_of(
            table.pace.times(0.5),
            &mut ours.operation(OURS),
            &mut theirs.operation(operation),
        )
        .map_err(|error| format!("{title}: {error}"))?;
        table.add(Row {
            workload: workload.name().to_owned(),
            door: format!("Rust: {FILLED}"),
            against: (*title).to_owned(),
            pair,
            goal: *goal,
        });
    }
    Ok(())
}
