//! How a broken governance rule reads.

use super::hold::{Allowed, forbidden};
use super::index::{Index, Indexed, ReadBy};
use super::select::{Group, Lacks, Selected, Weakness, look};
use super::{AllowedField, Filter, GovernanceRule};
use crate::check::context::{Context, did_you_mean, excerpt, listing};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{LanguageVersion, Mode, Place};

/// Policy rules that one violation points at.
const MOST_RELATED: usize = 8;

/// A demand that is not met.
pub(super) enum Broken<'b, 'p> {
    TooFew { least: u64, full: &'b Group<'p>, weak: &'b Group<'p> },
    TooMany { most: u64, any: &'b Group<'p> },
    Reads { allowed: &'b [AllowedField<'b>], offenders: &'b Group<'p> },
}

/// A governance rule that is broken.
pub(super) struct Violation<'v, 'p, 'd> {
    pub(super) index: &'v Index<'p>,
    pub(super) version: LanguageVersion,
    pub(super) rule: &'v GovernanceRule<'d>,
    pub(super) selected: &'v [Selected],
    /// `None`: the policy as a whole.
    pub(super) action: Option<&'v str>,
}

/// Places to point at, of which some are left out.
#[derive(Default)]
struct Related {
    places: Vec<(Place, String)>,
    left_out: usize,
}

impl Related {
    fn add(&mut self, place: Place, what: String) {
        if self.places.len() < MOST_RELATED {
            self.places.push((place, what));
        } else {
            self.left_out += 1;
        }
    }
}

impl Violation<'_, '_, '_> {
    /// Says what is broken: the organisation's text first, then what was asked for and what was
    /// found, then the rules that matter.
    pub(super) fn report(&self, cx: &mut Context<'_>, broken: &[Broken<'_, '_>]) {
        let id = excerpt(self.rule.id);
        let error = self.rule.error.trim_end();
        let message = match self.action {
            Some(action) => format!(
                "governance rule `{id}` is broken for action `{}`: {error}",
                excerpt(action)
            ),
            None => format!("governance rule `{id}` is broken: {error}"),
        };
        let mut related = Related::default();
        let mut help: Vec<String> = broken
            .iter()
            .map(|broken| match broken {
                Broken::TooFew { least, full, weak } => {
                    self.too_few(*least, full, weak, &mut related)
                }
                Broken::TooMany { most, any } => self.too_many(*most, any, &mut related),
                Broken::Reads { allowed, offenders } => {
                    self.reads(allowed, offenders, &mut related)
                }
            })
            .collect();
        let is_short = broken.iter().any(|broken| matches!(broken, Broken::TooFew { .. }));
        if is_short && related.places.is_empty() {
            help.extend(self.nearest(cx, &mut related));
        }
        let mut diagnostic = Diagnostic::error(Code::GovernanceViolated, self.rule.span, message)
            .with_help(help.join("\n"));
        let last = related.places.len();
        for (number, (place, mut what)) in (1..).zip(related.places) {
            if number == last && related.left_out > 0 {
                what = format!("{what}; and {} more", related.left_out);
            }
            if let Some(span) = place.span() {
                diagnostic = diagnostic.with_related(cx.first_line(span), what);
            }
        }
        cx.push(diagnostic);
    }

    /// ` for `refund``.
    fn among(&self) -> String {
        self.action
            .map_or_else(String::new, |action| format!(" among those for `{}`", excerpt(action)))
    }

    fn too_few(
        &self,
        least: u64,
        full: &Group<'_>,
        weak: &Group<'_>,
        related: &mut Related,
    ) -> String {
        let found = full.count(self.action);
        for number in full.first(self.action, MOST_RELATED) {
            if let Some(indexed) = self.index.rule(number) {
                related.add(indexed.rule.place, format!("{} counts", name(indexed)));
            }
        }
        related.left_out += found.saturating_sub(MOST_RELATED);
        for number in weak.first(self.action, MOST_RELATED) {
            let weakness = self.selected.iter().find(|one| one.number == number);
            let weakness = weakness.and_then(|one| one.weakness);
            if let (Some(indexed), Some(weakness)) = (self.index.rule(number), weakness) {
                related.add(
                    indexed.rule.place,
                    format!("{} does not count: {}", name(indexed), why(weakness)),
                );
            }
        }
        related.left_out += weak.count(self.action).saturating_sub(MOST_RELATED);
        let what = describe(&self.rule.filter, least == 1);
        format!("it takes at least {least} {what}{}; there {}", self.among(), are(found))
    }

    fn too_many(&self, most: u64, any: &Group<'_>, related: &mut Related) -> String {
        let found = any.count(self.action);
        for number in any.first(self.action, MOST_RELATED) {
            if let Some(indexed) = self.index.rule(number) {
                let also = match indexed.rule.mode {
                    Mode::Shadow => ", in shadow mode",
                    Mode::Enforce => "",
                };
                related.add(indexed.rule.place, format!("{}{also}", name(indexed)));
            }
        }
        related.left_out += found.saturating_sub(MOST_RELATED);
        let what = describe(&self.rule.filter, most == 1);
        let most = if most == 0 { "no".to_owned() } else { format!("at most {most}") };
        format!("there may be {most} {what}{}; there {}", self.among(), are(found))
    }

    fn reads(
        &self,
        allowed: &[AllowedField<'_>],
        offenders: &Group<'_>,
        related: &mut Related,
    ) -> String {
        let admitted = Allowed::new(allowed);
        for number in offenders.first(self.action, MOST_RELATED) {
            let Some(indexed) = self.index.rule(number) else { continue };
            let mut said = Vec::new();
            for read in forbidden(indexed, &admitted, self.version) {
                let field = read.field.to_string();
                if said.contains(&field) {
                    continue;
                }
                let how = match read.by {
                    ReadBy::ActorScope => ": its scope names actors",
                    ReadBy::Left | ReadBy::Right => "",
                };
                related
                    .add(read.place, format!("{} reads `{}`{how}", name(indexed), excerpt(&field)));
                said.push(field);
            }
        }
        let found = offenders.count(self.action);
        related.left_out += found.saturating_sub(MOST_RELATED);
        let allowed: Vec<String> = allowed
            .iter()
            .map(|field| match field.key {
                Some(key) => format!("{}.{}[\"{key}\"]", field.domain, field.name),
                None => format!("{}.{}", field.domain, field.name),
            })
            .collect();
        let reads = if found == 1 { "1 reads more" } else { "read more" };
        let found = if found == 1 { String::new() } else { format!("{found} ") };
        format!(
            "{}{} may read only {}; {found}{reads}",
            describe(&self.rule.filter, false),
            self.among(),
            listing(allowed.iter().map(String::as_str))
        )
    }

    /// Where nothing was selected by an id: why not the rule of that id, or the nearest id.
    fn nearest(&self, cx: &mut Context<'_>, related: &mut Related) -> Option<String> {
        let id = self.rule.filter.id?;
        let Some(indexed) = self.index.rule_named(id) else {
            if cx.has_said_much() {
                return None;
            }
            let near = did_you_mean(id, self.index.ids())?;
            return Some(format!("no rule has the id `{}`: {near}", excerpt(id)));
        };
        let rule = indexed.rule;
        let lacks = match look(&self.rule.filter, self.version, indexed) {
            Err(Lacks::Effect) => format!("its effect is `{}`", rule.effect),
            Err(Lacks::Action(name)) => {
                format!("its scope does not name the action `{}`", excerpt(name))
            }
            Err(Lacks::Actor(name)) => {
                format!("its scope does not name the actor `{}`", excerpt(name))
            }
            Err(Lacks::Global(true)) => "its scope is not global".to_owned(),
            Err(Lacks::Global(false)) => "its scope is global".to_owned(),
            Err(Lacks::Tag(tag)) => format!("it lacks the tag `{}`", excerpt(tag)),
            Err(Lacks::Field) => "it does not read the field".to_owned(),
            Err(Lacks::Id) => return None,
            Ok(_) => format!(
                "its scope does not name the action `{}`",
                excerpt(self.action.unwrap_or_default())
            ),
        };
        related.add(rule.place, format!("{} does not count: {lacks}", name(indexed)));
        None
    }
}

