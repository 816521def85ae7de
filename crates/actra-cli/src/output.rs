//! Text for people, and JSON for programs.

use crate::args::Format;
use crate::failure::Failure;
use actra::InputError;
use actra::diagnostic::Style;
pub(crate) use actra::text::{Paint, clean};
use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use std::io::{self, Write};

/// Standard output. What is written to it appears at the latest when it is flushed.
#[derive(Debug)]
pub(crate) struct Output {
    stream: io::BufWriter<AutoStream<io::StdoutLock<'static>>>,
}

impl Output {
    pub(crate) fn new(format: Format, color: ColorChoice) -> Self {
        let color = match format {
            Format::Text => color,
            // There are no colours in it, and nothing may be taken out of it.
            Format::Json => ColorChoice::AlwaysAnsi,
        };
        let stream = AutoStream::new(io::stdout().lock(), color);
        Self { stream: io::BufWriter::with_capacity(64 * 1024, stream) }
    }

    pub(crate) fn write(&mut self, text: &str) -> Result<(), Failure> {
        self.stream.write_all(text.as_bytes()).map_err(|error| Failure::output(&error))
    }

    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.stream.flush().map_err(|error| Failure::output(&error))
    }
}

/// Writes all there is to say.
pub(crate) fn print(text: &str, format: Format, color: ColorChoice) -> Result<(), Failure> {
    let mut output = Output::new(format, color);
    output.write(text)?;
    output.flush()
}

/// Says something on standard error besides the result.
pub(crate) fn note(text: &str, color: ColorChoice) {
    // A note that cannot be said is no reason to stop.
    let _ = AutoStream::new(io::stderr(), color).write_all(text.as_bytes());
}

/// The value on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Structs with named fields and strings as keys always serialise.
    serde_json::to_string(value).unwrap_or_default()
}

/// What stands in the place of a result.
pub(crate) fn json_error(error: &impl Serialize) -> String {
    format!("{{\"error\":{}}}", json(error))
}

/// The value over several lines, for commands that answer once.
pub(crate) fn pretty_json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// `1 rule`, `2 rules`, `no rules`.
pub(crate) fn count(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// The error as a stream tells it: its text stands on that line.
pub(crate) fn in_stream(error: &InputError, line: Option<u64>) -> InputError {
    let mut told = error.clone();
    if let Some(line) = line {
        told.message =
            told.message.replace(" at line 1 column ", &format!(" at line {line} column "));
    }
    told
}

/// An input error as a line of text; `line` is where in a stream the input stands.
pub(crate) fn input_error(error: &InputError, line: Option<u64>) -> String {
    let title = Paint::Error.of(&format!("input error[{}]", error.code));
    let message = clean(&error.message);
    match line {
        None => error.render(Style::Coloured),
        // Inside of the line, only columns tell anything.
        Some(line) => {
            format!(
                "{title} on line {line}: {}\n",
                message.replace(" at line 1 column ", " at column ")
            )
        }
    }
}
