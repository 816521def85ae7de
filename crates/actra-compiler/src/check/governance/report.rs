//! How a broken governance rule reads.

use super::hold::{Held, HeldDemand};
use super::index::{Index, Indexed, Read, ReadBy};
use super::select::{Lacks, Selected, Weakness, look};
use super::{Demand, DemandKind, FieldFilter, Filter, GovernanceRule};
use crate::check::context::{Context, did_you_mean, excerpt, listing};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{LanguageVersion, Mode, Place};

/// Places that one violation points at.
pub(super) const MOST_RELATED: usize = 8;

/// A demand that is not met.
pub(super) struct Broken<'b, 'p, 'd> {
    pub(super) demand: &'b Demand<'d>,
    pub(super) held: &'b HeldDemand<'p>,
}

/// A governance rule that is broken.
pub(super) struct Violation<'v, 'p, 'd> {
    pub(super) index: &'v Index<'p>,
    pub(super) version: LanguageVersion,
    pub(super) rule: &'v GovernanceRule<'d>,
    pub(super) held: &'v Held<'p>,
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
    pub(super) fn report(&self, cx: &mut Context<'_>, broken: &[Broken<'_, '_, '_>]) {
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
        let mut help: Vec<String> =
            broken.iter().map(|broken| self.demand(broken, &mut related)).collect();
        let is_short =
            |broken: &Broken<'_, '_, '_>| matches!(broken.demand.kind, DemandKind::AtLeast(_));
        if broken.iter().any(is_short) && related.places.is_empty() {
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

    /// What was asked for and what was found.
    fn demand(&self, broken: &Broken<'_, '_, '_>, related: &mut Related) -> String {
        let (more, found) = match &broken.demand.kind {
            DemandKind::AtLeast(_) => ("", self.too_few(related)),
            DemandKind::AtMost(_) => ("", self.too_many(related)),
            DemandKind::OnlyRead(_) => {
                let found = self.reads(broken.held, related);
                (if found == 1 { " that reads more" } else { " that read more" }, found)
            }
        };
        let words = broken.held.words.get_or_init(|| words(&self.rule.filter, &broken.demand.kind));
        match self.action {
            Some(action) => format!("{words}: found {found} for `{}`{more}", excerpt(action)),
            None => format!("{words}: found {found}{more}"),
        }
    }

    fn too_few(&self, related: &mut Related) -> usize {
        let Held { full, weak, .. } = self.held;
        let found = full.count(self.action);
        for number in full.first(self.action, MOST_RELATED) {
            if let Some(indexed) = self.index.rule(number) {
                related.add(indexed.rule.place, format!("{} counts", name(indexed)));
            }
        }
        related.left_out += found.saturating_sub(MOST_RELATED);
        for number in weak.first(self.action, MOST_RELATED) {
            let weakness = self.selected(number).and_then(|one| one.weakness);
            if let (Some(indexed), Some(weakness)) = (self.index.rule(number), weakness) {
                related.add(
                    indexed.rule.place,
                    format!("{} does not count: {}", name(indexed), why(weakness)),
                );
            }
        }
        related.left_out += weak.count(self.action).saturating_sub(MOST_RELATED);
        found
    }

    fn too_many(&self, related: &mut Related) -> usize {
        let any = &self.held.any;
        for number in any.first(self.action, MOST_RELATED) {
            let Some(indexed) = self.index.rule(number) else { continue };
            let also = match indexed.rule.mode {
                Mode::Shadow => ", in shadow mode",
                Mode::Enforce => "",
            };
            let read = self.selected(number).and_then(|one| indexed.reads.get(one.read?));
            let (place, reads) = match read {
                Some(read) => (read.place, says_read(read)),
                None => (indexed.rule.place, String::new()),
            };
            related.add(place, format!("{}{reads}{also}", name(indexed)));
        }
        let found = any.count(self.action);
        related.left_out += found.saturating_sub(MOST_RELATED);
        found
    }

    fn reads(&self, held: &HeldDemand<'_>, related: &mut Related) -> usize {
        for number in held.offenders.first(self.action, MOST_RELATED) {
            let Some(indexed) = self.index.rule(number) else { continue };
            let at = held.offences.binary_search_by_key(&number, |(number, _)| *number);
            let first = at.ok().and_then(|at| held.offences.get(at)).map(|(_, first)| first);
            for read in first.into_iter().flatten() {
                if let Some(read) = indexed.reads.get(*read) {
                    related.add(read.place, format!("{}{}", name(indexed), says_read(read)));
                }
            }
        }
        let found = held.offenders.count(self.action);
        related.left_out += found.saturating_sub(MOST_RELATED);
        found
    }

    fn selected(&self, number: u32) -> Option<&Selected> {
        let selected = &self.held.selected;
        let at = selected.binary_search_by_key(&number, |one| one.number).ok()?;
        selected.get(at)
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

/// ``needs at least 1 rule with the effect `block` ``.
fn words(filter: &Filter<'_>, demand: &DemandKind<'_>) -> String {
    match demand {
        DemandKind::AtLeast(least) => {
            format!("needs at least {least} {}", describe(filter, *least == 1))
        }
        DemandKind::AtMost(0) => format!("allows no {}", describe(filter, false)),
        DemandKind::AtMost(most) => {
            format!("allows at most {most} {}", describe(filter, *most == 1))
        }
        DemandKind::OnlyRead(allowed) => {
            let allowed: Vec<String> = allowed
                .iter()
                .map(|field| match field.key {
                    Some(key) => format!("{}.{}[\"{key}\"]", field.domain, field.name),
                    None => format!("{}.{}", field.domain, field.name),
                })
                .collect();
            format!(
                "allows {} to read only {}",
                describe(filter, false),
                listing(allowed.iter().map(String::as_str))
            )
        }
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
