//! `actra eval`.

use super::load;
use crate::args::{Eval, Format, InputFormat};
use crate::failure::{Failure, PROBLEM};
use crate::input::{self, Line, Lines, Sniffed};
use crate::output::{self, Output, Paint};
use actra::{Decision, Effect, Evaluator, InputCode, InputError, UnknownFields};
use anstream::ColorChoice;
use std::io::Read;

/// What decisions come to, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Allow,
    RequireApproval,
    Block,
    Error,
}

pub(super) fn run(args: &Eval, color: ColorChoice) -> Result<u8, Failure> {
    let policy = load(&args.policy)?;
    let unreadable = |error| Failure::unreadable(&args.input, &error);
    let mut lines = input::open(&args.input).map_err(unreadable)?;
    let unknown_fields =
        if args.reject_unknown { UnknownFields::Refuse } else { UnknownFields::Ignore };
    let mut answers = Answers {
        evaluator: policy.evaluator(unknown_fields),
        output: Output::new(args.format, color),
        format: args.format,
        worst: None,
    };
    let format = input::format_of(&args.input, args.input_format);
    let sniffed = match format {
        InputFormat::Auto => lines.sniff().map_err(unreadable)?,
        InputFormat::Jsonl => Sniffed::Lines,
        InputFormat::Json | InputFormat::Yaml => Sniffed::Whole(Vec::new()),
    };
    match sniffed {
        Sniffed::Lines => answers.stream(args, lines)?,
        Sniffed::Whole(head) => {
            let text = lines.rest(head).map_err(unreadable)?;
            let is_lines =
                format == InputFormat::Json && text.as_deref().is_some_and(input::looks_like_lines);
            answers.whole(text.as_deref(), format)?;
            if is_lines {
                help("for one input per line, say `--input-format jsonl`", args.format, color);
            }
        }
    }
    answers.output.flush()?;
    if answers.worst.is_none() && args.exit_code {
        help("there was no input, so nothing is allowed", args.format, color);
    }
    Ok(status(answers.worst, args.exit_code))
}

/// What the shell gets to know.
fn status(worst: Option<Verdict>, tells_decision: bool) -> u8 {
    match (worst, tells_decision) {
        (Some(Verdict::Allow), true) => 0,
        (Some(Verdict::Block), true) => 2,
        (Some(Verdict::RequireApproval), true) => 3,
        // Where nothing was decided, nothing is allowed.
        (Some(Verdict::Error) | None, true) => 4,
        (Some(Verdict::Error), false) => PROBLEM,
        (_, false) => 0,
    }
}

fn help(what: &str, format: Format, color: ColorChoice) {
    if format == Format::Text {
        output::note(&format!("  = {}: {what}\n", Paint::Help.of("help")), color);
    }
}

/// Answers inputs.
struct Answers<'p> {
    evaluator: Evaluator<'p>,
    output: Output,
    format: Format,
    /// The worst of the answers so far.
    worst: Option<Verdict>,
}

impl Answers<'_> {
    /// One input per line.
    fn stream<R: Read>(&mut self, args: &Eval, mut lines: Lines<R>) -> Result<(), Failure> {
        loop {
            // Whoever wrote the lines so far may wait for the answers before writing on.
            if !lines.is_ready() {
                self.output.flush()?;
            }
            let line = lines.next_filled();
            match line.map_err(|error| Failure::unreadable(&args.input, &error))? {
                None => return Ok(()),
                Some(Line::TooLong(number)) => {
                    self.answer(&Err(input::too_large()), Some(number))?;
                }
                Some(Line::Text(number, text)) => {
                    // Elsewhere the mark is no more than wrong JSON.
                    let refusal = if number == 1 { input::refusal(text) } else { None };
                    let answer = match refusal {
                        Some(error) => Err(error),
                        None => self.evaluator.evaluate_json(text),
                    };
                    self.answer(&answer, Some(number))?;
                }
            }
        }
    }

    /// One input.
    fn whole(&mut self, text: Option<&[u8]>, format: InputFormat) -> Result<(), Failure> {
        let answer = match text {
            None => Err(input::too_large()),
            Some(text) if input::is_blank(text) => Err(input::empty()),
            Some(text) => match (input::refusal(text), format) {
                (Some(error), _) => Err(error),
                (None, InputFormat::Json) => self.evaluator.evaluate_json(text),
                (None, InputFormat::Auto) if text.trim_ascii_start().starts_with(b"{") => {
                    self.json_or_yaml(text)
                }
                (None, _) => self.evaluator.evaluate_yaml(text),
            },
        };
        self.answer(&answer, None)
    }

    /// What begins like JSON may be YAML in flow style.
    fn json_or_yaml(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        let is_syntax =
            |error: &InputError| error.code == InputCode::Malformed && error.field.is_none();
        match self.evaluator.evaluate_json(text) {
            Err(json) if is_syntax(&json) => match self.evaluator.evaluate_yaml(text) {
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

    /// Writes an answer; `line` is where in a stream its input stands.
    fn answer(
        &mut self,
        answer: &Result<Decision, InputError>,
        line: Option<u64>,
    ) -> Result<(), Failure> {
        let verdict = match answer {
            Err(_) => Verdict::Error,
            Ok(decision) => match decision.effect {
                Effect::Allow => Verdict::Allow,
                Effect::RequireApproval => Verdict::RequireApproval,
                Effect::Block => Verdict::Block,
            },
        };
        self.worst = self.worst.max(Some(verdict));
        let text = match (answer, self.format) {
            (Ok(decision), Format::Text) => output::decision(decision),
            (Ok(decision), Format::Json) => output::json(decision) + "\n",
            (Err(error), Format::Text) => output::input_error(error, line),
            (Err(error), Format::Json) => output::json_error(error) + "\n",
        };
        self.output.write(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_decision_to_allow_exits_with_0_when_the_status_tells_it() {
        let all =
            [None, Some(Verdict::Allow), Some(Verdict::RequireApproval), Some(Verdict::Block)];
        assert_eq!(all.map(|worst| status(worst, true)), [4, 0, 3, 2]);
        assert_eq!(all.map(|worst| status(worst, false)), [0, 0, 0, 0]);
        assert_eq!(status(Some(Verdict::Error), true), 4);
        assert_eq!(status(Some(Verdict::Error), false), 1);
        assert!(all.is_sorted() && all.last().copied().flatten() < Some(Verdict::Error));
    }
}
