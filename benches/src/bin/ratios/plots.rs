//! Which rows become which plot.

use super::FILLED;
use actra_benches::plot::{Dot, Line, Stroke, Tone, dots, lines};
use actra_benches::results::Results;
use std::collections::BTreeMap;

/// Sides of W2's rows, how the plot calls them, and how it draws them.
const ROLES: &[(&str, &str, Tone, Stroke)] = &[
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

/// Sides that are only something to hold others against.
const NOT_DRAWN: &[&str] = &["serde_json", "an empty", "the same"];

/// What rows of other processes call what is in this one, too.
const RUST: &str = "Rust: ";

/// What a decision costs by the number of rules.
pub(super) fn roles(results: &Results) -> String {
    let drawn = ROLES.iter().filter_map(|(side, label, tone, stroke)| {
        let mut by_size: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for row in &results.rows {
            let size = row.workload.strip_prefix("W2 roles-").and_then(|size| size.parse().ok());
            let Some(size) = size else { continue };
            let sides = [(&row.door, row.pair.ours), (&row.against, row.pair.theirs)];
            let same = |name: &str| name.strip_prefix(RUST).unwrap_or(name) == *side;
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
    lines("Time of a decision by number of rules (W2)", "rules, each for a role of its own", &drawn)
}

/// What a decision of W1 costs through each door and by each engine.
pub(super) fn guard(results: &Results) -> String {
    let mut times: BTreeMap<&str, (bool, Vec<f64>)> = BTreeMap::new();
    for row in results.rows.iter().filter(|row| row.workload == "W1 guard") {
        let sides = [(&row.door, row.pair.ours, true), (&row.against, row.pair.theirs, false)];
        for (name, time, ours) in sides {
            if NOT_DRAWN.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let name = name.strip_prefix(RUST).unwrap_or(name);
            let (is_ours, times) = times.entry(name).or_default();
            *is_ours |= ours;
            times.push(time);
        }
    }
    let mut drawn: Vec<Dot> = times
        .into_iter()
        .filter_map(|(name, (ours, mut times))| {
            let tone = match name {
                "hand-written" => Tone::Plain,
                _ if ours => Tone::Ours,
                _ => Tone::Other(0),
            };
            let prefix = if ours && !name.contains(": ") { RUST } else { "" };
            Some(Dot { label: format!("{prefix}{name}"), value: median(&mut times)?, tone })
        })
        .collect();
    drawn.sort_by(|left, right| left.value.total_cmp(&right.value));
    let below = "Actra through each of its doors, hand-written Rust, and other engines";
    dots("Time of a decision (W1)", below, &drawn)
}

fn median(times: &mut [f64]) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}
