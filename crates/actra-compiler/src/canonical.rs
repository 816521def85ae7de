//! The canonical form of a checked policy, and its SHA-256: the policy hash.
//!
//! `docs/canonical-form.md` describes the form. It is JSON without white space whose keys stand in
//! order, so that it is one text for one policy; floats are written as their bits, so that nobody's
//! way of formatting numbers reaches the hash.

use crate::json::write_string;
use crate::model::{
    Addend, Atom, CheckedPolicy, Combine, Condition, Field, FieldRef, FieldType, InputMode,
    ListType, Literal, MissingMode, Mode, Operand, Rule, ScalarType, Schema, Scope, Settings, Sign,
};
use sha2::{Digest, Sha256};

/// The number of the form. It changes when the form does, and with it every hash.
pub const CANONICAL_VERSION: u32 = 1;

/// The bits of every NaN.
const QUIET_NAN: u64 = 0x7ff8_0000_0000_0000;

/// The policy hash.
pub fn policy_hash(policy: &CheckedPolicy) -> [u8; 32] {
    Sha256::digest(canonical_form(policy).as_bytes()).into()
}

/// The canonical form.
pub fn canonical_form(policy: &CheckedPolicy) -> String {
    let mut out = Writer { text: String::with_capacity(512 + policy.rules.len() * 256) };
    out.object(|object| {
        object.number("canonical", &CANONICAL_VERSION);
        object.value("evaluation", |out| evaluation(out, policy.settings));
        object.value("language", |out| out.raw(&policy.version.number().to_string()));
        object.list("rules", &policy.rules, rule);
        object.value("schema", |out| schema(out, &policy.schema));
    });
    out.text
}

/// Writes JSON. Whoever writes an object gives its keys in order.
struct Writer {
    text: String,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn string(&mut self, text: &str) {
        write_string(&mut self.text, text);
    }

    fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        self.text.push('{');
        fill(&mut Object { out: self, last: "" });
        self.text.push('}');
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.text.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            write(self, item);
        }
        self.text.push(']');
    }
}

struct Object<'w> {
    out: &'w mut Writer,
    /// The key before: keys are in order, and so none stands twice.
    last: &'static str,
}

impl Object<'_> {
    fn value(&mut self, key: &'static str, write: impl FnOnce(&mut Writer)) {
        debug_assert!(self.last < key, "`{key}` stands after `{}`", self.last);
        if !self.last.is_empty() {
            self.out.text.push(',');
        }
        self.last = key;
        self.out.string(key);
        self.out.text.push(':');
        write(self.out);
    }

    fn string(&mut self, key: &'static str, text: &str) {
        self.value(key, |out| out.string(text));
    }

    fn number(&mut self, key: &'static str, number: &impl ToString) {
        self.value(key, |out| out.raw(&number.to_string()));
    }

    /// Written only if true.
    fn flag(&mut self, key: &'static str, flag: bool) {
        if flag {
            self.value(key, |out| out.raw("true"));
        }
    }

    fn list<T>(&mut self, key: &'static str, items: &[T], write: impl Fn(&mut Writer, &T)) {
        self.value(key, |out| out.list(items, write));
    }

    /// Written only if there.
    fn option<T>(
        &mut self,
        key: &'static str,
        value: Option<&T>,
        write: impl FnOnce(&mut Writer, &T),
    ) {
        if let Some(value) = value {
            self.value(key, |out| write(out, value));
        }
    }
}

fn evaluation(out: &mut Writer, settings: Settings) {
    out.object(|object| {
        object.string(
            "combine",
            match settings.combine {
                Combine::MostRestrictive => "most_restrictive",
                Combine::FirstMatch => "first_match",
            },
        );
        object.string("default", settings.default.as_str());
        object.string(
            "inputs",
            match settings.inputs {
                InputMode::Checked => "checked",
                InputMode::Unchecked => "unchecked",
            },
        );
        object.string(
            "missing",
            match settings.missing {
                MissingMode::FailClosed => "fail_closed",
                MissingMode::NoMatch => "no_match",
            },
        );
    });
}

fn schema(out: &mut Writer, schema: &Schema) {
    out.object(|object| {
        object.list("actions", &schema.actions, |out, action| {
            out.object(|object| {
                object.list("fields", &action.fields, field);
                object.string("name", &action.name);
            });
        });
        object.list("actor", &schema.actor, field);
        object.list("common", &schema.common, field);
        object.list("snapshot", &schema.snapshot, field);
    });
}

fn field(out: &mut Writer, field: &Field) {
    out.object(|object| {
        object.string("name", &field.name);
        object.flag("required", field.required);
        object.value("type", |out| field_type(out, &field.ty));
    });
}

