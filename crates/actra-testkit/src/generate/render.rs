//! Checked policies back into documents, in styles that mean the same.

use super::rng::Rng;
use super::short::short_atom;
use super::yaml::{Yaml, text};
use super::{Documents, Style};
use crate::reference::timestamp;
use crate::value::yaml_number;
use actra_compiler::model::{
    Addend, Atom, CheckedPolicy, Combine, Condition, Field, FieldRef, FieldType, InputMode,
    LanguageVersion, Literal, MissingMode, Mode, Operand, Operator, Rule, ScalarType, Settings,
    Sign,
};

/// Writes a policy's documents.
pub(super) fn documents(policy: &CheckedPolicy, style: Style, seed: u64) -> Documents {
    let mut writer =
        Writer { rng: Rng::new(seed), style, lists: Vec::new(), conditions: Vec::new() };
    let schema = writer.schema(policy);
    let schema = schema.document(&mut writer.rng);
    let written = writer.policy(policy);
    let written = written.document(&mut writer.rng);
    Documents { schema, policy: written }
}

struct Writer {
    rng: Rng,
    style: Style,
    lists: Vec<(String, Yaml)>,
    conditions: Vec<(String, Yaml)>,
}

impl Writer {
    fn text(&mut self, value: &str) -> Yaml {
        Yaml::Raw(text(&mut self.rng, value))
    }

    fn texts(&mut self, values: &[String]) -> Yaml {
        Yaml::List(values.iter().map(|value| self.text(value)).collect())
    }

    // The schema.

    fn schema(&mut self, policy: &CheckedPolicy) -> Yaml {
        let schema = &policy.schema;
        let mut top = vec![("version".to_owned(), Yaml::raw("1"))];
        if !schema.common.is_empty() {
            top.push(("common".to_owned(), self.section(&schema.common)));
        }
        let mut actions = Vec::new();
        for action in &schema.actions {
            let Yaml::Map(mut section) = self.section(&action.fields) else { continue };
            if let Some(description) = &action.description {
                section.push(("description".to_owned(), self.text(description)));
            }
            actions.push((text(&mut self.rng, &action.name), Yaml::Map(section)));
        }
        top.push(("actions".to_owned(), Yaml::Map(actions)));
        top.push(("actor".to_owned(), self.section(&schema.actor)));
        top.push(("snapshot".to_owned(), self.section(&schema.snapshot)));
        Yaml::Map(top)
    }

    fn section(&mut self, fields: &[Field]) -> Yaml {
        Yaml::map([("fields", self.fields(fields))])
    }

    fn fields(&mut self, fields: &[Field]) -> Yaml {
        let mut entries = Vec::new();
        for field in fields {
            let name = text(&mut self.rng, &field.name);
            entries.push((name, self.field(field)));
        }
        // Key order means nothing.
        if self.rng.percent(30) {
            entries.reverse();
        }
        Yaml::Map(entries)
    }

    fn field(&mut self, field: &Field) -> Yaml {
        let mut entries = match &field.ty {
            FieldType::Scalar(ty) => {
                let is_plain = *ty == ScalarType::plain(ty.kind)
                    && !field.required
                    && field.description.is_none();
                let may_be_short = self.style != Style::Long;
                if is_plain
                    && (self.style == Style::Package || may_be_short && self.rng.percent(80))
                {
                    return Yaml::raw(ty.kind.as_str());
                }
                self.scalar_type(ty)
            }
            FieldType::List(ty) => {
                let items = if ty.items == ScalarType::plain(ty.items.kind) && self.rng.percent(70)
                {
                    Yaml::raw(ty.items.kind.as_str())
                } else {
                    Yaml::Map(self.scalar_type(&ty.items))
                };
                let mut entries =
                    vec![("type".to_owned(), Yaml::raw("list")), ("items".to_owned(), items)];
                if let Some(most) = ty.max_length {
                    entries.push(("max_length".to_owned(), Yaml::raw(most.to_string())));
                }
                if ty.unique {
                    entries.push(("unique".to_owned(), Yaml::raw("true")));
                }
                entries
            }
            FieldType::Object(fields) => vec![
                ("type".to_owned(), Yaml::raw("object")),
                ("fields".to_owned(), self.fields(fields)),
            ],
            FieldType::Map(kind) => vec![
                ("type".to_owned(), Yaml::raw("map")),
                ("values".to_owned(), Yaml::raw(kind.as_str())),
            ],
        };
        if field.required {
            entries.push(("required".to_owned(), Yaml::raw("true")));
        }
        if let Some(description) = &field.description {
            entries.push(("description".to_owned(), self.text(description)));
        }
        Yaml::Map(entries)
    }

