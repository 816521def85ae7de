//! W1 and W2 from Python: by Actra, by the 0.7.8 package and by other engines that Python has. Each is
//! a door of its own (`benches/doors/python`).

use super::doors::agree;
use super::folder::Folder;
use super::{Fallible, Table};
use actra::Effect;
use actra_benches::door::Door;
use actra_benches::measure::{Pace, pair_of};
use actra_benches::report::{Goal, Row};
use actra_benches::workload::Workload;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Doors, as the command line names them, and what they are.
const DOORS: &[(&str, &str)] = &[
    (ACTRA, "Actra from Python"),
    (CFFI, "Actra from Python, by cffi"),
    (OLD, "the actra 0.7.8 package"),
    (CEDAR, "cedarpy"),
    (CEL, "cel-python"),
    (CASBIN, "pycasbin"),
];
const ACTRA: &str = "python";
const CFFI: &str = "python-cffi";
const OLD: &str = "python-0.7.8";
const CEDAR: &str = "python-cedarpy";
const CEL: &str = "python-cel";
const CASBIN: &str = "python-casbin";

/// A side of a pair: its door, its operation, how that is called.
type Named = (&'static str, &'static str, &'static str);
type Rows = [(Named, Named, Goal)];

const EVALUATE: Named = (ACTRA, "evaluate", "Python: evaluate(dict)");
const PARSED: Named = (ACTRA, "evaluate-parsed", "Python: evaluate(dict) of parsed JSON");
const MANY: Named = (ACTRA, "evaluate-many", "Python: evaluate_many, per item");
const TABLE: Named = (ACTRA, "evaluate-table", "Python: evaluate_table, per row");
const CFFI_EVALUATE: Named = (CFFI, "evaluate", "Python: evaluate(dict), by cffi");
const CFFI_MANY: Named = (CFFI, "evaluate-many", "Python: evaluate_many by cffi, per item");
const OLD_EVALUATE: Named = (OLD, "evaluate", "Python: actra 0.7.8, evaluate(dict)");
const OLD_PARSED: Named =
    (OLD, "evaluate-parsed", "Python: actra 0.7.8, evaluate(dict) of parsed JSON");

/// W1.
const GUARD: &Rows = &[
    (PARSED, EVALUATE, Goal::None),
    (CFFI_EVALUATE, EVALUATE, Goal::None),
    (MANY, EVALUATE, Goal::Faster(2.0)),
    (CFFI_MANY, CFFI_EVALUATE, Goal::Faster(2.0)),
    (TABLE, EVALUATE, Goal::None),
    (EVALUATE, (CEDAR, "cedarpy", "Python: cedarpy"), Goal::None),
    (EVALUATE, (CEDAR, "cedarpy-ready", "Python: cedarpy, its input made before"), Goal::None),
    (EVALUATE, (CEDAR, "cedarpy-sliced", "Python: cedarpy, sliced by action"), Goal::None),
    (
        EVALUATE,
        (CEDAR, "cedarpy-sliced-ready", "Python: cedarpy, sliced, its input made before"),
        Goal::None,
    ),
    (EVALUATE, (CEL, "cel", "Python: cel-python"), Goal::None),
    (EVALUATE, (CEL, "cel-ready", "Python: cel-python, its input made before"), Goal::None),
    (EVALUATE, (CASBIN, "casbin", "Python: pycasbin"), Goal::None),
    (EVALUATE, (CASBIN, "casbin-ready", "Python: pycasbin, its input made before"), Goal::None),
];

/// W1, of inputs that the 0.7.8 package decides alike.
const SAYABLE: &Rows = &[
    (EVALUATE, OLD_EVALUATE, Goal::Faster(15.0)),
    (CFFI_EVALUATE, OLD_EVALUATE, Goal::Faster(5.0)),
    (PARSED, OLD_PARSED, Goal::None),
];

/// The same inputs as calls under `@admit`, those that are allowed.
const ALLOWED: &Rows = &[
    (
        (ACTRA, "admit", "Python: @admit call, allowed"),
        (OLD, "admit", "Python: actra 0.7.8, @admit call, allowed"),
        Goal::Faster(12.0),
    ),
    (
        (CFFI, "admit", "Python: @admit call by cffi, allowed"),
        (OLD, "admit", "Python: actra 0.7.8, @admit call, allowed"),
        Goal::Faster(12.0),
    ),
];

/// Those that are refused.
const REFUSED: &Rows = &[
    (
        (ACTRA, "admit", "Python: @admit call, refused"),
        (OLD, "admit", "Python: actra 0.7.8, @admit call, refused"),
        Goal::Faster(12.0),
    ),
    (
        (CFFI, "admit", "Python: @admit call by cffi, refused"),
        (OLD, "admit", "Python: actra 0.7.8, @admit call, refused"),
        Goal::Faster(12.0),
    ),
];

/// W2: inputs are ready wherever an engine takes such.
const ROLES: &Rows = &[
    (EVALUATE, OLD_EVALUATE, Goal::None),
    (EVALUATE, (CEDAR, "cedarpy-ready", "Python: cedarpy"), Goal::None),
    (EVALUATE, (CEDAR, "cedarpy-sliced-ready", "Python: cedarpy, sliced by role"), Goal::None),
    (EVALUATE, (CEL, "cel-ready", "Python: cel-python"), Goal::None),
    (EVALUATE, (CEL, "cel-data-ready", "Python: cel-python, limits as data"), Goal::None),
    (EVALUATE, (CASBIN, "casbin-ready", "Python: pycasbin"), Goal::None),
    (EVALUATE, (CASBIN, "casbin-fast-ready", "Python: pycasbin, FastEnforcer"), Goal::None),
];

const IMPORT: &Rows = &[
    (
        (ACTRA, "import", "Python: import actra"),
        (ACTRA, "start", "an interpreter that starts and ends"),
        Goal::UnderMs(50.0),
    ),
    (
        (ACTRA, "import", "Python: import actra"),
        (OLD, "import", "Python: actra 0.7.8, import actra"),
        Goal::None,
    ),
];

/// A sample goes through all inputs, so that what the process before has left in the processor's
/// caches counts for little: contexts of Python's are large.
const SAMPLE: Duration = Duration::from_millis(4);

/// Inputs of W1.
const INPUTS: usize = 1024;
/// Inputs of W2, a third of each kind. cel-python takes more than a second for one of 10,000 rules.
const FEW: usize = 24;

pub(super) fn measure(table: &mut Table, doors: &[(String, PathBuf)]) -> Fallible<()> {
    let doors: HashMap<&str, &Path> =
        doors.iter().map(|(name, program)| (name.as_str(), program.as_path())).collect();
    for (_, what) in DOORS.iter().filter(|(name, _)| !doors.contains_key(name)) {
        table.leave_out(format!("{what}, whose environment is not there"));
    }
    let refused = |effect| effect != Effect::Allow;
    for (workload, rows) in [
        (Workload::guard(INPUTS)?, GUARD),
        (Workload::guard_of_version_1(INPUTS, |_| true)?, SAYABLE),
        (Workload::guard_of_version_1(INPUTS / 2, |effect| !refused(effect))?, ALLOWED),
        (Workload::guard_of_version_1(INPUTS / 2, refused)?, REFUSED),
    ] {
        measure_rows(table, &doors, &workload, rows)?;
    }
    for size in table.sizes {
        measure_rows(table, &doors, &Workload::roles(*size, FEW)?, ROLES)?;
    }
    measure_growth(table, &doors)?;
    measure_import(table, &doors)
}

fn measure_rows(
    table: &mut Table,
    doors: &HashMap<&str, &Path>,
    workload: &Workload,
    rows: &Rows,
) -> Fallible<()> {
    let folder = Folder::of(workload)?;
    let expected = workload.decisions()?;
    // What each side decides was compared, and whether that was well.
    let mut compared: HashMap<(&str, &str), bool> = HashMap::new();
    for (ours, theirs, goal) in rows {
        let mut agree_both = true;
        for (name, operation, title) in [ours, theirs] {
            let Some(program) = doors.get(name) else {
                agree_both = false;
                break;
            };
            let is_alike = compared.entry((name, operation)).or_insert_with(|| {
                let told = Door::start(program, folder.path())
                    .and_then(|mut door| door.decide(operation, workload.count()))
                    .and_then(|told| agree(name, operation, &told, &expected));
                if let Err(error) = &told {
                    table.leave_out(format!("{title} from {}: {error}", workload.name()));
                }
                told.is_ok()
            });
            agree_both &= *is_alike;
        }
        if agree_both {
            let sides = (ours, folder.path(), theirs, folder.path());
            let pair = measure_pair(table.pace.times(0.5), doors, sides)?;
            let (workload, goal) = (workload.name().to_owned(), *goal);
            let (door, against) = (ours.2.to_owned(), theirs.2.to_owned());
            table.add(Row { workload, door, against, pair, goal });
        }
    }
    Ok(())
}

/// A pair of sides, each on a folder, and each in a process of its own: neither waits for what the
/// other leaves behind.
fn measure_pair(
    pace: Pace,
    doors: &HashMap<&str, &Path>,
    (ours, our_folder, theirs, their_folder): (&Named, &Path, &Named, &Path),
) -> Fallible<actra_benches::measure::Pair> {
    let start = |named: &Named, folder| {
        let program =
            doors.get(named.0).ok_or_else(|| format!("there is no door `{}`", named.0))?;
        Door::start(program, folder)
    };
    let (mut our_door, mut their_door) = (start(ours, our_folder)?, start(theirs, their_folder)?);
    pair_of(
        pace.with_sample(SAMPLE),
        &mut our_door.operation(ours.1),
        &mut their_door.operation(theirs.1),
    )
    .map_err(|error| format!("{} against {}: {error}", ours.2, theirs.2).into())
}

/// W2 at its largest against W2 with ten rules.
fn measure_growth(table: &mut Table, doors: &HashMap<&str, &Path>) -> Fallible<()> {
    if !doors.contains_key(ACTRA) {
        return Ok(());
    }
    let (many, few) = (Workload::roles(10_000, FEW)?, Workload::roles(10, FEW)?);
    let (many_folder, few_folder) = (Folder::of(&many)?, Folder::of(&few)?);
    let sides = (&EVALUATE, many_folder.path(), &EVALUATE, few_folder.path());
    let pair = measure_pair(table.pace, doors, sides)?;
    table.add(Row {
        workload: many.name().to_owned(),
        door: EVALUATE.2.to_owned(),
        against: format!("the same, {}", few.name()),
        pair,
        goal: Goal::AtMost(2.0),
    });
    Ok(())
}

fn measure_import(table: &mut Table, doors: &HashMap<&str, &Path>) -> Fallible<()> {
    let folder = Folder::of(&Workload::guard(1)?)?;
    for (ours, theirs, goal) in IMPORT {
        if [ours.0, theirs.0].iter().all(|name| doors.contains_key(name)) {
            let sides = (ours, folder.path(), theirs, folder.path());
            let pair = measure_pair(table.pace, doors, sides)?;
            let (door, against) = (ours.2.to_owned(), theirs.2.to_owned());
            let workload = "import".to_owned();
            table.add(Row { workload, door, against, pair, goal: *goal });
        }
    }
    Ok(())
}
