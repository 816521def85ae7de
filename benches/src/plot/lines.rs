//! Lines over two axes of powers of ten, each named at its end.

use super::scale::{Scale, duration};
use super::svg::{Anchor, Ink, Svg};
use super::{Stroke, Tone};

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub label: String,
    /// Its points, from left to right: values above 0; the second in nanoseconds.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub tone: Tone,
    /// How it is drawn.
    pub stroke: Stroke,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 460.0;
/// From one label to the next, at least.
const APART: f64 = 17.0;

/// Lines as an SVG document. The title is above, what the axis to the right counts is below.
pub fn lines(title: &str, below: &str, lines: &[Line]) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = Scale::of(points().map(|point| point.0), LEFT, RIGHT);
    let up = Scale::of(points().map(|point| point.1), BOTTOM, TOP);

    svg.text((20.0, 32.0), Anchor::Start, Ink::Title, title);
    for value in up.decades() {
        let y = up.at(value);
        svg.rule((LEFT, y), (RIGHT, y));
        svg.text((LEFT - 10.0, y + 4.5), Anchor::End, Ink::Quiet, &duration(value));
    }
    for value in across.decades() {
        let x = across.at(value);
        svg.rule((x, TOP), (x, BOTTOM));
        svg.text((x, BOTTOM + 22.0), Anchor::Middle, Ink::Quiet, &grouped(value));
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    svg.text((middle, BOTTOM + 44.0), Anchor::Middle, Ink::Quiet, below);

    // What the plot is about lies above the rest.
    let mut order: Vec<&Line> = lines.iter().collect();
    order.sort_by_key(|line| line.tone == Tone::Ours);
    for line in order {
        let points: Vec<(f64, f64)> =
            line.points.iter().map(|(x, y)| (across.at(*x), up.at(*y))).collect();
        svg.path(&points, line.tone, line.stroke);
        for point in points {
            svg.dot(point, line.tone);
        }
    }
    for (line, y) in labels(lines, &up) {
        svg.text((RIGHT + 14.0, y + 4.5), Anchor::Start, Ink::Toned(line.tone), &line.label);
    }
    svg.finish(title)
}

/// Where each line's name stands: at its end, or as near as the others let it.
fn labels<'l>(lines: &'l [Line], up: &Scale) -> Vec<(&'l Line, f64)> {
    let mut labels: Vec<(&Line, f64)> = lines
        .iter()
        .filter_map(|line| line.points.last().map(|point| (line, up.at(point.1))))
        .collect();
    labels.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut least = f64::NEG_INFINITY;
    for (_, y) in &mut labels {
        *y = y.max(least);
        least = *y + APART;
    }
    // What was pushed below the axis goes up again.
    let mut most = BOTTOM;
    for (_, y) in labels.iter_mut().rev() {
        *y = y.min(most);
        most = *y - APART;
    }
    labels
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(label: &str, last: f64) -> Line {
        let points = vec![(10.0, 10.0), (100.0, last)];
        Line { label: label.to_owned(), points, tone: Tone::Plain, stroke: Stroke::Solid }
    }

    #[test]
    fn labels_stand_apart_and_within_the_axis() {
        let lines = [line("a", 10.0), line("b", 10.1), line("c", 10.2), line("d", 1000.0)];
        let up = Scale::of([10.0, 1000.0].into_iter(), BOTTOM, TOP);
        let places: Vec<f64> = labels(&lines, &up).iter().map(|label| label.1).collect();
        assert!(places.iter().all(|y| (TOP..=BOTTOM).contains(y)), "{places:?}");
        assert!(places.windows(2).all(|two| two[1] - two[0] >= APART - 1e-9), "{places:?}");
    }

    #[test]
    fn each_line_is_drawn_and_named() {
        let document = lines("t", "rules", &[line("one", 20.0), line("two", 5000.0)]);
        assert_eq!(document.matches("<polyline").count(), 2);
        assert_eq!(document.matches("<circle").count(), 4);
        assert!(document.contains(">one</text>") && document.contains(">10 µs</text>"));
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!([1.0, 100.0, 10_000.0, 1e6].map(grouped), ["1", "100", "10,000", "1,000,000"]);
    }
}