    fn scalar_type(&mut self, ty: &ScalarType) -> Vec<(String, Yaml)> {
        let mut entries = vec![("type".to_owned(), Yaml::raw(ty.kind.as_str()))];
        if let Some(allowed) = &ty.allowed {
            entries.push(("enum".to_owned(), self.literals(allowed)));
        }
        for (key, bound) in [("min", &ty.min), ("max", &ty.max), ("default", &ty.default)] {
            if let Some(bound) = bound {
                entries.push((key.to_owned(), self.literal(bound)));
            }
        }
        if let Some(most) = ty.max_length {
            entries.push(("max_length".to_owned(), Yaml::raw(most.to_string())));
        }
        entries
    }

    fn literals(&mut self, literals: &[Literal]) -> Yaml {
        Yaml::List(literals.iter().map(|literal| self.literal(literal)).collect())
    }

    fn literal(&mut self, literal: &Literal) -> Yaml {
        match literal {
            Literal::String(value) => self.text(value),
            Literal::Boolean(value) => Yaml::raw(value.to_string()),
            Literal::Timestamp(instant) => {
                Yaml::Raw(format!("'{}'", instant_text(&mut self.rng, *instant)))
            }
            Literal::Integer(_) | Literal::Float(_) => {
                Yaml::Raw(number_text(&mut self.rng, literal))
            }
        }
    }

    // The policy.

    fn policy(&mut self, policy: &CheckedPolicy) -> Yaml {
        let rules: Vec<Yaml> = policy.rules.iter().map(|rule| self.rule(rule)).collect();
        let mut top = vec![("version".to_owned(), Yaml::raw(policy.version.number().to_string()))];
        if let Some(section) = self.evaluation(policy) {
            top.push(("evaluation".to_owned(), section));
        }
        let mut define = Vec::new();
        for (key, entries) in [("lists", &self.lists), ("conditions", &self.conditions)] {
            if !entries.is_empty() {
                define.push((key.to_owned(), Yaml::Map(entries.clone())));
            }
        }
        if !define.is_empty() {
            top.push(("define".to_owned(), Yaml::Map(define)));
        }
        top.push(("rules".to_owned(), Yaml::List(rules)));
        Yaml::Map(top)
    }

    fn evaluation(&mut self, policy: &CheckedPolicy) -> Option<Yaml> {
        let defaults = Settings::defaults(policy.version);
        let settings = policy.settings;
        let needs_section = policy.version == LanguageVersion::V1
            && policy
                .rules
                .iter()
                .any(|rule| rule.scope.actors.is_some() || rule.mode == Mode::Shadow);
        // A key that says what is the default anyway may be left out, but not all of them where
        // version 1's whole language is wanted.
        let spell_out = needs_section || (self.style != Style::Package && self.rng.percent(30));
        let mut entries = Vec::new();
        if spell_out || settings.combine != defaults.combine {
            let combine = match settings.combine {
                Combine::MostRestrictive => "most_restrictive",
                Combine::FirstMatch => "first_match",
            };
            entries.push(("combine".to_owned(), Yaml::raw(combine)));
        }
        if spell_out || settings.default != defaults.default {
            entries.push(("default".to_owned(), Yaml::raw(settings.default.as_str())));
        }
        if spell_out || settings.missing != defaults.missing {
            let missing = match settings.missing {
                MissingMode::FailClosed => "fail_closed",
                MissingMode::NoMatch => "no_match",
            };
            entries.push(("missing".to_owned(), Yaml::raw(missing)));
        }
        if spell_out || settings.inputs != defaults.inputs {
            let inputs = match settings.inputs {
                InputMode::Checked => "checked",
                InputMode::Unchecked => "unchecked",
            };
            entries.push(("inputs".to_owned(), Yaml::raw(inputs)));
        }
        (!entries.is_empty()).then_some(Yaml::Map(entries))
    }

