//! Actra itself, in the same binary as the engines that it is held against.

use crate::peer::{Fallible, Peer, When};
use crate::workload::{Kind, Workload};
use actra::{Effect, Frame, Policy};
use actra_benches::{arguments, guard, roles, tenants, thresholds};

type Ours = Frame<'static, 'static>;
type Fill<I, S> = fn(&S, &mut Ours, &'static I);

pub fn peer(workload: &'static Workload, when: When) -> Fallible<Box<dyn Peer>> {
    let policy = &workload.policy;
    match &workload.kind {
        Kind::Guard(inputs) => {
            frames(policy, when, inputs, guard::Slots::of(policy), |slots, frame, input| {
                slots.fill(frame, input);
            })
        }
        Kind::Roles { inputs, .. } => {
            frames(policy, when, inputs, roles::Slots::of(policy), |slots, frame, input| {
                slots.fill(frame, input);
            })
        }
        Kind::Tenants { inputs, .. } => {
            frames(policy, when, inputs, tenants::Slots::of(policy), tenants::Slots::fill)
        }
        Kind::Thresholds { risks, .. } => {
            frames(policy, when, risks, thresholds::Slots::of(policy), |slots, frame, risk| {
                slots.fill(frame, *risk);
            })
        }
        Kind::Strings(inputs) => {
            frames(policy, when, inputs, arguments::Slots::of(policy), arguments::Slots::fill)
        }
    }
}

fn frames<I, S: 'static>(
    policy: &'static Policy,
    when: When,
    inputs: &'static [I],
    slots: Option<S>,
    fill: Fill<I, S>,
) -> Fallible<Box<dyn Peer>> {
    let slots = slots.ok_or("the policy lacks a slot")?;
    Ok(match when {
        When::Within => Box::new(Filled { frame: policy.frame(), inputs, slots, fill }),
        When::Before => {
            let filled = |input| {
                let mut frame = policy.frame();
                fill(&slots, &mut frame, input);
                frame
            };
            Box::new(Ready(inputs.iter().map(filled).collect()))
        }
    })
}

/// A frame, filled for each decision.
struct Filled<I: 'static, S> {
    frame: Ours,
    inputs: &'static [I],
    slots: S,
    fill: Fill<I, S>,
}

impl<I, S> Peer for Filled<I, S> {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        let input = self.inputs.get(at).ok_or("there is no such input")?;
        (self.fill)(&self.slots, &mut self.frame, input);
        Ok(Policy::decide(&mut self.frame).map_err(|error| format!("{error:?}"))?.effect)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        let input = self.inputs.get(at).ok_or("there is no such input")?;
        (self.fill)(&self.slots, &mut self.frame, input);
        tell(&mut self.frame)
    }
}

/// Frames that were filled before.
struct Ready(Vec<Ours>);

impl Peer for Ready {
    fn effect(&mut self, at: usize) -> Fallible<Effect> {
        let frame = self.0.get_mut(at).ok_or("there is no such input")?;
        Ok(Policy::decide(frame).map_err(|error| format!("{error:?}"))?.effect)
    }

    fn told(&mut self, at: usize) -> Fallible<String> {
        tell(self.0.get_mut(at).ok_or("there is no such input")?)
    }
}

fn tell(frame: &mut Frame<'_, '_>) -> Fallible<String> {
    let outcome = Policy::decide(frame).map_err(|error| format!("{error:?}"))?;
    let decision = Policy::decision(frame, &outcome);
    let rule = decision.matched_rule.unwrap_or_else(|| "-".to_owned());
    Ok(format!("{}\t{rule}", decision.effect.as_str()))
}
