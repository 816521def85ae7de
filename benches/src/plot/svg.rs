//! The few elements that plots are made of.

use super::{Stroke, Tone};
use std::fmt::Write;

/// Colours on a light and on a dark ground: ours, the plain one, the others.
const COLOURS: [(&str, &str); 8] = [
    ("#0969da", "#58a6ff"),
    ("#59636e", "#9198a1"),
    ("#bc4c00", "#f0883e"),
    ("#8250df", "#bc8cff"),
    ("#1a7f37", "#3fb950"),
    ("#bf3989", "#f778ba"),
    ("#8a6100", "#d29922"),
    ("#0b7285", "#39c5cf"),
];

/// Where a text stands against its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Title,
    Strong,
    Text,
    Quiet,
    Toned(Tone),
}

/// A drawing.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

const fn class(tone: Tone) -> usize {
    match tone {
        Tone::Ours => 0,
        Tone::Plain => 1,
        Tone::Other(number) => 2 + number % (COLOURS.len() - 2),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Svg {
    pub(super) const fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    fn add(&mut self, element: &str) {
        self.body.push_str("  ");
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, ink: Ink, text: &str) {
        let class = match ink {
            Ink::Title => "title".to_owned(),
            Ink::Strong => "strong".to_owned(),
            Ink::Text => "text".to_owned(),
            Ink::Quiet => "quiet".to_owned(),
            Ink::Toned(tone) => format!("t{}", class(tone)),
        };
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(&format!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        ));
    }

    pub(super) fn rule(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.add(&format!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="grid"/>"#
        ));
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], tone: Tone, stroke: Stroke) {
        let mut at = String::new();
        for (x, y) in points {
            // Writing to a string cannot fail.
            let _ = write!(at, "{x:.1},{y:.1} ");
        }
        let dashes = match stroke {
            Stroke::Solid => "",
            Stroke::Dashed => r#" stroke-dasharray="6 5""#,
        };
        let width = if tone == Tone::Ours { 3.5 } else { 2.0 };
        let (at, class) = (at.trim_end(), class(tone));
        self.add(&format!(
            r#"<polyline points="{at}" class="l{class}" stroke-width="{width}"{dashes}/>"#
        ));
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), tone: Tone) {
        let radius = if tone == Tone::Ours { 4.5 } else { 3.5 };
        let class = class(tone);
        self.add(&format!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" class="t{class}"/>"#));
    }

    /// The drawing as a document. `title` is for readers who hear it.
    pub(super) fn finish(self, title: &str) -> String {
        let Self { width, height, body } = self;
        let mut style = String::new();
        let mut dark = String::new();
        for (number, (on_light, on_dark)) in COLOURS.iter().enumerate() {
            let rule = |colour| {
                format!(".t{number}{{fill:{colour}}}.l{number}{{fill:none;stroke:{colour}}}")
            };
            style.push_str(&rule(on_light));
            dark.push_str(&rule(on_dark));
        }
        let title = escaped(title);
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{title}">
  <title>{title}</title>
  <style>
    text{{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}}
    .title{{font-size:16px;font-weight:600}}.strong{{font-weight:600}}
    .ground{{fill:#ffffff;stroke:#d0d7de}}.grid{{stroke:#d8dee4}}
    .title,.strong,.text{{fill:#1f2328}}.quiet{{fill:#59636e}}
    {style}
    @media (prefers-color-scheme:dark){{
      .ground{{fill:#0d1117;stroke:#3d444d}}.grid{{stroke:#2b3139}}
      .title,.strong,.text{{fill:#f0f6fc}}.quiet{{fill:#9198a1}}
      {dark}
    }}
  </style>
  <rect x="0.5" y="0.5" width="{}" height="{}" rx="8" class="ground"/>
{body}</svg>
"#,
            width - 1.0,
            height - 1.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut svg = Svg::new(10.0, 10.0);
        svg.text((1.0, 1.0), Anchor::Start, Ink::Text, "a < b & \"c\"");
        let document = svg.finish("1 > 0");
        assert!(document.contains(">a &lt; b &amp; &quot;c&quot;</text>"), "{document}");
        assert!(document.contains("<title>1 &gt; 0</title>"), "{document}");
    }
}
