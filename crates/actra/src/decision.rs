//! Decisions.

use actra_bytecode::Program;
use actra_bytecode::ids::RuleId;
pub use actra_bytecode::program::Effect;
use actra_vm::{Frame, Outcome};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// What was decided about one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The effect.
    pub effect: Effect,
    /// The id of the rule that decided; `None`: the default did.
    pub matched_rule: Option<String>,
    /// With several approval rules: all of them, in order. Empty otherwise.
    pub matched_rules: Vec<String>,
    /// The deciding rule's message.
    pub message: Option<String>,
    /// Required actions of all matched rules, duplicates dropped. Data for the host.
    pub required_actions: Vec<serde_json::Value>,
    /// Where the deciding rule's condition is unknown: the fields that are missing, malformed or
    /// unfit, sorted.
    pub missing: Vec<String>,
    /// What would have been decided with shadow rules enforced, where that differs.
    pub shadow: Option<ShadowDecision>,
}

/// What would have been decided with shadow rules enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowDecision {
    /// The effect.
    pub effect: Effect,
    /// The id of the shadow rule that would have decided.
    pub matched_rule: String,
}

impl Decision {
    /// Spells out an outcome of the frame's.
    pub(crate) fn of(outcome: &Outcome, frame: &Frame<'_, '_>) -> Self {
        let program = frame.program();
        let deciding = outcome.rule.and_then(|id| program.rule(id));
        let id_of =
            |id: &RuleId| program.rule(*id).map_or("", |rule| program.text(rule.id)).to_owned();
        let several = if frame.matched().len() > 1 { frame.matched() } else { &[] };
        Self {
            effect: outcome.effect,
            matched_rule: deciding.map(|rule| program.text(rule.id).to_owned()),
            matched_rules: several.iter().map(id_of).collect(),
            message: deciding
                .and_then(|rule| rule.message)
                .map(|text| program.text(text).to_owned()),
            required_actions: required_actions(program, outcome.rule, several),
            missing: frame
                .missing()
                .iter()
                .map(|slot| program.slot_name(*slot).to_owned())
                .collect(),
            shadow: outcome.shadow.map(|shadow| ShadowDecision {
                effect: shadow.effect,
                matched_rule: id_of(&shadow.rule),
            }),
        }
    }
}

/// Required actions of the rules that matched, in order, each text once.
pub(crate) fn required_actions(
    program: &Program,
    deciding: Option<RuleId>,
    several: &[RuleId],
) -> Vec<serde_json::Value> {
    let mut texts: Vec<&str> = Vec::new();
    let rules = if several.is_empty() { deciding.as_slice() } else { several };
    for rule in rules.iter().filter_map(|id| program.rule(*id)) {
        for text in rule.required_actions.into_iter().flat_map(|list| program.list_strings(list)) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    // The compiler wrote them; in a file from elsewhere they may be any text, which is then told
    // as a string.
    texts
        .into_iter()
        .map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
        .collect()
}

/// `effect` and `matched_rule` are always there, the rest when set.
impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("effect", self.effect.as_str())?;
        map.serialize_entry("matched_rule", &self.matched_rule)?;
        if !self.matched_rules.is_empty() {
            map.serialize_entry("matched_rules", &self.matched_rules)?;
        }
        if let Some(message) = &self.message {
            map.serialize_entry("message", message)?;
        }
        if !self.required_actions.is_empty() {
            map.serialize_entry("required_actions", &self.required_actions)?;
        }
        if !self.missing.is_empty() {
            map.serialize_entry("missing", &self.missing)?;
        }
        if let Some(shadow) = &self.shadow {
            map.serialize_entry("shadow", shadow)?;
        }
        map.end()
    }
}

impl Serialize for ShadowDecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("effect", self.effect.as_str())?;
        map.serialize_entry("matched_rule", &self.matched_rule)?;
        map.end()
    }
}
