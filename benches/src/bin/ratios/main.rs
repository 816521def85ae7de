//! `ratios [--out FOLDER] [--door NAME=COMMAND]... [--program NAME=COMMAND]... [--versions FILE]
//! [--figures FILE]... [--quick] [--only doors|peers|python|history|starts] [--redraw]`: measures every
//! pair by turns in one run and writes `RESULTS.md`, the table of ratios, `results.json` and plots into
//! `benches/`, unless a folder is named.
//!
//! Doors are commands as `benches/src/door.rs` describes them; `make bench` builds and names them,
//! and gives a file of versions: lines of a name, a tab and a version. Programs are `actra` and one that
//! does nothing, of which the start is measured. Files of figures have what other commands counted, as
//! lines of `benches/src/figures.rs`. `--only` leaves the rest out,
//! and then writes nothing unless a folder is named. So does `--quick`, which measures each pair for a
//! short time, and W2 at three sizes. `--redraw` measures nothing and writes again what `results.json`
//! says.

#![expect(clippy::print_stdout, reason = "it is a command")]

mod arguments;
mod doors;
mod doors_more;
mod folder;
mod history;
mod more;
mod peers;
mod plots;
mod python;
mod starts;
mod write;

use actra::{Evaluator, Frame, Policy, UnknownFields};
use actra_benches::measure::{Pace, pair};
use actra_benches::report::{Goal, Row, markdown};
use actra_benches::results::{Machine, Results};
use actra_benches::{guard, roles};
use arguments::{Arguments, Part};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};

const SEED: u64 = guard::SEED;
const FILLED: &str = "frame filled + evaluate";

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    if arguments.redraw {
        let folder = arguments.out.clone().unwrap_or_else(usual);
        let results = Results::read(&folder.join("results.json"))?;
        return write(&results, arguments.out.as_deref());
    }
    let measured = |part: Part| arguments.only.is_none_or(|only| only == part);
    let mut table = Table::new(arguments.quick);
    if arguments.only.is_none() {
        guard(&mut table)?;
        guard_json(&mut table)?;
        for size in table.sizes {
            roles(&mut table, *size)?;
        }
        roles_growth(&mut table)?;
        more::measure(&mut table)?;
        compile(&mut table)?;
    }
    if measured(Part::History) {
        history::measure(&mut table)?;
    }
    if measured(Part::Doors) {
        doors::measure(&mut table, &arguments.doors)?;
        doors_more::measure(&mut table, &arguments.doors)?;
    }
    if measured(Part::Python) {
        python::measure(&mut table, &arguments.doors)?;
    }
    if measured(Part::Peers) {
        peers::measure(&mut table, &arguments.doors)?;
    }
    if measured(Part::Starts) {
        starts::measure(&mut table, &arguments.programs)?;
    }
    if arguments.only.is_none() {
        if !arguments.figures.iter().any(|figure| figure.what.contains("Valgrind")) {
            table.leave_out("allocations across the C door, in Valgrind's eyes".to_owned());
        }
        table.leave_out("Node, which has no binding".to_owned());
        if arguments.quick {
            let what = "long samples, and W2 with 10,000 rules: this was a short run (`--quick`)";
            table.leave_out(what.to_owned());
        }
    }
    let is_whole = arguments.only.is_none() && !arguments.quick;
    if is_whole || arguments.out.is_some() {
        let Table { rows, left_out, .. } = table;
        let Arguments { versions, figures, out, .. } = arguments;
        let results = Results { machine: Machine::here(), versions, rows, figures, left_out };
        write(&results, out.as_deref())?;
    }
    Ok(())
}

/// Writes results into a folder that was asked for, or where they belong.
fn write(results: &Results, out: Option<&Path>) -> Fallible<()> {
    if let Some(folder) = out {
        return write::folder(results, folder);
    }
    write::folder(results, &usual())?;
    write::readme(results)
}

fn usual() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

struct Table {
    /// How long a pair is measured.
    pace: Pace,
    /// The sizes of W2 that are.
    sizes: &'static [usize],
    /// Whether the run is to be a short one.
    is_quick: bool,
    rows: Vec<Row>,
    /// What could not be measured, and why.
    left_out: Vec<String>,
}

impl Table {
    const fn new(is_quick: bool) -> Self {
        let (pace, sizes): (_, &[usize]) = if is_quick {
            (Pace::QUICK, &[10, 100, 1000])
        } else {
            (Pace::THOROUGH, &roles::SIZES)
        };
        Self { pace, sizes, is_quick, rows: Vec::new(), left_out: Vec::new() }
    }

