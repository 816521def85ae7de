//! `actra eval`.

use super::inputs::{self, Answerer, Hint};
use super::unknown_fields;
use crate::args::{Eval, Format};
use crate::failure::{Failure, PROBLEM};
use crate::output::{self, Output, Paint};
use actra::diagnostic::Style;
use actra::{Decision, Effect, Evaluator, InputError};
use anstream::ColorChoice;

/// What decisions come to, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Allow,
    RequireApproval,
    Block,
    Error,
}

pub(super) fn run(args: &Eval, color: ColorChoice) -> Result<u8, Failure> {
    let policy = args.trust.load(&args.policy)?;
    let mut answers = Answers {
        evaluator: policy.evaluator(unknown_fields(args.reject_unknown)),
        output: Output::new(args.format, color),
        format: args.format,
        worst: None,
    };
    if inputs::answer_all(&args.input, args.input_format, &mut answers)? == Hint::LooksLikeLines {
        help("for one input per line, say `--input-format jsonl`", args.format, color);
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

impl Answerer for Answers<'_> {
    type Answer = Decision;

    fn json(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        self.evaluator.evaluate_json(text)
    }

    fn yaml(&mut self, text: &[u8]) -> Result<Decision, InputError> {
        self.evaluator.evaluate_yaml(text)
    }

    fn answer(
        &mut self,
        answer: Result<Decision, InputError>,
        line: Option<u64>,
    ) -> Result<(), Failure> {
        let verdict = match &answer {
            Err(_) => Verdict::Error,
            Ok(decision) => match decision.effect {
                Effect::Allow => Verdict::Allow,
                Effect::RequireApproval => Verdict::RequireApproval,
                Effect::Block => Verdict::Block,
            },
        };
        self.worst = self.worst.max(Some(verdict));
        let text = match (&answer, self.format) {
            (Ok(decision), Format::Text) => decision.render(Style::Coloured),
            (Ok(decision), Format::Json) => output::json(decision) + "\n",
            (Err(error), Format::Text) => output::input_error(error, line),
            (Err(error), Format::Json) => {
                output::json_error(&output::in_stream(error, line)) + "\n"
            }
        };
        self.output.write(&text)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.output.flush()
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
