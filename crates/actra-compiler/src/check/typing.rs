//! Conditions with their names looked up and their types compared: what the checked policy holds.

use super::context::{Context, Within, excerpt};
use super::define::Definitions;
use super::fit::fit_one;
use super::literal::RawLiteral;
use super::literal::RawValue;
use super::operand::{FitTo, Takes, TakesField, takes};
use super::pattern::Patterns;
use super::raw::{DefinitionId, RawAddend, RawAtom, RawCondition, RawField, RawOperand};
use super::resolve::{Resolved, Shape, View, resolve};
use super::schema::DraftSchema;
use crate::diagnostic::{Code, Span};
use crate::model::{
    Atom, Condition, FieldRef, Literal, Operand, Operator, OperatorShape, ScalarKind,
};

/// Types conditions for one rule after another.
pub(super) struct Typer<'t, 's, 'd> {
    pub(super) schema: &'s DraftSchema,
    pub(super) definitions: &'t Definitions<'d>,
    pub(super) patterns: &'t mut Patterns,
    /// Which definitions have been looked into, by index.
    pub(super) reached: &'t mut [bool],
}

/// Where a condition stands.
pub(super) struct Stand<'p, 's> {
    /// What it may read of the action.
    pub(super) view: &'p View<'s>,
    /// Whose it is, for what is said about definitions: "rule `x`".
    pub(super) user: &'p str,
    /// Whether definitions are expanded (they are not where they would be too large).
    pub(super) expand: bool,
}

impl<'s, 'd> Typer<'_, 's, 'd> {
    /// The condition, checked; `None` where something in it is wrong. Every part is looked at.
    pub(super) fn condition(
        &mut self,
        cx: &mut Context<'_>,
        stand: &Stand<'_, 's>,
        raw: &RawCondition<'d>,
    ) -> Option<Condition> {
        match raw {
            RawCondition::All(parts) => self.parts(cx, stand, parts).map(Condition::All),
            RawCondition::Any(parts) => self.parts(cx, stand, parts).map(Condition::Any),
            RawCondition::Not(part) => {
                Some(Condition::Not(Box::new(self.condition(cx, stand, part)?)))
            }
            RawCondition::Atom(atom) => {
                Some(Condition::Atom(Box::new(self.atom(cx, stand, atom)?)))
            }
            RawCondition::Use(definition, span) => self.expand(cx, stand, *definition, *span),
            RawCondition::Broken => None,
        }
    }

    fn parts(
        &mut self,
        cx: &mut Context<'_>,
        stand: &Stand<'_, 's>,
        raw: &[RawCondition<'d>],
    ) -> Option<Vec<Condition>> {
        let mut parts = Vec::with_capacity(raw.len());
        for part in raw {
            parts.extend(self.condition(cx, stand, part));
        }
        (parts.len() == raw.len()).then_some(parts)
    }

    fn expand(
        &mut self,
        cx: &mut Context<'_>,
        stand: &Stand<'_, 's>,
        mut id: DefinitionId,
        span: Span,
    ) -> Option<Condition> {
        let definitions = self.definitions;
        if !stand.expand {
            return None;
        }
        loop {
            let definition = definitions.conditions.get(id.0)?;
            definition.size?;
            if let Some(reached) = self.reached.get_mut(id.0) {
                *reached = true;
            }
            // Definitions that are only another's name can form long chains: no recursion here.
            if let RawCondition::Use(next, _) = &definition.read.condition {
                id = *next;
                continue;
            }
            let within = Within { span, user: stand.user.to_owned() };
            let outer = if cx.is_within() { None } else { Some(cx.enter(Some(within))) };
            let condition = self.condition(cx, stand, &definition.read.condition);
            if let Some(outer) = outer {
                cx.enter(outer);
            }
            return condition;
        }
    }

    fn atom(
        &mut self,
        cx: &mut Context<'_>,
        stand: &Stand<'_, 's>,
        raw: &RawAtom<'d>,
    ) -> Option<Atom> {
        let subject =
            raw.subject.as_ref().and_then(|field| resolve(cx, self.schema, stand.view, field));
        let mut one = OneAtom { cx, schema: self.schema, view: stand.view, raw, subject };
        let Some((operator, at)) = raw.operator else {
            one.resolve_right();
            return None;
        };
        let Ok(left) = one.left(operator) else {
            one.resolve_right();
            return None;
        };
        let takes = takes(operator, left, one.enums(operator));
        if !takes.left {
            one.wrong_left(operator, at, left);
            one.resolve_right();
            return None;
        }
        let operand = one.operand(operator, at, left, &takes, self.definitions, self.patterns);
        let subject = one.subject?;
        if raw.broken {
            return None;
        }
        Some(Atom {
            quantifier: raw.quantifier.map(|(quantifier, _)| quantifier),
            subject: subject.field,
            operator,
            operand: operand?,
            place: raw.place,
        })
    }
}

