//! Which rows become which plot.

use super::FILLED;
use actra_benches::plot::{Dot, Group, Line, Stroke, Tone, dots, lines};
use actra_benches::results::Results;
use std::collections::BTreeMap;

/// A side of W2's rows, how the plot calls it, and how it draws it.
type Drawn = (&'static str, &'static str, Tone, Stroke);

/// From Rust.
const ROLES: &[Drawn] = &[
    (FILLED, "Actra", Tone::Ours, Stroke::Solid),
    ("hand-written index", "hand-written index", Tone::Plain, Stroke::Dashed),
    ("hand-written scan", "hand-written scan", Tone::Plain, Stroke::Solid),
    ("cedar-policy", "cedar-policy", Tone::Other(0), Stroke::Solid),
    (
        "cedar-policy, sliced by role",
        "cedar-policy, caller's index",
        Tone::Other(0),
        Stroke::Dashed,
    ),
    ("regorus", "regorus", Tone::Other(1), Stroke::Solid),
    ("regorus, limits as data", "regorus, limits as data", Tone::Other(1), Stroke::Dashed),
    ("cel", "cel", Tone::Other(2), Stroke::Solid),
    ("cel, limits as data", "cel, limits as data", Tone::Other(2), Stroke::Dashed),
    ("casbin", "casbin", Tone::Other(3), Stroke::Solid),
    ("zen-engine", "zen-engine", Tone::Other(4), Stroke::Solid),
];

/// From Python; an engine has the colour that it has above.
const PYTHON_ROLES: &[Drawn] = &[
    ("Python: evaluate(dict)", "Actra", Tone::Ours, Stroke::Solid),
    ("Python: actra 0.7.8, evaluate(dict)", "actra 0.7.8", Tone::Other(5), Stroke::Solid),
    ("Python: cedarpy", "cedarpy", Tone::Other(0), Stroke::Solid),
    ("Python: cedarpy, sliced by role", "cedarpy, caller's index", Tone::Other(0), Stroke::Dashed),
    ("Python: cel-python", "cel-python", Tone::Other(2), Stroke::Solid),
    (
        "Python: cel-python, limits as data",
        "cel-python, limits as data",
        Tone::Other(2),
        Stroke::Dashed,
    ),
    ("Python: pycasbin", "pycasbin", Tone::Other(3), Stroke::Solid),
    ("Python: pycasbin, FastEnforcer", "pycasbin, FastEnforcer", Tone::Other(3), Stroke::Dashed),
];

/// Sides that are only something to hold others against.
const NOT_DRAWN: &[&str] = &["serde_json", "an empty", "the same"];
/// The table alone says what an engine costs without its conversions.
const READY: &str = ", its input made before";

const BY_HAND: &str = "hand-written";

/// The language that goes without saying.
const RUST: &str = "Rust";
/// Doors' languages, in the plot's order.
const LANGUAGES: &[&str] = &[RUST, "C", "Go", "Python"];

/// What a decision costs by the number of rules.
pub(super) fn roles(results: &Results) -> String {
    by_size("Time of a decision by number of rules (W2)", results, ROLES)
}

/// The same from Python.
pub(super) fn python_roles(results: &Results) -> String {
    by_size("Time of a decision by number of rules (W2), from Python", results, PYTHON_ROLES)
}

fn by_size(title: &str, results: &Results, sides: &[Drawn]) -> String {
    let drawn = sides.iter().filter_map(|(side, label, tone, stroke)| {
        let mut by_size: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for row in &results.rows {
            let size = row.workload.strip_prefix("W2 roles-").and_then(|size| size.parse().ok());
            let Some(size) = size else { continue };
            let sides = [(&row.door, row.pair.ours), (&row.against, row.pair.theirs)];
            let same = |name: &str| name.strip_prefix("Rust: ").unwrap_or(name) == *side;
            for (_, time) in sides.iter().filter(|(name, _)| same(name)) {
                by_size.entry(size).or_default().push(*time);
            }
        }
        let points: Vec<(f64, f64)> = by_size
            .into_iter()
            .filter_map(|(size, mut times)| Some((f64::from(size), median(&mut times)?)))
            .collect();
        let (label, tone, stroke) = ((*label).to_owned(), *tone, *stroke);
        (!points.is_empty()).then_some(Line { label, points, tone, stroke })
    });
    let drawn: Vec<Line> = drawn.collect();
    lines(title, "rules, each for a role of its own", &drawn)
}

/// What a decision of W1 costs through each door and by each engine, side by side.
pub(super) fn guard(results: &Results) -> String {
    let below = "Actra through each of its doors, hand-written Rust, and other engines";
    let is_drawn = |name: &str, _: Whose| !is_reference(name);
    dots("Time of a decision (W1)", below, &by_language(results, is_drawn))
}

/// What it costs through each door of ours, beside what nothing can be faster than.
pub(super) fn doors(results: &Results) -> String {
    let below =
        "Actra through each of its doors, hand-written Rust, and only parsing the JSON text";
    let is_drawn = |name: &str, whose| {
        whose == Whose::Ours || name == BY_HAND || name.starts_with("serde_json, bytes")
    };
    dots("Time of a decision (W1), by door", below, &by_language(results, is_drawn))
}

/// Whose side of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Theirs,
}

fn is_reference(name: &str) -> bool {
    NOT_DRAWN.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with(READY)
}

/// Times of W1 by the language that one asks from.
fn by_language(results: &Results, is_drawn: impl Fn(&str, Whose) -> bool) -> Vec<Group> {
    let mut times: BTreeMap<&str, (Whose, Vec<f64>)> = BTreeMap::new();
    for row in results.rows.iter().filter(|row| row.workload.starts_with("W1 ")) {
        let sides = [
            (&row.door, row.pair.ours, Whose::Ours),
            (&row.against, row.pair.theirs, Whose::Theirs),
        ];
        for (name, time, whose) in sides {
            // What is of this process, or of the Rust peers, need not say its language.
            let name = name.strip_prefix("Rust: ").unwrap_or(name);
            // What is ours on one side is ours where others are held against it, too.
            let (known, times) = times.entry(name).or_insert((whose, Vec::new()));
            if whose == Whose::Ours {
                *known = whose;
            }
            times.push(time);
        }
    }
    times.retain(|name, (whose, _)| is_drawn(name, *whose));
    let mut groups: Vec<Group> = LANGUAGES
        .iter()
        .map(|language| Group { heading: (*language).to_owned(), dots: Vec::new() })
        .collect();
    for (name, (whose, mut times)) in times {
        let (language, label) = name.split_once(": ").unwrap_or((RUST, name));
        let tone = match whose {
            Whose::Ours => Tone::Ours,
            Whose::Theirs if label == BY_HAND || is_reference(label) => Tone::Plain,
            Whose::Theirs => Tone::Other(0),
        };
        let group = groups.iter_mut().find(|group| group.heading == language);
        if let (Some(group), Some(value)) = (group, median(&mut times)) {
            group.dots.push(Dot { label: label.to_owned(), value, tone });
        }
    }
    groups.retain(|group| !group.dots.is_empty());
    for group in &mut groups {
        group.dots.sort_by(|left, right| left.value.total_cmp(&right.value));
    }
    groups
}

fn median(times: &mut [f64]) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}
