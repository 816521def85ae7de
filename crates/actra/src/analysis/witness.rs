//! Inputs that show something, and reasons why nothing can be shown.

use crate::decision::Effect;
use actra_analysis::{Input, Source, Undecided, Verdict};
use actra_compiler::diagnostic::Sources;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

/// An input, and what the evaluator decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The input as text: JSON; YAML where it holds NaN or an infinity, which only version 1 takes.
    pub input: String,
    /// The effect; `None`: the input is an input error.
    pub effect: Option<Effect>,
    /// The rule that decides; `None`: the default does.
    pub matched_rule: Option<String>,
    /// The code of the input error, where it is one.
    pub error: Option<String>,
}

impl Witness {
    pub(super) fn new(source: Source<'_>, input: &Input, verdict: &Verdict) -> Self {
        let rule = verdict.rule().and_then(|rule| source.policy.rules.get(rule));
        Self {
            input: input.to_text(),
            effect: verdict.effect().map(effect_of),
            matched_rule: rule.map(|rule| rule.id.clone()),
            error: match verdict {
                Verdict::Error(code) => Some((*code).to_owned()),
                Verdict::Decided { .. } => None,
            },
        }
    }
}

pub(super) fn effect_of(effect: actra_compiler::model::Effect) -> Effect {
    use actra_compiler::model::Effect as Checked;
    match effect {
        Checked::Allow => Effect::Allow,
        Checked::RequireApproval => Effect::RequireApproval,
        Checked::Block => Effect::Block,
    }
}

/// An effect as JSON has it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(super) fn name<S: Serializer>(effect: &Effect, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(effect.as_str())
}

/// Text as it stands where it is JSON, as a string where it is not.
pub(super) struct AsJson<'t>(pub(super) &'t str);

impl Serialize for AsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<&RawValue>(self.0) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.serialize_str(self.0),
        }
    }
}

impl Serialize for Witness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Witness", 4)?;
        object.serialize_field("input", &AsJson(&self.input))?;
        object.serialize_field("effect", &self.effect.map(Effect::as_str))?;
        object.serialize_field("matched_rule", &self.matched_rule)?;
        object.serialize_field("error", &self.error)?;
        object.end()
    }
}

/// Why something is undecided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `budget`: the search took more steps than it may; `conditions`: some are not looked into
    /// exactly; `declared`: a field is not, as it is declared; `too_large`; `not_confirmed`: the
    /// evaluator does not confirm what was found, which is a defect.
    pub code: &'static str,
    /// What to do about it.
    pub help: String,
    /// The conditions that are in the way.
    pub conditions: Vec<ReasonPlace>,
}

/// A condition that is in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonPlace {
    /// The file, as diagnostics call it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Why it is not looked into exactly.
    pub reason: &'static str,
}

impl Reason {
    pub(super) fn new(sources: &Sources, why: &Undecided) -> Self {
        let conditions = why.in_the_way().map(|(span, reason)| {
            let place = sources.place(span);
            let file = sources.source(span.source).map_or("", |source| source.name.as_str());
            ReasonPlace { file: file.to_owned(), line: place.line, column: place.column, reason }
        });
        Self { code: why.code(), help: why.help(), conditions: conditions.collect() }
    }
}