/// One atom while its sides are compared.
pub(super) struct OneAtom<'o, 'a, 's, 'd> {
    pub(super) cx: &'o mut Context<'a>,
    schema: &'s DraftSchema,
    view: &'o View<'s>,
    pub(super) raw: &'o RawAtom<'d>,
    subject: Option<Resolved<'s>>,
}

/// Something has been reported.
struct Reported;

impl<'s, 'd> OneAtom<'_, '_, 's, 'd> {
    /// What the operator sees on its left: the field, or with a quantifier an item of it.
    fn left(&mut self, operator: Operator) -> Result<Option<Shape>, Reported> {
        let shape = self.subject.as_ref().map(|subject| subject.shape);
        let Some((quantifier, at)) = self.raw.quantifier else { return Ok(shape) };
        let word = quantifier.as_str();
        if operator.shape() == OperatorShape::Presence {
            let message = format!("`{word}` does not go with `{operator}`");
            let help = "a list is there or missing as a whole; its items are always there";
            self.cx.error_with_help(Code::QuantifierMisuse, at, message, help);
            return Err(Reported);
        }
        match shape {
            Some(Shape::List(kind)) => Ok(Some(Shape::Scalar(kind))),
            Some(shape @ Shape::Scalar(_)) => {
                let message =
                    format!("`{word}` is for lists, and {} is {}", self.name(), shape.describe());
                self.cx.error_with_help(Code::QuantifierMisuse, at, message, "leave it out");
                Err(Reported)
            }
            None => Ok(None),
        }
    }

    /// The left side, for messages.
    pub(super) fn name(&self) -> String {
        self.subject
            .as_ref()
            .map_or_else(|| "it".to_owned(), |s| format!("`{}`", excerpt(&s.field.to_string())))
    }