    fn rule(&mut self, rule: &Rule) -> Yaml {
        let mut entries =
            vec![("id".to_owned(), self.text(&rule.id)), ("scope".to_owned(), self.scope(rule))];
        if let Some(description) = &rule.description {
            entries.push(("description".to_owned(), self.text(description)));
        }
        if let Some(condition) = &rule.condition {
            entries.push(("when".to_owned(), self.condition(condition)));
        }
        entries.push(("effect".to_owned(), Yaml::raw(rule.effect.as_str())));
        if let Some(message) = &rule.message {
            entries.push(("message".to_owned(), self.text(message)));
        }
        if !rule.required_actions.is_empty() {
            // JSON is YAML.
            let actions =
                rule.required_actions.iter().map(|json| Yaml::Raw(spaced(json))).collect();
            entries.push(("required_actions".to_owned(), Yaml::List(actions)));
        }
        if rule.mode == Mode::Shadow {
            entries.push(("mode".to_owned(), Yaml::raw("shadow")));
        }
        if !rule.tags.is_empty() {
            entries.push(("tags".to_owned(), self.texts(&rule.tags)));
        }
        Yaml::Map(entries)
    }

    fn scope(&mut self, rule: &Rule) -> Yaml {
        let mut entries = Vec::new();
        for (key, names) in [("action", &rule.scope.actions), ("actor", &rule.scope.actors)] {
            let Some(names) = names else { continue };
            let alone = self.style == Style::Package || self.rng.percent(60);
            let value = match names.as_slice() {
                [name] if alone => self.text(name),
                names => self.texts(names),
            };
            entries.push((key.to_owned(), value));
        }
        if entries.is_empty() {
            entries.push(("global".to_owned(), Yaml::raw("true")));
        }
        Yaml::Map(entries)
    }

    fn condition(&mut self, condition: &Condition) -> Yaml {
        let written = match condition {
            Condition::All(parts) => Yaml::map([("all", self.conditions(parts))]),
            Condition::Any(parts) => Yaml::map([("any", self.conditions(parts))]),
            Condition::Not(part) => Yaml::map([("not", self.condition(part))]),
            Condition::Atom(atom) => self.atom(atom),
        };
        if self.style == Style::Factored && self.rng.percent(30) {
            let name = format!("c{}", self.conditions.len());
            self.conditions.push((name.clone(), written));
            return Yaml::map([("condition", Yaml::Raw(name))]);
        }
        written
    }

    fn conditions(&mut self, parts: &[Condition]) -> Yaml {
        Yaml::List(parts.iter().map(|part| self.condition(part)).collect())
    }

    fn atom(&mut self, atom: &Atom) -> Yaml {
        let list = self.named_list(&atom.operand);
        let is_short = match self.style {
            Style::Long | Style::Package => false,
            Style::Short => true,
            Style::Factored => self.rng.percent(60),
        };
        if is_short && let Some(short) = short_atom(&mut self.rng, atom, list.as_deref()) {
            return Yaml::Raw(short);
        }
        let mut subject = self.field_ref(&atom.subject);
        if let Some(quantifier) = atom.quantifier {
            subject.push(("items".to_owned(), Yaml::raw(quantifier.as_str())));
        }
        let mut entries = vec![
            ("subject".to_owned(), Yaml::Map(subject)),
            ("operator".to_owned(), Yaml::raw(atom.operator.as_str())),
        ];
        if let Some(name) = list {
            entries.push(("value".to_owned(), Yaml::map([("list", Yaml::Raw(name))])));
        } else if !matches!(atom.operator, Operator::Exists | Operator::NotExists) {
            entries.push(("value".to_owned(), self.operand(&atom.operand)));
        }
        Yaml::Map(entries)
    }

