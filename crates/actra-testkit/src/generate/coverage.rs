//! What a run of generated cases has reached.

use super::atoms;
use crate::reference::{AtomOutcome, Code, Decision, Event, Flaw, InputError};
use actra_compiler::model::{
    Addend, Atom, CheckedPolicy, Combine, Condition, Effect, Field, FieldType, InputMode,
    MissingMode, Mode, Operand, Operator, OperatorShape, Quantifier,
};
use std::collections::BTreeMap;

/// Counts of features seen, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<String, u64>,
}

impl Coverage {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often a feature was seen.
    pub fn count(&self, feature: &str) -> u64 {
        self.counts.get(feature).copied().unwrap_or_default()
    }

    /// Every feature seen, with its count, sorted by name.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(feature, count)| (feature.as_str(), *count))
    }

    /// Features that were to be seen and were not.
    pub fn missed(&self) -> Vec<String> {
        Self::expected().into_iter().filter(|feature| self.count(feature) == 0).collect()
    }

    fn add(&mut self, feature: impl Into<String>) {
        *self.counts.entry(feature.into()).or_default() += 1;
    }

    /// Takes note of a policy.
    pub fn note_policy(&mut self, policy: &CheckedPolicy) {
        let version = policy.version.number();
        let settings = policy.settings;
        self.add(format!("version {version}: {}", combine(settings.combine)));
        self.add(format!("version {version}: {}", missing(settings.missing)));
        self.add(format!("version {version}: {}", inputs(settings.inputs)));
        self.add(format!(
            "{} {} {}",
            combine(settings.combine),
            missing(settings.missing),
            inputs(settings.inputs)
        ));
        self.add(format!("default {}", settings.default));
        let schema = &policy.schema;
        for field in schema.common.iter().chain(&schema.actor).chain(&schema.snapshot) {
            self.note_field(field);
        }
        for field in schema.actions.iter().flat_map(|action| &action.fields) {
            self.note_field(field);
        }
        for rule in &policy.rules {
            self.add(match (&rule.scope.actions, &rule.scope.actors) {
                (None, None) => "scope global",
                (Some(_), None) => "scope action",
                (None, Some(_)) => "scope actor",
                (Some(_), Some(_)) => "scope action and actor",
            });
            if rule.scope.actions.as_ref().is_some_and(|names| names.len() > 1) {
                self.add("scope several actions");
            }
            if rule.mode == Mode::Shadow {
                self.add("mode shadow");
            }
            match &rule.condition {
                None => self.add("condition none"),
                Some(condition) => self.note_condition(condition, 1),
            }
        }
    }

    fn note_field(&mut self, field: &Field) {
        if field.required {
            self.add("field required");
        }
        match &field.ty {
            FieldType::Scalar(ty) => {
                self.add(format!("field {}", ty.kind));
                let constraints = [
                    ("enum", ty.allowed.is_some()),
                    ("min", ty.min.is_some()),
                    ("max", ty.max.is_some()),
                    ("max_length", ty.max_length.is_some()),
                    ("default", ty.default.is_some()),
                ];
                for (name, _) in constraints.into_iter().filter(|(_, is_there)| *is_there) {
                    self.add(format!("field {name}"));
                }
            }
            FieldType::List(ty) => {
                self.add(format!("field list of {}", ty.items.kind));
                if ty.unique {
                    self.add("field unique");
                }
            }
            FieldType::Object(fields) => {
                self.add("field object");
                for field in fields {
                    self.note_field(field);
                }
            }
            FieldType::Map(kind) => self.add(format!("field map of {kind}")),
        }
    }

    fn note_condition(&mut self, condition: &Condition, depth: usize) {
        self.add(format!("condition depth {depth}"));
        let parts: &[Condition] = match condition {
            Condition::All(parts) => {
                self.add("condition all");
                parts
            }
            Condition::Any(parts) => {
                self.add("condition any");
                parts
            }
            Condition::Not(part) => {
                self.add("condition not");
                std::slice::from_ref(part)
            }
            Condition::Atom(_) => {
                for atom in atoms(condition) {
                    self.add(shape(atom));
                }
                &[]
            }
        };
        for part in parts {
            self.note_condition(part, depth + 1);
        }
    }

    /// Takes note of what the reference evaluator met.
    pub fn note_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Atom { atom, outcome, left, right } => {
                let outcome = match outcome {
                    AtomOutcome::True => "true",
                    AtomOutcome::False => "false",
                    AtomOutcome::UnknownByMissing => "unknown by missing",
                    AtomOutcome::UnknownByMalformed => "unknown by malformed",
                };
                self.add(format!("{}: {outcome}", shape(atom)));
                for (side, flaw) in [("left", left), ("right", right)] {
                    if let Some(flaw) = flaw {
                        self.add(format!("{side} {}", flaw_name(*flaw)));
                    }
                }
            }
            Event::Rule { rule, truth, fires } => {
                self.add(format!("{} rule {truth:?} fires {fires}", rule.effect));
            }
        }
    }

    /// Takes note of what came out.
    pub fn note_outcome(&mut self, outcome: &Result<Decision, InputError>) {
        match outcome {
            Err(error) => self.add(format!("error {}", error.code)),
            Ok(decision) => {
                let by = if decision.matched_rule.is_some() { "rule" } else { "default" };
                self.add("decision");
                self.add(format!("decision {} by {by}", decision.effect));
                let details = [
                    ("decision with several approvals", !decision.matched_rules.is_empty()),
                    ("decision with required actions", !decision.required_actions.is_empty()),
                    ("decision with missing fields", !decision.missing.is_empty()),
                    ("decision with a message", decision.message.is_some()),
                    ("decision with shadow", decision.shadow.is_some()),
                ];
                for (name, _) in details.into_iter().filter(|(_, is_there)| *is_there) {
                    self.add(name);
                }
            }
        }
    }

    /// Every feature that a long run has to reach.
    pub fn expected() -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        for version in [1, 2] {
            for setting in [
                "first_match",
                "most_restrictive",
                "fail_closed",
                "no_match",
                "checked",
                "unchecked",
            ] {
                out.push(format!("version {version}: {setting}"));
            }
        }
        for combine in ["first_match", "most_restrictive"] {
            for missing in ["fail_closed", "no_match"] {
                for inputs in ["checked", "unchecked"] {
                    out.push(format!("{combine} {missing} {inputs}"));
                }
            }
        }
        for effect in [Effect::Allow, Effect::Block, Effect::RequireApproval] {
            out.push(format!("default {effect}"));
            out.push(format!("decision {effect} by rule"));
            out.push(format!("decision {effect} by default"));
            out.push(format!("{effect} rule True fires true"));
            out.push(format!("{effect} rule False fires false"));
            out.push(format!("{effect} rule Unknown fires {}", effect != Effect::Allow));
        }
        for kind in ["string", "number", "integer", "boolean", "timestamp"] {
            out.push(format!("field {kind}"));
            out.push(format!("field map of {kind}"));
        }
        for kind in ["string", "number", "integer"] {
            out.push(format!("field list of {kind}"));
        }
        for name in ["required", "enum", "min", "max", "max_length", "default", "unique", "object"]
        {
            out.push(format!("field {name}"));
        }
        for name in [
            "scope global",
            "scope action",
            "scope actor",
            "scope action and actor",
            "scope several actions",
            "mode shadow",
            "condition none",
            "condition all",
            "condition any",
            "condition not",
            "condition depth 5",
            "decision with several approvals",
            "decision with required actions",
            "decision with missing fields",
            "decision with a message",
            "decision with shadow",
            "left missing",
            "left unfit",
            "left malformed",
            "right missing",
            "right unfit",
            "right malformed",
        ] {
            out.push(name.to_owned());
        }
        for code in Code::ALL {
            // A tree holds no bytes that are not UTF-8.
            if *code != Code::NotUtf8 {
                out.push(format!("error {code}"));
            }
        }
        for operator in Operator::ALL {
            expected_tests(*operator, &mut out);
        }
        out
    }
}

