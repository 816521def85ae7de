//! A policy as a formula: which rules fire, which one decides, and what the effect is.

use crate::probe::{Case, Source, Truth};
use crate::solve::Lit;
use crate::space::Space;
use actra_compiler::model::{Combine, Condition, Effect, Mode, Rule};

/// A rule that can fire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// Its number in the policy.
    pub(crate) rule: usize,
    /// Its condition says that it fires.
    pub(crate) fires: Lit,
    /// Nothing before it decides, and it fires. Of a shadow rule nothing.
    pub(crate) decides: Lit,
    /// As `decides`, but that other approval rules may stand before an approval: it is carried
    /// with them.
    pub(crate) counts: Lit,
    /// Without it, what comes after it decides to another effect than its own.
    pub(crate) rest_differs: Lit,
}

/// A policy over the inputs of a case.
#[derive(Clone, Debug)]
pub(crate) struct Encoded {
    /// In the order in which they decide.
    pub(crate) candidates: Vec<Candidate>,
    /// The default decides.
    pub(crate) default: Lit,
    /// By effect: what is decided.
    effects: [Lit; 3],
    /// Checking lets the input pass.
    pub(crate) valid: Lit,
}

/// Effects, from the one that lets most through.
pub(crate) const EFFECTS: [Effect; 3] = [Effect::Allow, Effect::RequireApproval, Effect::Block];

impl Encoded {
    pub(crate) fn new(
        space: &mut Space<'_>,
        number: usize,
        source: Source<'_>,
        case: &Case,
        is_complete: bool,
    ) -> Self {
        let policy = source.policy;
        let combine = policy.settings.combine;
        let mut order: Vec<(usize, &Rule)> =
            policy.rules.iter().enumerate().filter(|(_, rule)| case.admits(rule)).collect();
        order.sort_by_key(|(_, rule)| rank(combine, rule));
        let valid = space.is_valid(number, is_complete);

        let fires: Vec<Lit> = order.iter().map(|(_, rule)| fires(space, number, rule)).collect();
        let mut candidates: Vec<Candidate> = Vec::with_capacity(order.len());
        let mut reached = Lit::TRUE;
        let mut no_block = None;
        for ((rule_number, rule), fires) in order.iter().zip(&fires) {
            if rule.effect != Effect::Block && no_block.is_none() {
                no_block = Some(reached);
            }
            let is_carried =
                combine == Combine::MostRestrictive && rule.effect == Effect::RequireApproval;
            let before = if is_carried { no_block.unwrap_or(reached) } else { reached };
            let (decides, counts) = if rule.mode == Mode::Shadow {
                (Lit::FALSE, Lit::FALSE)
            } else {
                (space.solver.all(&[reached, *fires]), space.solver.all(&[before, *fires]))
            };
            candidates.push(Candidate {
                rule: *rule_number,
                fires: *fires,
                decides,
                counts,
                rest_differs: Lit::TRUE,
            });
            if rule.mode == Mode::Enforce {
                reached = space.solver.all(&[reached, !*fires]);
            }
        }
        let default_effect = policy.settings.default;

        // From the end: whether what is left decides to something else than each effect. Rules of
        // one effect that stand together are taken as one for the others.
        let mut differs =
            EFFECTS.map(|effect| if effect == default_effect { Lit::FALSE } else { Lit::TRUE });
        let mut group: Option<Effect> = None;
        let mut firing: Vec<Lit> = Vec::new();
        let enforced = candidates.iter_mut().zip(&order).rev();
        for (candidate, (_, rule)) in enforced {
            if group.is_some_and(|effect| effect != rule.effect) {
                close(space, &mut group, &mut firing, &mut differs);
            }
            let own = place(rule.effect).and_then(|place| differs.get_mut(place));
            let Some(own) = own else { continue };
            candidate.rest_differs = *own;
            if rule.mode == Mode::Enforce {
                *own = space.solver.all(&[!candidate.fires, *own]);
                firing.push(candidate.fires);
                group = Some(rule.effect);
            }
        }
        close(space, &mut group, &mut firing, &mut differs);
        let effects = differs.map(|differs| !differs);
        Self { candidates, default: reached, effects, valid }
    }

    /// The decision has the effect.
    pub(crate) fn has_effect(&self, effect: Effect) -> Lit {
        place(effect).and_then(|place| self.effects.get(place)).copied().unwrap_or(Lit::FALSE)
    }

    /// That rule decides; `None`: the default.
    pub(crate) fn decided_by(&self, rule: Option<usize>) -> Lit {
        match rule {
            None => self.default,
            Some(rule) => self
                .candidates
                .iter()
                .find(|candidate| candidate.rule == rule)
                .map_or(Lit::FALSE, |candidate| candidate.decides),
        }
    }
}

/// Where a rule of the group fires, what is decided differs from all other effects.
fn close(
    space: &mut Space<'_>,
    group: &mut Option<Effect>,
    firing: &mut Vec<Lit>,
    differs: &mut [Lit; 3],
) {
    let Some(own) = group.take() else { return };
    let fires = space.solver.any(firing);
    firing.clear();
    for (effect, differs) in EFFECTS.iter().zip(differs) {
        if *effect != own {
            *differs = space.solver.any(&[fires, *differs]);
        }
    }
}

fn place(effect: Effect) -> Option<usize> {
    EFFECTS.iter().position(|known| *known == effect)
}

/// Where a rule stands in the order of decision.
pub(crate) fn rank(combine: Combine, rule: &Rule) -> u8 {
    match combine {
        Combine::MostRestrictive => match rule.effect {
            Effect::Block => 0,
            Effect::RequireApproval => 1,
            Effect::Allow => 2,
        },
        Combine::FirstMatch => match (&rule.scope.actions, &rule.scope.actors) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        },
    }
}

fn fires(space: &mut Space<'_>, number: usize, rule: &Rule) -> Lit {
    // What is unknown fires whatever is no allow rule.
    let unknown = rule.effect != Effect::Allow;
    let mut parts = Vec::new();
    for condition in rule.actor_condition().iter().chain(&rule.condition) {
        parts.push(holds(space, number, condition, unknown, false));
    }
    space.solver.all(&parts)
}

/// The condition, or its opposite, is true; or unknown, if that counts.
pub(crate) fn holds(
    space: &mut Space<'_>,
    number: usize,
    condition: &Condition,
    unknown: bool,
    is_negated: bool,
) -> Lit {
    let (parts, is_all) = match condition {
        Condition::Not(part) => return holds(space, number, part, unknown, !is_negated),
        Condition::Atom(atom) => {
            let mut wanted = vec![if is_negated { Truth::False } else { Truth::True }];
            wanted.extend(unknown.then_some(Truth::Unknown));
            return space.says(number, atom, &wanted);
        }
        Condition::All(parts) => (parts, !is_negated),
        Condition::Any(parts) => (parts, is_negated),
    };
    let parts: Vec<Lit> =
        parts.iter().map(|part| holds(space, number, part, unknown, is_negated)).collect();
    if is_all { space.solver.all(&parts) } else { space.solver.any(&parts) }
}
