//! Diagnostics as text.

use super::line::{clean, fits, show};
use super::{Diagnostic, Severity, Sources, Span};
pub use actra_bytecode::Style;
use std::fmt::Write as _;

/// Lines of one place that are shown from its beginning; of longer ones, the last line, too.
const LINES_SHOWN: u32 = 5;

/// Renders one diagnostic as lines of text, the last of them ended by a line break:
///
/// ```text
/// error[undeclared_field]: action `refund` has no field `amout`
///   --> policy.yaml:12:15
///    |
/// 12 |         - action.amout > 1000
///    |                  ^^^^^
///    = help: did you mean `amount`?
/// ```
///
/// Text from the documents is printed so that a terminal shows it and does nothing else.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => Paint::Error,
        Severity::Warning => Paint::Warning,
    };
    let places = diagnostic.span.iter().chain(diagnostic.related.iter().map(|(span, _)| span));
    let last = places.map(|span| shown_end(sources, *span)).max().unwrap_or(0);
    let mut out = Output { text: String::new(), style, gutter: last.to_string().len() };

    out.paint(severity, diagnostic.severity.as_str());
    out.paint(severity, &format!("[{}]", diagnostic.code));
    let message = clean(&diagnostic.message).replace('\n', "\n  ");
    out.paint(Paint::Strong, &format!(": {message}"));
    out.end_line();
    let mut beside = Vec::new();
    if let Some(span) = diagnostic.span {
        beside.extend(
            diagnostic.related.iter().filter(|(other, _)| is_beside(sources, span, *other)),
        );
        out.snippet(sources, span, severity, '^', &beside);
    }
    if let Some(help) = &diagnostic.help {
        let indent = " ".repeat(out.gutter + 1);
        out.text.push_str(&indent);
        out.paint(Paint::Frame, "=");
        out.paint(Paint::Help, " help");
        let help = clean(help).replace('\n', &format!("\n{indent}        "));
        let _ = write!(out.text, ": {help}");
        out.end_line();
    }
    for (span, what) in &diagnostic.related {
        if beside.iter().any(|(other, _)| other == span) {
            continue;
        }
        out.paint(Paint::Help, "note");
        out.paint(Paint::Strong, &format!(": {}", clean(what).replace('\n', "\n  ")));
        out.end_line();
        out.snippet(sources, *span, Paint::Frame, '-', &[]);
    }
    out.text
}

/// Whether a place can be marked in the same line of text as another: they share a line that is shown
/// as a whole, and do not overlap.
fn is_beside(sources: &Sources, span: Span, other: Span) -> bool {
    if span.source != other.source || (span.start < other.end && other.start < span.end) {
        return false;
    }
    let number = sources.place(span).line;
    let on_it = |span| sources.place(span).line == number && shown_end(sources, span) == number;
    let line = sources.line(span.source, number).map_or("", |(_, line)| line);
    on_it(span) && on_it(other) && span.start != other.start && fits(line)
}

/// What a piece of text is, and so its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    Error,
    Warning,
    Strong,
    Frame,
    Help,
}

impl Paint {
    const fn ansi(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Strong => "\x1b[1m",
            Self::Frame => "\x1b[1;34m",
            Self::Help => "\x1b[1;36m",
        }
    }
}

struct Output {
    text: String,
    style: Style,
    /// Columns of the widest line number.
    gutter: usize,
}

impl Output {
    fn paint(&mut self, paint: Paint, text: &str) {
        match self.style {
            Style::Plain => self.text.push_str(text),
            Style::Coloured => {
                self.text.push_str(paint.ansi());
                self.text.push_str(text);
                self.text.push_str("\x1b[0m");
            }
        }
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    /// The name of a place and the lines that it is in, with marks.
    fn snippet(
        &mut self,
        sources: &Sources,
        span: Span,
        paint: Paint,
        mark: char,
        beside: &[&(Span, String)],
    ) {
        let Some(source) = sources.source(span.source) else { return };
        let (start, end) = (sources.place(span), shown_end(sources, span));
        let indent = " ".repeat(self.gutter);
        self.text.push_str(&indent);
        self.paint(Paint::Frame, "-->");
        let name = clean(&source.name).replace('\n', "\\n");
        let _ = write!(self.text, " {name}:{}:{}", start.line, start.column);
        self.end_line();
        self.frame("");
        self.end_line();
        let mut skipped = false;
        for line in start.line..=end {
            if line >= start.line + LINES_SHOWN && line < end {
                if !skipped {
                    self.paint(Paint::Frame, "...");
                    self.end_line();
                }
                skipped = true;
                continue;
            }
            self.line(sources, span, line, paint, mark, beside);
        }
    }

    fn line(
        &mut self,
        sources: &Sources,
        span: Span,
        number: u32,
        paint: Paint,
        mark: char,
        beside: &[&(Span, String)],
    ) {
        let Some((start, line)) = sources.line(span.source, number) else { return };
        let from = span.start.saturating_sub(start) as usize;
        let to = (span.end.saturating_sub(start) as usize).min(line.len().max(from));
        // Past the first line, indentation is not marked, nor are empty lines.
        let indent = line.len() - line.trim_start().len();
        let continued = span.start < start;
        let shown = show(line, if continued { indent..to } else { from..to });
        self.frame(&number.to_string());
        let _ = write!(self.text, " {}", shown.text);
        self.end_line();
        if continued && to <= indent {
            return;
        }
        let mut marks = vec![(shown.marked, paint, mark, "")];
        for (other, what) in beside {
            let range = (other.start - start) as usize..(other.end - start) as usize;
            marks.push((show(line, range).marked, Paint::Frame, '-', what));
        }
        marks.sort_by_key(|(marked, ..)| marked.start);
        self.frame("");
        let mut column = 0;
        for (marked, paint, mark, _) in &marks {
            self.text.push_str(&" ".repeat((marked.start + 1).saturating_sub(column)));
            self.paint(*paint, &mark.to_string().repeat(marked.len()));
            column = marked.end + 1;
        }
        self.end_line();
        for (marked, paint, _, what) in marks.iter().rev().filter(|(.., what)| !what.is_empty()) {
            self.frame("");
            self.text.push_str(&" ".repeat(marked.start + 1));
            self.paint(*paint, &clean(what).replace('\n', " "));
            self.end_line();
        }
    }

    fn frame(&mut self, number: &str) {
        let width = self.gutter;
        self.paint(Paint::Frame, &format!("{number:>width$} |"));
    }
}

/// The last line of a span that is shown. A span that ends with a line break is not on the line
/// that follows.
fn shown_end(sources: &Sources, span: Span) -> u32 {
    let last = Span { start: span.end.saturating_sub(1).max(span.start), ..span };
    sources.place(last).line
}