    fn add(&mut self, row: Row) {
        println!("{}", markdown(std::slice::from_ref(&row)).lines().last().unwrap_or(""));
        self.rows.push(row);
    }

    fn leave_out(&mut self, what: String) {
        println!("left out: {what}");
        self.left_out.push(what);
    }
}

/// Takes items by turns, forever.
struct Cycle<'a, T> {
    items: &'a [T],
    at: usize,
}

impl<'a, T> Cycle<'a, T> {
    const fn new(items: &'a [T]) -> Self {
        Self { items, at: 0 }
    }

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        let item = self.items.get(self.at);
        self.at += 1;
        if self.at >= self.items.len() {
            self.at = 0;
        }
        item
    }
}

fn slots<T>(slots: Option<T>) -> Fallible<T> {
    slots.ok_or_else(|| "the policy lacks a slot".into())
}

fn guard(table: &mut Table) -> Fallible<()> {
    let policy = guard::policy()?;
    let slots = slots(guard::Slots::of(&policy))?;
    let texts = guard::texts(1024, SEED);
    let inputs = guard::contexts(&texts)?;
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
        || theirs.next().map(|input| guard::decide(black_box(input))),
    );
    table.add(Row {
        workload: "W1 guard".to_owned(),
        door: FILLED.to_owned(),
        against: "hand-written".to_owned(),
        pair: measured?,
        goal: Goal::AtMost(3.0),
    });

    let few = inputs.get(..64).unwrap_or(&inputs);
    let mut frames: Vec<Frame<'_, '_>> = few
        .iter()
        .map(|input| {
            let mut frame = policy.frame();
            slots.fill(&mut frame, input);
            frame
        })
        .collect();
    let mut at = 0;
    let mut theirs = Cycle::new(few);
    let measured = pair(
        table.pace,
        || {
            at = (at + 1) % 64;
            frames.get_mut(at).map(|frame| Policy::decide(black_box(frame)))
        },
        || theirs.next().map(|input| guard::decide(black_box(input))),
    );
    table.add(Row {
        workload: "W1 guard".to_owned(),
        door: "frame reused, evaluate only".to_owned(),
        against: "hand-written".to_owned(),
        pair: measured?,
        goal: Goal::None,
    });
    Ok(())
}

