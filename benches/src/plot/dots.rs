//! Values one below the other, in groups, on an axis of powers of ten.

use super::scale::{Scale, duration};
use super::svg::{Anchor, Ink, Svg};
use super::{Stroke, Tone};

/// A value.
#[derive(Clone, Debug)]
pub struct Dot {
    /// Its name.
    pub label: String,
    /// Nanoseconds, above 0.
    pub value: f64,
    /// Its colour.
    pub tone: Tone,
}

/// Values under a heading.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they are of.
    pub heading: String,
    /// They.
    pub dots: Vec<Dot>,
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 320.0;
const RIGHT: f64 = 770.0;
const TOP: f64 = 78.0;
const STEP: f64 = 24.0;
/// Above a heading.
const GAP: f64 = 8.0;

/// Groups as an SVG document, in the order given. A word on each colour stands below the title.
pub fn dots(title: &str, below: &str, groups: &[Group]) -> String {
    let height = |group: &Group| GAP + STEP * (group.dots.len() + 1) as f64;
    let bottom = TOP + groups.iter().map(height).sum::<f64>();
    let mut svg = Svg::new(WIDTH, bottom + 44.0);
    let values = groups.iter().flat_map(|group| &group.dots).map(|dot| dot.value);
    let across = Scale::of(values, LEFT, RIGHT);

    svg.text((20.0, 32.0), Anchor::Start, Ink::Title, title);
    svg.text((20.0, 54.0), Anchor::Start, Ink::Quiet, below);
    for value in across.decades() {
        let x = across.at(value);
        svg.rule((x, TOP - 6.0), (x, bottom));
        svg.text((x, bottom + 20.0), Anchor::Middle, Ink::Quiet, &duration(value));
    }
    let mut top = TOP;
    for Group { heading, dots } in groups {
        top += GAP;
        svg.text((20.0, top + STEP * 0.5 + 4.5), Anchor::Start, Ink::Strong, heading);
        for dot in dots {
            top += STEP;
            let (x, y) = (across.at(dot.value), top + STEP * 0.5);
            svg.text((LEFT - 12.0, y + 4.5), Anchor::End, Ink::Text, &dot.label);
            svg.path(&[(LEFT, y), (x, y)], dot.tone, Stroke::Solid);
            svg.dot((x, y), dot.tone);
            let value = duration(dot.value);
            svg.text((x + 10.0, y + 4.5), Anchor::Start, Ink::Toned(dot.tone), &value);
        }
        top += STEP;
    }
    svg.finish(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_named_drawn_and_told() {
        let dot = |label: &str, value| Dot { label: label.to_owned(), value, tone: Tone::Ours };
        let group = |heading: &str, dot| Group { heading: heading.to_owned(), dots: vec![dot] };
        let groups = [group("A", dot("one", 20.0)), group("B", dot("two", 5000.0))];
        let document = dots("t", "b", &groups);
        for text in [
            ">A</text>",
            ">B</text>",
            ">one</text>",
            ">20 ns</text>",
            ">two</text>",
            ">5 µs</text>",
        ] {
            assert!(document.contains(text), "{text} in {document}");
        }
        assert_eq!(document.matches("<circle").count(), 2);
    }
}
