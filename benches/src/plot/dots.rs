//! Values one below the other on an axis of powers of ten.

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

const WIDTH: f64 = 860.0;
const LEFT: f64 = 320.0;
const RIGHT: f64 = 770.0;
const TOP: f64 = 78.0;
const STEP: f64 = 24.0;

/// Values as an SVG document, in the order given. A word on each colour stands below the title.
pub fn dots(title: &str, below: &str, dots: &[Dot]) -> String {
    let bottom = TOP + STEP * dots.len() as f64;
    let mut svg = Svg::new(WIDTH, bottom + 44.0);
    let across = Scale::of(dots.iter().map(|dot| dot.value), LEFT, RIGHT);

    svg.text((20.0, 32.0), Anchor::Start, Ink::Title, title);
    svg.text((20.0, 54.0), Anchor::Start, Ink::Quiet, below);
    for value in across.decades() {
        let x = across.at(value);
        svg.rule((x, TOP - 6.0), (x, bottom));
        svg.text((x, bottom + 20.0), Anchor::Middle, Ink::Quiet, &duration(value));
    }
    for (number, dot) in dots.iter().enumerate() {
        let y = TOP + STEP * (number as f64 + 0.5);
        let x = across.at(dot.value);
        svg.text((LEFT - 12.0, y + 4.5), Anchor::End, Ink::Text, &dot.label);
        svg.path(&[(LEFT, y), (x, y)], dot.tone, Stroke::Solid);
        svg.dot((x, y), dot.tone);
        let value = duration(dot.value);
        svg.text((x + 10.0, y + 4.5), Anchor::Start, Ink::Toned(dot.tone), &value);
    }
    svg.finish(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_named_drawn_and_told() {
        let dot = |label: &str, value| Dot { label: label.to_owned(), value, tone: Tone::Ours };
        let document = dots("t", "b", &[dot("one", 20.0), dot("two", 5000.0)]);
        for text in [">one</text>", ">20 ns</text>", ">two</text>", ">5 µs</text>"] {
            assert!(document.contains(text), "{text} in {document}");
        }
        assert_eq!(document.matches("<circle").count(), 2);
    }
}