    /// A literal list made into a definition, now and then.
    fn named_list(&mut self, operand: &Operand) -> Option<String> {
        let Operand::Literals(literals) = operand else { return None };
        if self.style != Style::Factored || !self.rng.percent(60) {
            return None;
        }
        let name = format!("l{}", self.lists.len());
        let written = self.literals(literals);
        self.lists.push((name.clone(), written));
        Some(name)
    }

    fn field_ref(&mut self, field: &FieldRef) -> Vec<(String, Yaml)> {
        let mut entries = vec![
            ("domain".to_owned(), Yaml::raw(field.domain.as_str())),
            ("field".to_owned(), self.text(&field.path.join("."))),
        ];
        if let Some(key) = &field.key {
            entries.push(("key".to_owned(), self.text(key)));
        }
        entries
    }

    fn operand(&mut self, operand: &Operand) -> Yaml {
        match operand {
            Operand::None => Yaml::Map(Vec::new()),
            Operand::Literal(literal) => Yaml::map([("literal", self.literal(literal))]),
            Operand::Literals(literals) => Yaml::map([("literal", self.literals(literals))]),
            Operand::Field(field) => Yaml::map([("subject", Yaml::Map(self.field_ref(field)))]),
            Operand::Sum { field, sign, addend } => {
                let base = Yaml::Map(self.field_ref(field));
                let sign = match sign {
                    Sign::Plus => "plus",
                    Sign::Minus => "minus",
                };
                let addend = match addend {
                    Addend::Integer(value) => Yaml::raw(value.to_string()),
                    Addend::Duration(micros) => Yaml::Raw(duration_text(&mut self.rng, *micros)),
                    Addend::Field(other) => {
                        Yaml::map([("subject", Yaml::Map(self.field_ref(other)))])
                    }
                };
                Yaml::map([("subject", base), (sign, addend)])
            }
        }
    }
}

/// Canonical JSON with a space after colons and commas outside strings, so that it is YAML too.
fn spaced(json: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut escaped = false;
    for character in json.chars() {
        out.push(character);
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            ':' | ',' if !inside => out.push(' '),
            _ => {}
        }
    }
    out
}

/// A number in one of its spellings.
pub(super) fn number_text(rng: &mut Rng, literal: &Literal) -> String {
    match literal {
        // "`1000` and `1000.0` are one literal".
        Literal::Integer(value) if value.unsigned_abs() < 1 << 53 && rng.percent(15) => {
            format!("{value}.0")
        }
        Literal::Integer(value) => value.to_string(),
        Literal::Float(value)
            if value.fract() == 0.0
                && value.abs() < 1e15
                && !value.is_sign_negative()
                && rng.percent(60) =>
        {
            (*value as i64).to_string()
        }
        Literal::Float(value) => yaml_number(*value),
        _ => String::new(),
    }
}

/// An instant in one of its spellings.
pub(super) fn instant_text(rng: &mut Rng, instant: i64) -> String {
    let hours = rng.below(3) as i64;
    let shifted = timestamp::format(instant.saturating_add(hours * 3_600_000_000));
    match shifted {
        Some(shifted) if hours > 0 => format!("{}+{hours:02}:00", shifted.trim_end_matches('Z')),
        _ => timestamp::format(instant).unwrap_or_default(),
    }
}

/// A duration of whole seconds in one of its units.
pub(super) fn duration_text(rng: &mut Rng, micros: i64) -> String {
    let seconds = micros / 1_000_000;
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];
    let fitting: Vec<&(&str, i64)> = units.iter().filter(|(_, unit)| seconds % unit == 0).collect();
    let (name, unit) = **rng.pick(&fitting);
    format!("{}{name}", seconds / unit)
}