fn field_type(out: &mut Writer, ty: &FieldType) {
    match ty {
        FieldType::Scalar(ty) => scalar_type(out, ty),
        FieldType::List(list) => list_type(out, list),
        FieldType::Object(fields) => out.object(|object| {
            object.list("fields", fields, field);
            object.string("kind", "object");
        }),
        FieldType::Map(kind) => out.object(|object| {
            object.string("kind", "map");
            object.string("values", kind.as_str());
        }),
    }
}

fn scalar_type(out: &mut Writer, ty: &ScalarType) {
    out.object(|object| {
        object.option("default", ty.default.as_ref(), literal);
        object.option("enum", ty.allowed.as_ref(), |out, values| {
            out.list(values, literal);
        });
        object.string("kind", ty.kind.as_str());
        object.option("max", ty.max.as_ref(), literal);
        object.option("max_length", ty.max_length.as_ref(), |out, n| out.raw(&n.to_string()));
        object.option("min", ty.min.as_ref(), literal);
    });
}

fn list_type(out: &mut Writer, list: &ListType) {
    out.object(|object| {
        object.value("items", |out| scalar_type(out, &list.items));
        object.string("kind", "list");
        object.option("max_length", list.max_length.as_ref(), |out, n| out.raw(&n.to_string()));
        object.flag("unique", list.unique);
    });
}

fn rule(out: &mut Writer, rule: &Rule) {
    out.object(|object| {
        object.string("effect", rule.effect.as_str());
        object.string("id", &rule.id);
        object.option("message", rule.message.as_ref(), |out, text| out.string(text));
        if !rule.required_actions.is_empty() {
            // Canonical JSON already.
            object.list("required_actions", &rule.required_actions, |out, json| out.raw(json));
        }
        object.value("scope", |out| scope(out, &rule.scope));
        object.flag("shadow", rule.mode == Mode::Shadow);
        object.option("when", rule.condition.as_ref(), condition);
    });
}

fn scope(out: &mut Writer, scope: &Scope) {
    let names = |out: &mut Writer, names: &Vec<String>| {
        out.list(names, |out, name| out.string(name));
    };
    out.object(|object| {
        object.option("action", scope.actions.as_ref(), names);
        object.option("actor", scope.actors.as_ref(), names);
    });
}

fn condition(out: &mut Writer, part: &Condition) {
    out.object(|object| match part {
        Condition::All(parts) => object.list("all", parts, condition),
        Condition::Any(parts) => object.list("any", parts, condition),
        Condition::Not(part) => object.value("not", |out| condition(out, part)),
        Condition::Atom(part) => object.value("atom", |out| atom(out, part)),
    });
}

fn atom(out: &mut Writer, atom: &Atom) {
    out.object(|object| {
        object.value("left", |out| field_ref(out, &atom.subject));
        object.string("operator", atom.operator.as_str());
        object.option("quantifier", atom.quantifier.as_ref(), |out, quantifier| {
            out.string(quantifier.as_str());
        });
        match &atom.operand {
            Operand::None => {}
            operand => object.value("right", |out| right(out, operand)),
        }
    });
}

fn field_ref(out: &mut Writer, field: &FieldRef) {
    out.object(|object| {
        object.string("domain", field.domain.as_str());
        object.option("key", field.key.as_ref(), |out, key| out.string(key));
        object.list("path", &field.path, |out, name| out.string(name));
    });
}

fn right(out: &mut Writer, operand: &Operand) {
    out.object(|object| match operand {
        Operand::None => {}
        Operand::Literal(value) => object.value("literal", |out| literal(out, value)),
        Operand::Literals(values) => object.list("literals", values, literal),
        Operand::Field(field) => object.value("field", |out| field_ref(out, field)),
        Operand::Sum { field, sign, addend } => {
            object.value("field", |out| field_ref(out, field));
            let sign = match sign {
                Sign::Minus => "minus",
                Sign::Plus => "plus",
            };
            object.value(sign, |out| {
                out.object(|object| match addend {
                    Addend::Duration(micros) => object.number("duration", micros),
                    Addend::Field(field) => object.value("field", |out| field_ref(out, field)),
                    Addend::Integer(value) => object.number("integer", value),
                });
            });
        }
    });
}

fn literal(out: &mut Writer, value: &Literal) {
    match value {
        Literal::String(text) => out.string(text),
        Literal::Integer(value) => out.raw(&value.to_string()),
        Literal::Float(value) => {
            // Which NaN it is depends on the platform that read it, and on nothing else.
            let bits = if value.is_nan() { QUIET_NAN } else { value.to_bits() };
            out.object(|object| object.string("f64", &format!("{bits:016x}")));
        }
        Literal::Boolean(value) => out.raw(if *value { "true" } else { "false" }),
        Literal::Timestamp(micros) => out.object(|object| object.number("timestamp", micros)),
    }
}
