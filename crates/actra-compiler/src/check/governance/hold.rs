//! Holds governance rules against a checked policy.

use super::index::{Index, Indexed, Read, ReadBy};
use super::report::{Broken, Violation};
use super::select::{Group, Selected, Steps, select};
use super::{AllowedField, AppliesTo, DemandKind, Governance, GovernanceRule, Name, lint};
use crate::check::context::{Context, start_of};
use crate::diagnostic::{Code, Span};
use crate::limits::{MAX_GOVERNANCE_STEPS, MAX_GOVERNANCE_VIOLATIONS};
use crate::model::{CheckedPolicy, LanguageVersion};
use std::collections::{HashMap, HashSet};

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
    for rule in &governance.rules {
        lint::names(cx, &policy.schema, rule);
        if governance.version == LanguageVersion::V1 {
            lint::evasion(cx, rule);
        }
    }
    for rule in &governance.rules {
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
struct Groups<'p> {
    /// What counts for lower bounds.
    full: Group<'p>,
    /// What is selected and does not.
    weak: Group<'p>,
    /// All that is selected.
    any: Group<'p>,
    /// Per demand, those that read what they may not. Empty for other demands.
    offenders: Vec<Group<'p>>,
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
        let groups = self.groups(rule, &selected)?;
        let mut demands =
            |holder: &mut Self, action| holder.demands(cx, rule, &selected, &groups, action);
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

    fn groups(&mut self, rule: &GovernanceRule<'_>, selected: &[Selected]) -> Option<Groups<'p>> {
        let of = |is_weak: bool| {
            selected
                .iter()
                .filter(move |one| one.weakness.is_some() == is_weak)
                .map(|one| one.number)
        };
        let full = self.group(of(false))?;
        let weak = self.group(of(true))?;
        let any = self.group(selected.iter().map(|one| one.number))?;
        let mut offenders = Vec::with_capacity(rule.demands.len());
        for demand in &rule.demands {
            let numbers = match &demand.kind {
                DemandKind::OnlyRead(allowed) => self.offenders(allowed, selected)?,
                DemandKind::AtLeast(_) | DemandKind::AtMost(_) => Vec::new(),
            };
            offenders.push(self.group(numbers.into_iter())?);
        }
        Some(Groups { full, weak, any, offenders })
    }

    fn group(&mut self, numbers: impl Iterator<Item = u32>) -> Option<Group<'p>> {
        match self.version {
            LanguageVersion::V1 => Some(Group::whole(numbers)),
            LanguageVersion::V2 => Group::by_action(self.index, numbers, &mut self.steps),
        }
    }

    fn offenders(
        &mut self,
        allowed: &[AllowedField<'_>],
        selected: &[Selected],
    ) -> Option<Vec<u32>> {
        let allowed = Allowed::new(allowed);
        let mut offenders = Vec::new();
        for one in selected {
            let Some(indexed) = self.index.rule(one.number) else { continue };
            self.steps.take(indexed.reads.len())?;
            if forbidden(indexed, &allowed, self.version).next().is_some() {
                offenders.push(one.number);
            }
        }
        Some(offenders)
    }

    /// The demands of a rule for one action, or (version 1) for the policy as a whole.
    fn demands(
        &mut self,
        cx: &mut Context<'_>,
        rule: &GovernanceRule<'_>,
        selected: &[Selected],
        groups: &Groups<'p>,
        action: Option<&str>,
    ) {
        let (full, any) = (groups.full.count(action), groups.any.count(action));
        let broken: Vec<Broken<'_, '_>> = rule
            .demands
            .iter()
            .zip(&groups.offenders)
            .filter_map(|(demand, offenders)| match &demand.kind {
                DemandKind::AtLeast(least) => ((full as u64) < *least).then_some(Broken::TooFew {
                    least: *least,
                    full: &groups.full,
                    weak: &groups.weak,
                }),
                DemandKind::AtMost(most) => ((any as u64) > *most)
                    .then_some(Broken::TooMany { most: *most, any: &groups.any }),
                DemandKind::OnlyRead(allowed) => {
                    (offenders.count(action) > 0).then_some(Broken::Reads { allowed, offenders })
                }
            })
            .collect();
        if broken.is_empty() {
            return;
        }
        self.found += 1;
        if self.found <= MAX_GOVERNANCE_VIOLATIONS {
            let violation =
                Violation { index: self.index, version: self.version, rule, selected, action };
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

/// Fields that may be read.
pub(super) struct Allowed<'a, 'd> {
    /// By name: entries with keys, and whether the name alone is there.
    entries: HashMap<&'a str, Vec<&'a AllowedField<'d>>>,
}

impl<'a, 'd> Allowed<'a, 'd> {
    pub(super) fn new(fields: &'a [AllowedField<'d>]) -> Self {
        let mut entries: HashMap<_, Vec<_>> = HashMap::new();
        for field in fields {
            entries.entry(field.name).or_default().push(field);
        }
        Self { entries }
    }

    fn admits(&self, read: &Read<'_>) -> bool {
        let path = &read.field.path;
        let entries = match path.as_slice() {
            [name] => self.entries.get(name.as_str()),
            _ => self.entries.get(path.join(".").as_str()),
        };
        entries.is_some_and(|entries| entries.iter().any(|entry| entry.admits(&read.field)))
    }
}

/// What the rule reads and may not.
pub(super) fn forbidden<'i, 'p>(
    indexed: &'i Indexed<'p>,
    allowed: &'i Allowed<'_, '_>,
    version: LanguageVersion,
) -> impl Iterator<Item = &'i Read<'p>> {
    let counts = move |read: &Read<'_>| version == LanguageVersion::V2 || read.by == ReadBy::Left;
    indexed.reads.iter().filter(move |read| counts(read) && !allowed.admits(read))
}
