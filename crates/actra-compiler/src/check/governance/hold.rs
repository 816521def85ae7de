//! Holds governance rules against a checked policy.

use super::index::{Index, Read, ReadBy};
use super::report::{Broken, MOST_RELATED, Violation};
use super::select::{Group, Selected, Steps, select};
use super::{AllowedField, AppliesTo, DemandKind, Governance, GovernanceRule, Name, lint};
use crate::check::context::{Context, start_of};
use crate::diagnostic::{Code, Span};
use crate::limits::{MAX_GOVERNANCE_STEPS, MAX_GOVERNANCE_VIOLATIONS};
use crate::model::{CheckedPolicy, FieldRef, LanguageVersion};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;

/// Reports every governance rule that the policy breaks, and what of the governance can be evaded
/// or selects nothing.
pub(in crate::check) fn hold(
    cx: &mut Context<'_>,
    policy: &CheckedPolicy,
    governance: &Governance<'_>,
) {
    let index = Index::new(policy);
    let mut holder = Holder {
        policy,
        index: &index,
        version: governance.version,
        steps: Steps::new(),
        found: 0,
    };
    let names = lint::Names::new(&policy.schema);
    for rule in &governance.rules {
        lint::names(cx, &names, rule);
        if governance.version == LanguageVersion::V1 {
            lint::evasion(cx, rule);
        }
    }
    for rule in governance.rules.iter().filter(|rule| !rule.demands.is_empty()) {
        if holder.rule(cx, rule).is_none() {
            let message = format!(
                "holding the governance document against {} rules takes more than \
                 {MAX_GOVERNANCE_STEPS} steps",
                policy.rules.len()
            );
            let help = "select fewer rules: by `id`, `tags` or the field that they read";
            cx.error_with_help(Code::GovernanceTooLarge, rule.span, message, help);
            return;
        }
    }
    holder.say_rest(cx, governance.rules.first().map(|rule| rule.span));
}

struct Holder<'h, 'p> {
    policy: &'p CheckedPolicy,
    index: &'h Index<'p>,
    version: LanguageVersion,
    steps: Steps,
    found: usize,
}

/// What the demands of one rule count, grouped by action.
pub(super) struct Held<'p> {
    /// In file order.
    pub(super) selected: Vec<Selected>,
    /// What counts for lower bounds.
    pub(super) full: Group<'p>,
    /// What is selected and does not.
    pub(super) weak: Group<'p>,
    /// All that is selected.
    pub(super) any: Group<'p>,
    demands: Vec<HeldDemand<'p>>,
}

/// What is found out about a demand once, for all actions.
#[derive(Default)]
pub(super) struct HeldDemand<'p> {
    /// Rules that read what they may not.
    pub(super) offenders: Group<'p>,
    /// By number, in order: the first fields that each of them may not read.
    pub(super) offences: Vec<(u32, Vec<usize>)>,
    /// What is asked for, once it has been put into words.
    pub(super) words: OnceCell<String>,
}

