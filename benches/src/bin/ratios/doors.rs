//! W1 from other languages and by other engines.

use super::folder::Folder;
use super::{Cycle, FILLED, Fallible, SEED, Table, slots};
use actra::Policy;
use actra_benches::door::Door;
use actra_benches::guard;
use actra_benches::measure::{Pace, Side, both, here, pair_of};
use actra_benches::report::{Goal, Row};
use actra_benches::workload::Workload;
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// What a door's operation is held against.
#[derive(Clone, Copy)]
enum Against {
    /// A frame filled and evaluated in Rust.
    Rust,
    /// `serde_json`, the same text into a struct.
    TypedJson,
    /// Another operation of the same door.
    Operation(&'static str),
    /// That, and what [`Against::Rust`] does.
    OperationAndRust(&'static str),
}

const BUILDER: &str = "Go: builder filled + evaluate";
const MAP: &str = "Go: map to decision";

/// Pairs to be measured where the door is there: its name, its operation, how that is called.
const PAIRS: &[(&str, &str, &str, Against, Goal)] = &[
    ("c", "slots", "C: slots filled + evaluate", Against::Rust, Goal::AtMost(1.3)),
    ("c", "json", "C: JSON text to decision", Against::TypedJson, Goal::AtMost(2.0)),
    ("go", "builder", BUILDER, Against::OperationAndRust("empty"), Goal::AtMost(2.0)),
    ("go", "builder", BUILDER, Against::Operation("cedar"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("rego"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("cel"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("casbin"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("cedar-ready"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("rego-ready"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("cel-ready"), Goal::None),
    ("go", "builder", BUILDER, Against::Operation("casbin-ready"), Goal::None),
    ("go", "map", MAP, Against::Operation("cedar"), Goal::None),
    ("go", "map", MAP, Against::Operation("rego"), Goal::None),
    ("go", "map", MAP, Against::Operation("cel"), Goal::None),
    ("go", "map", MAP, Against::Operation("casbin"), Goal::None),
    ("go", "bind", "Go: bound struct to decision", Against::Operation("builder"), Goal::None),
    ("go", "json", "Go: JSON text to decision", Against::TypedJson, Goal::None),
];

/// Inputs that are measured.
const INPUTS: usize = 1024;

pub(super) fn measure(table: &mut Table, doors: &[(String, PathBuf)]) -> Fallible<()> {
    let workload = Workload::guard(INPUTS)?;
    let folder = Folder::of(&workload)?;
    let (folder, expected) = (folder.path(), workload.decisions()?);
    let measured = |name: &str| PAIRS.iter().any(|pair| pair.0 == name);
    for (name, program) in doors.iter().filter(|(name, _)| measured(name)) {
        let mut door = Door::start(program, folder)?;
        let operations: Vec<String> = door.operations().to_vec();
        for operation in operations.iter().filter(|operation| *operation != "empty") {
            agree(name, operation, &door.decide(operation, INPUTS)?, &expected)?;
        }
        for (_, operation, title, against, goal) in PAIRS.iter().filter(|pair| pair.0 == name) {
            let needs = [Some(*operation), against.operation()];
            let lacks = needs.iter().flatten().find(|need| !operations.iter().any(|o| o == *need));
            if let Some(lacks) = lacks {
                table.leave_out(format!("{title}: the door has no `{lacks}`"));
                continue;
            }
            let operation = (*operation, *title);
            table.add(pair(table.pace, (name, program), folder, operation, *against, *goal)?);
        }
    }
    for language in ["c", "go"] {
        if !doors.iter().any(|(name, _)| name == language) {
            table.leave_out(format!("the door `{language}`, which was not built"));
        }
    }
    Ok(())
}

impl Against {
    const fn operation(self) -> Option<&'static str> {
        match self {
            Self::Operation(name) | Self::OperationAndRust(name) => Some(name),
            Self::Rust | Self::TypedJson => None,
        }
    }

    fn title(self) -> String {
        match self {
            Self::Rust => format!("Rust: {FILLED}"),
            Self::TypedJson => "serde_json, bytes into a struct".to_owned(),
            // What these are given is in `benches/doors/go/README.md`.
            Self::Operation("builder") => BUILDER.to_owned(),
            Self::Operation(name) => match name.strip_suffix("-ready") {
                Some(name) => format!("Go: {name}, its input made before"),
                None => format!("Go: {name}"),
            },
            Self::OperationAndRust(name) => format!("an {name} call, and Rust: {FILLED}"),
        }
    }
}

fn pair(
    pace: Pace,
    (name, program): (&str, &Path),
    folder: &Path,
    (operation, title): (&str, &str),
    against: Against,
    goal: Goal,
) -> Fallible<Row> {
    let policy = guard::policy()?;
    let slots = slots(guard::Slots::of(&policy))?;
    let texts = guard::texts(INPUTS, SEED);
    let inputs = guard::contexts(&texts)?;
    let mut frame = policy.frame();
    let (mut filled, mut parsed) = (Cycle::new(&inputs), Cycle::new(&texts));
    let mut rust = here(|| {
        filled.next().map(|input| {
            slots.fill(&mut frame, black_box(input));
            Policy::decide(&mut frame)
        })
    });
    let mut typed_json = here(|| {
        parsed.next().map(|text| {
            serde_json::from_slice::<guard::Context<'_>>(black_box(text.as_bytes())).ok()
        })
    });
    // A process for each side: neither waits for what the other leaves behind.
    let (mut ours, mut theirs) = (Door::start(program, folder)?, Door::start(program, folder)?);
    let mut ours = ours.operation(operation);
    let mut other = theirs.operation(against.operation().unwrap_or_default());
    let measured = match against {
        Against::Rust => pair_of(pace, &mut ours, &mut rust),
        Against::TypedJson => pair_of(pace, &mut ours, &mut typed_json),
        Against::Operation(_) => pair_of(pace, &mut ours, &mut other),
        Against::OperationAndRust(_) => {
            let mut sum = both(&mut other as &mut dyn Side, &mut rust);
            pair_of(pace, &mut ours, &mut sum)
        }
    }
    .map_err(|error| format!("{name}: {error}"))?;
    Ok(Row {
        workload: "W1 guard".to_owned(),
        door: title.to_owned(),
        against: against.title(),
        pair: measured,
        goal,
    })
}

/// Engines that know no rules tell `-` for each: then effects are compared alone.
pub(super) fn agree(
    name: &str,
    operation: &str,
    told: &[String],
    expected: &[String],
) -> Fallible<()> {
    let effect = |line: &String| line.split('\t').next().unwrap_or("").to_owned();
    let knows_rules = told.iter().any(|line| !line.ends_with("\t-"));
    let differs = told.iter().zip(expected).position(|(told, expected)| {
        if knows_rules { told != expected } else { effect(told) != effect(expected) }
    });
    match differs {
        Some(at) => Err(format!(
            "{name}: `{operation}` decides input {at} as {:?}, and Rust as {:?}",
            told.get(at),
            expected.get(at)
        )
        .into()),
        None => Ok(()),
    }
}