/// Every shape that the operator's atoms have, with each outcome that it can have.
fn expected_tests(operator: Operator, out: &mut Vec<String>) {
    use OperatorShape as Shape;
    let operands: &[&str] = match operator.shape() {
        Shape::Equality | Shape::Ordering => {
            &["literal", "field", "integer sum", "duration sum", "field sum"]
        }
        Shape::Membership | Shape::HostDomain | Shape::ListSet => &["literals", "field"],
        Shape::Contains | Shape::Affix => &["literal", "literals", "field"],
        Shape::NotContains => &["literal", "field"],
        Shape::Path => &["literals", "field"],
        Shape::Network => &["literals"],
        Shape::Pattern | Shape::Length => &["literal"],
        Shape::Presence => &["nothing"],
    };
    let has_malformed =
        matches!(operator.shape(), Shape::HostDomain | Shape::Path | Shape::Network);
    let mut add = |shape: String| {
        let mut outcomes = vec!["true", "false"];
        if operator.shape() != Shape::Presence {
            outcomes.push("unknown by missing");
        }
        if has_malformed {
            outcomes.push("unknown by malformed");
        }
        out.extend(outcomes.iter().map(|outcome| format!("{shape}: {outcome}")));
    };
    for operand in operands {
        add(format!("{operator} {operand}"));
        let is_scalar =
            !matches!(operator.shape(), Shape::Presence | Shape::NotContains | Shape::ListSet);
        let takes_items = match *operand {
            "literal" | "literals" => true,
            "field" => operator.shape() == Shape::Membership,
            _ => false,
        };
        if is_scalar && takes_items {
            for quantifier in [Quantifier::Every, Quantifier::Some] {
                add(format!("{} {operator} {operand}", quantifier.as_str()));
            }
        }
    }
}

/// An atom's shape by name: `every contains literals`.
fn shape(atom: &Atom) -> String {
    let operand = match &atom.operand {
        Operand::None => "nothing",
        Operand::Literal(_) => "literal",
        Operand::Literals(_) => "literals",
        Operand::Field(_) => "field",
        Operand::Sum { addend: Addend::Integer(_), .. } => "integer sum",
        Operand::Sum { addend: Addend::Duration(_), .. } => "duration sum",
        Operand::Sum { addend: Addend::Field(_), .. } => "field sum",
    };
    match atom.quantifier {
        Some(quantifier) => format!("{} {} {operand}", quantifier.as_str(), atom.operator),
        None => format!("{} {operand}", atom.operator),
    }
}

const fn flaw_name(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Missing => "missing",
        Flaw::Unfit => "unfit",
        Flaw::Malformed => "malformed",
    }
}

const fn combine(combine: Combine) -> &'static str {
    match combine {
        Combine::MostRestrictive => "most_restrictive",
        Combine::FirstMatch => "first_match",
    }
}

const fn missing(missing: MissingMode) -> &'static str {
    match missing {
        MissingMode::FailClosed => "fail_closed",
        MissingMode::NoMatch => "no_match",
    }
}

const fn inputs(inputs: InputMode) -> &'static str {
    match inputs {
        InputMode::Checked => "checked",
        InputMode::Unchecked => "unchecked",
    }
}