    /// The enums that literals have to fit.
    fn enums(&self, operator: Operator) -> Vec<&'s [Literal]> {
        let tests_items = matches!(
            operator.shape(),
            OperatorShape::Equality
                | OperatorShape::Membership
                | OperatorShape::Contains
                | OperatorShape::NotContains
                | OperatorShape::ListSet
        );
        let subject = self.subject.as_ref().filter(|_| tests_items);
        subject.map(|subject| subject.enums().collect()).unwrap_or_default()
    }

    fn wrong_left(&mut self, operator: Operator, at: Span, left: Option<Shape>) {
        let wants = match operator.shape() {
            OperatorShape::Equality | OperatorShape::Membership => "single values",
            OperatorShape::Ordering => "numbers and timestamps",
            OperatorShape::Contains => "lists and strings",
            OperatorShape::NotContains | OperatorShape::ListSet => "lists",
            OperatorShape::Length => "strings and lists",
            _ => "strings",
        };
        let is = left.map_or_else(String::new, Shape::describe);
        let item = if self.raw.quantifier.is_some() { "an item of " } else { "" };
        let message = format!("`{operator}` is for {wants}, and {item}{} is {is}", self.name());
        let help = match (operator.shape(), left) {
            (OperatorShape::Equality, Some(Shape::List(_))) => {
                Some("`contains` tests for an item; `every` and `some` test each item".to_owned())
            }
            (OperatorShape::Membership, Some(Shape::List(_))) => {
                Some("`contains_any` and `contains_all` compare lists".to_owned())
            }
            (OperatorShape::NotContains, Some(Shape::Scalar(ScalarKind::String))) => {
                Some("write `not:` around a `contains`".to_owned())
            }
            (_, Some(Shape::List(_))) if self.raw.quantifier.is_none() => {
                Some("`every` and `some` test each item of a list".to_owned())
            }
            _ => None,
        };
        self.cx.error_with_hint(Code::KindMismatch, at, message, help);
    }

    /// Looks up the names on the right where nothing can be compared.
    fn resolve_right(&mut self) {
        match &self.raw.operand {
            RawOperand::Field(field) => {
                self.resolve(field);
            }
            RawOperand::Sum(sum) => {
                if let Some(field) = &sum.field {
                    self.resolve(field);
                }
                if let RawAddend::Field(field) = &sum.addend {
                    self.resolve(field);
                }
            }
            _ => {}
        }
    }

    /// Looks up a field of the right side.
    pub(super) fn resolve(&mut self, field: &RawField<'d>) -> Option<Resolved<'s>> {
        resolve(self.cx, self.schema, self.view, field)
    }

    fn operand(
        &mut self,
        operator: Operator,
        at: Span,
        left: Option<Shape>,
        takes: &Takes<'s>,
        definitions: &Definitions<'d>,
        patterns: &mut Patterns,
    ) -> Option<Operand> {
        let raw = self.raw;
        if operator.shape() == OperatorShape::Presence {
            let Some(span) = raw.operand.span() else {
                return matches!(raw.operand, RawOperand::Absent).then_some(Operand::None);
            };
            let message = format!("`{operator}` takes nothing on its right side");
            self.cx.error_with_help(Code::BadOperand, span, message, "leave `value:` out");
            self.resolve_right();
            return None;
        }
        match &raw.operand {
            RawOperand::Broken => None,
            RawOperand::Absent => {
                let message = format!("`{operator}` lacks its right side");
                self.cx.error(Code::MissingKey, at, message);
                None
            }
            RawOperand::Literal(literal) => match &takes.literal {
                Some(fit) => self.literal(literal, fit, patterns).map(Operand::Literal),
                None => {
                    let spelling = excerpt(literal.spelling());
                    // In quotes, text of any kind reads back in both forms.
                    let list = match literal.value {
                        RawValue::Text(text) if definitions.lists.has(text) => {
                            Some(format!("did you mean `@{text}`?"))
                        }
                        _ => None,
                    };
                    let help = takes.list.is_some().then(|| match literal.value {
                        _ if list.is_some() => list.unwrap_or_default(),
                        RawValue::Text(_) => format!("write `['{spelling}']`"),
                        _ => format!("write `[{spelling}]`"),
                    });
                    self.wrong_right(operator, takes, literal.span, "one literal", help);
                    None
                }
            },
            RawOperand::List(literals, span) => match &takes.list {
                Some(fit) => self.literals(literals, fit, patterns).map(Operand::Literals),
                None => {
                    self.list_not_taken(operator, takes, left, *span);
                    None
                }
            },
            RawOperand::Named(name, span) => {
                let literals = definitions.lists.find(self.cx, name, *span)?;
                match &takes.list {
                    Some(fit) => {
                        self.named(name, *span, literals, fit, patterns).map(Operand::Literals)
                    }
                    None => {
                        self.list_not_taken(operator, takes, left, *span);
                        None
                    }
                }
            }
            RawOperand::Field(field) => self.field(operator, takes, field).map(Operand::Field),
            RawOperand::Sum(sum) => self.sum(operator, left, takes, sum),
        }
    }

    fn list_not_taken(
        &mut self,
        operator: Operator,
        takes: &Takes<'_>,
        left: Option<Shape>,
        span: Span,
    ) {
        let help = match (operator, left) {
            (Operator::Equals, _) => Some("`in` tests for membership of a list".to_owned()),
            (Operator::NotEquals, _) => Some("`not_in` tests against a list".to_owned()),
            (Operator::Contains | Operator::NotContains, _) => {
                Some("`contains_any` and `contains_all` compare with a list".to_owned())
            }
            _ => None,
        };
        self.wrong_right(operator, takes, span, "a list of literals", help);
    }

    fn wrong_right(
        &mut self,
        operator: Operator,
        takes: &Takes<'_>,
        span: Span,
        found: &str,
        help: Option<String>,
    ) {
        let message = format!("`{operator}` takes {}, not {found}", takes.wants);
        self.cx.error_with_hint(Code::BadOperand, span, message, help);
    }

    fn literals(
        &mut self,
        raw: &[RawLiteral<'d>],
        fit: &FitTo<'_>,
        patterns: &mut Patterns,
    ) -> Option<Vec<Literal>> {
        let enums = fit.enums_for(raw.len());
        let mut literals = Vec::with_capacity(raw.len());
        for literal in raw {
            match fit_one(self.cx, literal, fit, &enums, patterns) {
                Ok(Some(literal)) => literals.push(literal),
                Ok(None) => {}
                Err(misfit) => self.cx.push(*misfit),
            }
        }
        (literals.len() == raw.len()).then_some(literals)
    }

    fn literal(
        &mut self,
        raw: &RawLiteral<'d>,
        fit: &FitTo<'_>,
        patterns: &mut Patterns,
    ) -> Option<Literal> {
        self.literals(std::slice::from_ref(raw), fit, patterns)?.pop()
    }

    /// A list defined elsewhere: the first item that does not fit is told where it is used.
    fn named(
        &mut self,
        name: &str,
        span: Span,
        raw: &[RawLiteral<'d>],
        fit: &FitTo<'_>,
        patterns: &mut Patterns,
    ) -> Option<Vec<Literal>> {
        let enums = fit.enums_for(raw.len());
        let mut literals = Vec::with_capacity(raw.len());
        for literal in raw {
            match fit_one(self.cx, literal, fit, &enums, patterns) {
                Ok(literal) => literals.push(literal?),
                Err(mut misfit) => {
                    let item = misfit.span.unwrap_or(literal.span);
                    misfit.message =
                        format!("the list `{}` does not fit: {}", excerpt(name), misfit.message);
                    misfit.span = Some(span);
                    misfit.related.push((item, "this item".to_owned()));
                    self.cx.push(*misfit);
                    return None;
                }
            }
        }
        Some(literals)
    }

    fn field(
        &mut self,
        operator: Operator,
        takes: &Takes<'_>,
        raw: &RawField<'d>,
    ) -> Option<FieldRef> {
        let right = self.resolve(raw);
        if let Some((quantifier, _)) = self.raw.quantifier
            && operator.shape() != OperatorShape::Membership
        {
            let message = format!("`{}` compares with literals only", quantifier.as_str());
            let help = "only `in` and `not_in` take a list field beside a quantifier";
            self.cx.error_with_help(Code::QuantifierMisuse, raw.span, message, help);
            return None;
        }
        let right = right?;
        let (wanted, kind) = match right.shape {
            Shape::Scalar(kind) => (takes.scalar_field, kind),
            Shape::List(kind) => (takes.list_field, kind),
        };
        match wanted {
            TakesField::No => {
                let is = right.shape.describe();
                let name = excerpt(&right.field.to_string());
                let message = format!("`{operator}` takes {}, and `{name}` is {is}", takes.wants);
                self.cx.error(Code::BadOperand, raw.span, message);
                None
            }
            // The left side is in doubt: nothing more to say.
            TakesField::InDoubt => None,
            TakesField::Of(wanted) if wanted.compares_with(kind) => Some(right.field),
            TakesField::Of(_) => {
                let left = self.subject.as_ref().map_or_else(String::new, |s| s.shape.describe());
                let message = format!(
                    "{} is {left} and `{}` is {}: `{operator}` cannot compare them",
                    self.name(),
                    excerpt(&right.field.to_string()),
                    right.shape.describe()
                );
                self.cx.error(Code::KindMismatch, raw.span, message);
                None
            }
        }
    }
}
