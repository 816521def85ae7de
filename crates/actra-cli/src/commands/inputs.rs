//! Reads inputs, one or a stream of them, and has each answered as soon as it is there.

use crate::args::InputFormat;
use crate::failure::Failure;
use crate::input::{self, Line, Lines, Sniffed};
use actra::{InputCode, InputError};
use std::io::Read;
use std::path::Path;

/// Answers inputs.
pub(super) trait Answerer {
    type Answer;

    /// The answer to an input in JSON.
    fn json(&mut self, text: &[u8]) -> Result<Self::Answer, InputError>;

    /// The answer to an input in YAML.
    fn yaml(&mut self, text: &[u8]) -> Result<Self::Answer, InputError>;

    /// Gives an answer, or says why there is none; `line` is where in a stream its input stands.
    fn answer(
        &mut self,
        answer: Result<Self::Answer, InputError>,
        line: Option<u64>,
    ) -> Result<(), Failure>;

    /// Has the answers so far read.
    fn flush(&mut self) -> Result<(), Failure>;
}

/// What may be worth saying about the input as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    Nothing,
    /// It was read as one JSON text, and looks like JSON Lines.
    LooksLikeLines,
}

/// Has every input of the file answered.
pub(super) fn answer_all(
    path: &Path,
    asked: InputFormat,
    answerer: &mut impl Answerer,
) -> Result<Hint, Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let mut lines = input::open(path).map_err(unreadable)?;
    let format = input::format_of(path, asked);
    let sniffed = match format {
        InputFormat::Auto => lines.sniff().map_err(unreadable)?,
        InputFormat::Jsonl => Sniffed::Lines,
        InputFormat::Json | InputFormat::Yaml => Sniffed::Whole(Vec::new()),
    };
    match sniffed {
        Sniffed::Lines => {
            stream(path, lines, answerer)?;
            Ok(Hint::Nothing)
        }
        Sniffed::Whole(head) => {
            let text = lines.rest(head).map_err(unreadable)?;
            let is_lines =
                format == InputFormat::Json && text.as_deref().is_some_and(input::looks_like_lines);
            let answer = whole(text.as_deref(), format, answerer);
            answerer.answer(answer, None)?;
            Ok(if is_lines { Hint::LooksLikeLines } else { Hint::Nothing })
        }
    }
}

/// One input per line.
fn stream<R: Read>(
    path: &Path,
    mut lines: Lines<R>,
    answerer: &mut impl Answerer,
) -> Result<(), Failure> {
    loop {
        // Whoever wrote the lines so far may wait for the answers before writing on.
        if !lines.is_ready() {
            answerer.flush()?;
        }
        let line = lines.next_filled();
        match line.map_err(|error| Failure::unreadable(path, &error))? {
            None => return Ok(()),
            Some(Line::TooLong(number)) => {
                answerer.answer(Err(input::too_large()), Some(number))?;
            }
            Some(Line::Text(number, text)) => {
                // Elsewhere the mark is no more than wrong JSON.
                let refusal = if number == 1 { input::refusal(text) } else { None };
                let answer = match refusal {
                    Some(error) => Err(error),
                    None => answerer.json(text),
                };
                answerer.answer(answer, Some(number))?;
            }
        }
    }
}

/// One input.
fn whole<A: Answerer>(
    text: Option<&[u8]>,
    format: InputFormat,
    answerer: &mut A,
) -> Result<A::Answer, InputError> {
    match text {
        None => Err(input::too_large()),
        Some(text) if input::is_blank(text) => Err(input::empty()),
        Some(text) => match (input::refusal(text), format) {
            (Some(error), _) => Err(error),
            (None, InputFormat::Json) => answerer.json(text),
            (None, InputFormat::Auto) if text.trim_ascii_start().starts_with(b"{") => {
                json_or_yaml(text, answerer)
            }
            (None, _) => answerer.yaml(text),
        },
    }
}

/// What begins like JSON may be YAML in flow style.
fn json_or_yaml<A: Answerer>(text: &[u8], answerer: &mut A) -> Result<A::Answer, InputError> {
    match answerer.json(text) {
        Err(json) if is_syntax(&json) => match answerer.yaml(text) {
            Err(yaml) if is_syntax(&yaml) => Err(InputError {
                message: format!(
                    "it is no JSON ({}), and no YAML ({})",
                    json.message, yaml.message
                ),
                ..json
            }),
            answer => answer,
        },
        answer => answer,
    }
}

/// Whether the text as a whole is what is wrong.
pub(super) fn is_syntax(error: &InputError) -> bool {
    error.code == InputCode::Malformed && error.field.is_none()
}
