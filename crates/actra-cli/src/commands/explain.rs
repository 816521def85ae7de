//! `actra explain`.

use super::inputs::{self, Answerer, Hint, is_syntax};
use super::unknown_fields;
use crate::args::{Explain, Format, InputFormat};
use crate::failure::{Failure, PROBLEM};
use crate::input;
use crate::output::{self, Output, Paint, clean};
use actra::diagnostic::Style;
use actra::explain::Detail;
use actra::{Explanation, InputError, Policy, UnknownFields};
use anstream::ColorChoice;
use std::fmt::Write as _;

pub(super) fn run(args: &Explain, color: ColorChoice) -> Result<u8, Failure> {
    let policy = args.trust.load(&args.policy)?;
    if let Some(rule) = args.rule.iter().find(|rule| !rule_ids(&policy).any(|id| id == **rule)) {
        return Err(unknown_rule(&policy, rule));
    }
    let mut explainer = Explainer {
        policy: &policy,
        unknown_fields: unknown_fields(args.reject_unknown),
        output: Output::new(args.format, color),
        format: args.format,
        detail: if args.all { Detail::All } else { Detail::Nearest },
        only: &args.rule,
        is_stream: input::format_of(&args.input, args.input_format) == InputFormat::Jsonl,
        answers: 0,
        has_errors: false,
    };
    if inputs::answer_all(&args.input, args.input_format, &mut explainer)? == Hint::LooksLikeLines
        && args.format == Format::Text
    {
        let help = Paint::Help.of("help");
        let note = format!("  = {help}: for one input per line, say `--input-format jsonl`\n");
        output::note(&note, color);
    }
    explainer.output.flush()?;
    Ok(if explainer.has_errors { PROBLEM } else { 0 })
}

fn rule_ids(policy: &Policy) -> impl Iterator<Item = &str> {
    let program = policy.program();
    program.rules().iter().map(|rule| program.text(rule.id))
}

fn unknown_rule(policy: &Policy, id: &str) -> Failure {
    let failure = Failure::new("unknown_rule", format!("the policy has no rule `{id}`"));
    match actra::diagnostic::suggest(id, rule_ids(policy)) {
        Some(near) => failure.with_help(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// Explains inputs.
struct Explainer<'p> {
    policy: &'p Policy,
    unknown_fields: UnknownFields,
    output: Output,
    format: Format,
    detail: Detail,
    /// The rules to tell of; all where there are none.
    only: &'p [String],
    /// Whether the input was said to be JSON Lines.
    is_stream: bool,
    answers: usize,
    has_errors: bool,
}

/// A text that cannot be read at all has nothing to explain.
fn told(explanation: Explanation) -> Result<Explanation, InputError> {
    match explanation.error {
        Some(error) if is_syntax(&error) => Err(error),
        _ => Ok(explanation),
    }
}

impl Answerer for Explainer<'_> {
    type Answer = Explanation;

    fn json(&mut self, text: &[u8]) -> Result<Explanation, InputError> {
        told(self.policy.explain_json(text, self.unknown_fields))
    }

    fn yaml(&mut self, text: &[u8]) -> Result<Explanation, InputError> {
        told(self.policy.explain_yaml(text, self.unknown_fields))
    }

    fn answer(
        &mut self,
        answer: Result<Explanation, InputError>,
        line: Option<u64>,
    ) -> Result<(), Failure> {
        let mut explanation = answer.unwrap_or_else(|error| self.policy.explain_error(error));
        self.has_errors |= explanation.error.is_some();
        self.answers += 1;
        let mut elsewhere = String::new();
        if !self.only.is_empty() {
            explanation.rules.retain(|rule| self.only.contains(&rule.id));
            if explanation.decision.is_some() && self.format == Format::Text {
                let is_told = |id: &&String| explanation.rules.iter().any(|rule| rule.id == **id);
                for id in self.only.iter().filter(|id| !is_told(id)) {
                    let _ = writeln!(elsewhere, "\n`{}` is about other actions", clean(id));
                }
            }
        }
        let text = match (self.format, line) {
            (Format::Json, _) => output::json(&explanation) + "\n",
            (Format::Text, None) => explanation.render(Style::Coloured, self.detail),
            // One line may be all there is.
            (Format::Text, Some(_)) if self.answers == 1 && !self.is_stream => {
                explanation.render(Style::Coloured, self.detail)
            }
            (Format::Text, Some(line)) => {
                let gap = if self.answers > 1 { "\n" } else { "" };
                let title = Paint::Label.of(&format!("line {line}"));
                format!("{gap}{title}\n{}", explanation.render(Style::Coloured, self.detail))
            }
        };
        self.output.write(&(text + &elsewhere))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.output.flush()
    }
}