fn name(indexed: &Indexed<'_>) -> String {
    format!("rule `{}`", excerpt(&indexed.rule.id))
}

fn are(found: usize) -> String {
    match found {
        0 => "is none".to_owned(),
        1 => "is 1".to_owned(),
        _ => format!("are {found}"),
    }
}

fn why(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::Shadow => "it is in shadow mode",
        Weakness::SomeActors => "its scope names actors, and the filter does not",
        Weakness::ReadByScope => "only its actor scope reads the field",
        Weakness::InsideObject => "it reads a field inside the object, not the one named",
    }
}

/// ``rules with the effect `block` that read `snapshot.fraud_flag` ``.
fn describe(filter: &Filter<'_>, is_one: bool) -> String {
    let mut parts = Vec::new();
    if let Some(id) = filter.id {
        parts.push(format!("the id `{}`", excerpt(id)));
    }
    if let Some(effect) = filter.effect {
        parts.push(format!("the effect `{effect}`"));
    }
    if let Some(action) = filter.action {
        parts.push(format!("the action `{}` in its scope", excerpt(action.text)));
    }
    if let Some(actor) = filter.actor {
        parts.push(format!("the actor `{}` in its scope", excerpt(actor.text)));
    }
    match filter.global {
        Some(true) => parts.push("a global scope".to_owned()),
        Some(false) => parts.push("a scope that is not global".to_owned()),
        None => {}
    }
    match filter.tags.as_slice() {
        [] => {}
        [tag] => parts.push(format!("the tag `{}`", excerpt(tag))),
        tags => parts.push(format!("the tags {}", listing(tags.iter().copied()))),
    }
    let mut text = if is_one { "rule" } else { "rules" }.to_owned();
    if !parts.is_empty() {
        text.push_str(" with ");
        text.push_str(&join(&parts));
    }
    if let Some(field) = filter.reads {
        let verb = if is_one { "reads" } else { "read" };
        let what = match (field.domain, field.name, field.key) {
            (Some(domain), Some(name), Some(key)) => {
                format!("`{domain}.{}[\"{}\"]`", excerpt(name), excerpt(key))
            }
            (None, Some(name), Some(key)) => format!("`{}[\"{}\"]`", excerpt(name), excerpt(key)),
            (Some(domain), Some(name), None) => format!("`{domain}.{}`", excerpt(name)),
            (Some(domain), None, _) => format!("a field of `{domain}`"),
            (None, Some(name), None) => format!("a field `{}`", excerpt(name)),
            (None, None, _) => "a field".to_owned(),
        };
        text.push_str(&format!(" that {verb} {what}"));
    }
    text
}

fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