fn guard_json(table: &mut Table) -> Fallible<()> {
    let policy = guard::policy()?;
    let texts = guard::texts(1024, SEED);
    let mut evaluator: Evaluator<'_> = policy.evaluator(UnknownFields::Ignore);
    let (mut ours, mut theirs) = (Cycle::new(&texts), Cycle::new(&texts));
    let measured = pair(
        table.pace,
        || {
            ours.next().map(|text| {
                evaluator
                    .with_json(black_box(text.as_bytes()), |outcome, _| {
                        (outcome.effect, outcome.rule)
                    })
                    .ok()
            })
        },
        || {
            theirs.next().map(|text| {
                serde_json::from_slice::<guard::Context<'_>>(black_box(text.as_bytes())).ok()
            })
        },
    );
    table.add(Row {
        workload: "W1 guard".to_owned(),
        door: "JSON text to outcome".to_owned(),
        against: "serde_json, bytes into a struct".to_owned(),
        pair: measured?,
        goal: Goal::None,
    });
    let (mut ours, mut theirs) = (Cycle::new(&texts), Cycle::new(&texts));
    let mut decide =
        || ours.next().map(|text| evaluator.evaluate_json(black_box(text.as_bytes())).ok());
    let from_bytes = pair(table.pace, &mut decide, || {
        theirs.next().map(|text| {
            serde_json::from_slice::<guard::Context<'_>>(black_box(text.as_bytes())).ok()
        })
    });
    // What is known to be UTF-8 need not be looked at again. Our door takes bytes only.
    let from_str = pair(table.pace, &mut decide, || {
        theirs.next().map(|text| serde_json::from_str::<guard::Context<'_>>(black_box(text)).ok())
    });
    for (against, measured) in [
        ("serde_json, bytes into a struct", from_bytes),
        ("serde_json, a `str` into a struct", from_str),
    ] {
        table.add(Row {
            workload: "W1 guard".to_owned(),
            door: "JSON text to decision".to_owned(),
            against: against.to_owned(),
            pair: measured?,
            goal: Goal::AtMost(2.0),
        });
    }
    Ok(())
}

fn roles(table: &mut Table, size: usize) -> Fallible<()> {
    let rules = roles::rules(size, SEED);
    let policy = roles::policy(&rules)?;
    let slots = slots(roles::Slots::of(&policy))?;
    let inputs = roles::inputs(&rules, 768, SEED);
    let (index, scan) = (roles::Index::new(&rules), roles::Scan::new(&rules));
    let mut frame = policy.frame();
    let (mut ours, mut theirs) = (Cycle::new(&inputs), Cycle::new(&inputs));
    let mut evaluate = || {
        ours.next().map(|input| {
            slots.fill(&mut frame, black_box(input));
            Policy::decide(&mut frame)
        })
    };
    let by_index = pair(table.pace, &mut evaluate, || {
        theirs.next().map(|input| index.decide(black_box(input)))
    });
    let by_scan = pair(table.pace.times(0.5), &mut evaluate, || {
        theirs.next().map(|input| scan.decide(black_box(input)))
    });
    let goal = if size == 1000 { Goal::AtMost(3.0) } else { Goal::None };
    let row = |against: &str, pair, goal| Row {
        workload: format!("W2 roles-{size}"),
        door: FILLED.to_owned(),
        against: against.to_owned(),
        pair,
        goal,
    };
    table.add(row("hand-written index", by_index?, goal));
    table.add(row("hand-written scan", by_scan?, Goal::None));
    Ok(())
}

fn roles_growth(table: &mut Table) -> Fallible<()> {
    let [many_rules, few_rules] = [10_000, 10].map(|size| roles::rules(size, SEED));
    let (many, few) = (roles::policy(&many_rules)?, roles::policy(&few_rules)?);
    let (many_slots, few_slots) = (slots(roles::Slots::of(&many))?, slots(roles::Slots::of(&few))?);
    let many_inputs = roles::inputs(&many_rules, 768, SEED);
    let few_inputs = roles::inputs(&few_rules, 768, SEED);
    let (mut many_frame, mut few_frame) = (many.frame(), few.frame());
    let (mut ours, mut theirs) = (Cycle::new(&many_inputs), Cycle::new(&few_inputs));
    let measured = pair(
        table.pace,
        || {
            ours.next().map(|input| {
                many_slots.fill(&mut many_frame, black_box(input));
                Policy::decide(&mut many_frame)
            })
        },
        || {
            theirs.next().map(|input| {
                few_slots.fill(&mut few_frame, black_box(input));
                Policy::decide(&mut few_frame)
            })
        },
    );
    table.add(Row {
        workload: "W2 roles-10000".to_owned(),
        door: FILLED.to_owned(),
        against: "the same, W2 roles-10".to_owned(),
        pair: measured?,
        goal: Goal::AtMost(2.0),
    });
    Ok(())
}

fn compile(table: &mut Table) -> Fallible<()> {
    let rules = roles::rules(1000, SEED);
    let (long, short) = (roles::policy_text(&rules), roles::short_policy_text(&rules));
    for (workload, text) in [("1,000 rules, long form", &long), ("1,000 rules, short form", &short)]
    {
        let measured = pair(
            table.pace.times(10.0),
            || Policy::from_strings(roles::SCHEMA, black_box(text), None).ok(),
            || serde_yaml::from_str::<serde_yaml::Value>(black_box(text)).ok(),
        );
        table.add(Row {
            workload: workload.to_owned(),
            door: "compile".to_owned(),
            against: "serde_yaml into values".to_owned(),
            pair: measured?,
            goal: Goal::AtMost(1.5),
        });
    }
    let artifact = roles::policy(&rules)?.to_artifact();
    let mut load = || Policy::from_artifact(black_box(&artifact)).ok();
    for (against, goal, measured) in [
        (
            "compile, long form",
            Goal::Faster(50.0),
            pair(table.pace.times(5.0), &mut load, || {
                Policy::from_strings(roles::SCHEMA, black_box(&long), None).ok()
            }),
        ),
        (
            "SHA-256 of its bytes",
            Goal::AtMost(5.0),
            pair(table.pace, &mut load, || Sha256::digest(black_box(&artifact))),
        ),
    ] {
        let workload = format!("1,000 rules, {} KiB", artifact.len() / 1024);
        table.add(Row {
            workload,
            door: "load an artifact".to_owned(),
            against: against.to_owned(),
            pair: measured?,
            goal,
        });
    }
    Ok(())
}
