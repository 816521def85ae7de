//! How a broken governance rule reads.

use super::hold::{Allowed, forbidden};
use super::index::{Index, Indexed, Read, ReadBy};
use super::select::{Group, Lacks, Selected, Weakness, look, reading};
use super::{AllowedField, FieldFilter, Filter, GovernanceRule};
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

    /// What was found, and where it was looked for.
    fn found(&self, count: usize) -> String {
        match self.action {
            Some(action) => format!("found {count} for `{}`", excerpt(action)),
            None => format!("found {count}"),
        }
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
        format!("needs at least {least} {what}: {}", self.found(found))
    }

    fn too_many(&self, most: u64, any: &Group<'_>, related: &mut Related) -> String {
        let found = any.count(self.action);
        for number in any.first(self.action, MOST_RELATED) {
            if let Some(indexed) = self.index.rule(number) {
                let also = match indexed.rule.mode {
                    Mode::Shadow => ", in shadow mode",
                    Mode::Enforce => "",
                };
                let read = self.rule.filter.reads;
                let read = read.and_then(|field| reading(field, self.version, indexed));
                let (place, reads) = match read {
                    Some((read, _)) => (read.place, says_read(read)),
                    None => (indexed.rule.place, String::new()),
                };
                related.add(place, format!("{}{reads}{also}", name(indexed)));
            }
        }
        related.left_out += found.saturating_sub(MOST_RELATED);
        let what = describe(&self.rule.filter, most == 1);
        let most = if most == 0 { "no".to_owned() } else { format!("at most {most}") };
        format!("allows {most} {what}: {}", self.found(found))
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
                related.add(read.place, format!("{}{}", name(indexed), says_read(read)));
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
        format!(
            "allows {} to read only {}: {} that {} more",
            describe(&self.rule.filter, false),
            listing(allowed.iter().map(String::as_str)),
            self.found(found),
            if found == 1 { "reads" } else { "read" },
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

fn says_read(read: &Read<'_>) -> String {
    let how = match read.by {
        ReadBy::ActorScope => ": its scope names actors",
        ReadBy::Left | ReadBy::Right => "",
    };
    format!(" reads `{}`{how}", excerpt(&read.field.to_string()))
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
    let mut text = if is_one { "rule" } else { "rules" }.to_owned();
    if filter.global == Some(true) {
        text.insert_str(0, "global ");
    }
    let mut with = Vec::new();
    with.extend(filter.id.map(|id| format!("the id `{}`", excerpt(id))));
    with.extend(filter.effect.map(|effect| format!("the effect `{effect}`")));
    match filter.tags.as_slice() {
        [] => {}
        [tag] => with.push(format!("the tag `{}`", excerpt(tag))),
        tags => with.push(format!("the tags {}", listing(tags.iter().copied()))),
    }
    if !with.is_empty() {
        text.push_str(" with ");
        text.push_str(&join(&with));
    }
    let mut scope = Vec::new();
    scope.extend(filter.action.map(|action| format!("the action `{}`", excerpt(action.text))));
    scope.extend(filter.actor.map(|actor| format!("the actor `{}`", excerpt(actor.text))));
    if !scope.is_empty() {
        text.push_str(" scoped to ");
        text.push_str(&join(&scope));
    }
    if filter.global == Some(false) {
        text.push_str(if is_one { " that is not global" } else { " that are not global" });
    }
    if let Some(field) = filter.reads {
        text.push_str(if is_one { " that reads " } else { " that read " });
        text.push_str(&describe_field(field));
    }
    text
}

fn describe_field(field: FieldFilter<'_>) -> String {
    let key = field.key.map_or_else(String::new, |key| format!("[\"{}\"]", excerpt(key)));
    match (field.domain, field.name) {
        (Some(domain), Some(name)) => format!("`{domain}.{}{key}`", excerpt(name)),
        (Some(domain), None) => format!("a field of `{domain}`"),
        (None, Some(name)) => format!("a field `{}{key}`", excerpt(name)),
        (None, None) => "a field".to_owned(),
    }
}

fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