impl<'p> Holder<'_, 'p> {
    /// `None`: out of steps.
    fn rule(&mut self, cx: &mut Context<'_>, rule: &GovernanceRule<'_>) -> Option<()> {
        let policy = self.policy;
        let is_off = |names: &[Name<'_>]| {
            !names.is_empty() && !names.iter().any(|name| self.index.has_scope(name.text))
        };
        if self.version == LanguageVersion::V1 && is_off(rule.applies_to.names()) {
            return Some(());
        }
        let selected = select(self.index, &rule.filter, self.version, &mut self.steps)?;
        let held = self.held(rule, selected)?;
        let mut demands = |holder: &mut Self, action| holder.demands(cx, rule, &held, action);
        match (self.version, &rule.applies_to) {
            (LanguageVersion::V1, _) => demands(self, None),
            (LanguageVersion::V2, AppliesTo::EveryAction) => {
                for action in &policy.schema.actions {
                    self.steps.take(1)?;
                    demands(self, Some(action.name.as_str()));
                }
            }
            (LanguageVersion::V2, AppliesTo::Actions(names)) => {
                let mut seen = HashSet::new();
                for name in names {
                    self.steps.take(1)?;
                    // Of an action that the schema lacks, `lint` has spoken.
                    if policy.schema.action(name.text).is_some() && seen.insert(name.text) {
                        demands(self, Some(name.text));
                    }
                }
            }
        }
        Some(())
    }

    fn held(&mut self, rule: &GovernanceRule<'_>, selected: Vec<Selected>) -> Option<Held<'p>> {
        let of = |is_weak: bool| {
            selected
                .iter()
                .filter(move |one| one.weakness.is_some() == is_weak)
                .map(|one| one.number)
        };
        let full = self.group(of(false))?;
        let weak = self.group(of(true))?;
        let any = self.group(selected.iter().map(|one| one.number))?;
        let mut demands = Vec::with_capacity(rule.demands.len());
        for demand in &rule.demands {
            demands.push(match &demand.kind {
                DemandKind::OnlyRead(allowed) => {
                    let offences = self.offences(allowed, &selected)?;
                    let offenders = self.group(offences.iter().map(|(number, _)| *number))?;
                    HeldDemand { offenders, offences, words: OnceCell::new() }
                }
                DemandKind::AtLeast(_) | DemandKind::AtMost(_) => HeldDemand::default(),
            });
        }
        Some(Held { selected, full, weak, any, demands })
    }

    fn group(&mut self, numbers: impl Iterator<Item = u32>) -> Option<Group<'p>> {
        match self.version {
            LanguageVersion::V1 => Some(Group::whole(numbers)),
            LanguageVersion::V2 => Group::by_action(self.index, numbers, &mut self.steps),
        }
    }

    /// Of each rule that reads what it may not, the first such fields.
    fn offences(
        &mut self,
        allowed: &[AllowedField<'_>],
        selected: &[Selected],
    ) -> Option<Vec<(u32, Vec<usize>)>> {
        let allowed: HashSet<_> =
            allowed.iter().map(|field| (field.domain, field.name, field.key)).collect();
        let admits = |read: &Read<'_>| {
            let FieldRef { domain, path, key } = read.field.as_ref();
            let path = match path.as_slice() {
                [name] => Cow::Borrowed(name.as_str()),
                _ => Cow::Owned(path.join(".")),
            };
            allowed.contains(&(*domain, &path, None))
                || key.as_deref().is_some_and(|key| allowed.contains(&(*domain, &path, Some(key))))
        };
        let mut offences = Vec::new();
        for one in selected {
            let Some(indexed) = self.index.rule(one.number) else { continue };
            self.steps.take(indexed.reads.len())?;
            let counts =
                |read: &Read<'_>| self.version == LanguageVersion::V2 || read.by == ReadBy::Left;
            let mut first: Vec<usize> = Vec::new();
            for (number, read) in indexed.reads.iter().enumerate() {
                let is_new = |number: &usize| {
                    indexed.reads.get(*number).is_none_or(|said| said.field != read.field)
                };
                if counts(read) && !admits(read) && first.iter().all(is_new) {
                    first.push(number);
                    if first.len() == MOST_RELATED {
                        break;
                    }
                }
            }
            if !first.is_empty() {
                offences.push((one.number, first));
            }
        }
        Some(offences)
    }

    /// The demands of a rule for one action, or (version 1) for the policy as a whole.
    fn demands(
        &mut self,
        cx: &mut Context<'_>,
        rule: &GovernanceRule<'_>,
        held: &Held<'p>,
        action: Option<&str>,
    ) {
        let (full, any) = (held.full.count(action) as u64, held.any.count(action) as u64);
        let broken: Vec<Broken<'_, '_, '_>> = rule
            .demands
            .iter()
            .zip(&held.demands)
            .filter(|(demand, more)| match demand.kind {
                DemandKind::AtLeast(least) => full < least,
                DemandKind::AtMost(most) => any > most,
                DemandKind::OnlyRead(_) => more.offenders.count(action) > 0,
            })
            .map(|(demand, held)| Broken { demand, held })
            .collect();
        if broken.is_empty() {
            return;
        }
        self.found += 1;
        if self.found <= MAX_GOVERNANCE_VIOLATIONS {
            let violation =
                Violation { index: self.index, version: self.version, rule, held, action };
            violation.report(cx, &broken);
        }
    }

    fn say_rest(&self, cx: &mut Context<'_>, span: Option<Span>) {
        let (Some(more), Some(span)) =
            (self.found.checked_sub(MAX_GOVERNANCE_VIOLATIONS).filter(|more| *more > 0), span)
        else {
            return;
        };
        let message = format!("governance is broken {more} more times than is listed");
        cx.error(Code::GovernanceViolated, start_of(span.source), message);
    }
}
