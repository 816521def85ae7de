//! Actra itself, in the same binary as the engines that it is held against.

use crate::peer::{Fallible, Peer};
use crate::workload::{Kind, Workload};
use actra::{Effect, Frame, Policy};
use actra_benches::guard::{self, Context};
use actra_benches::roles::{self, Input};

const NO_SLOTS: &str = "the policy lacks a slot";

/// A frame, filled for each decision.
struct Filled<I: 'static, S> {
    frame: Frame<'static, 'static>,
    inputs: &'static [I],
    slots: S,
    fill: fn(&S, &mut Frame<'static, 'static>, &I),
}

pub fn filled(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    let frame = workload.policy.frame();
    Ok(match &workload.kind {
        Kind::Guard(inputs) => Box::new(Filled::<Context<'static>, _> {
            frame,
            inputs,
            slots: guard::Slots::of(&workload.policy).ok_or(NO_SLOTS)?,
            fill: guard::Slots::fill,
        }),
        Kind::Roles { inputs, .. } => Box::new(Filled::<Input<'static>, _> {
            frame,
            inputs,
            slots: roles::Slots::of(&workload.policy).ok_or(NO_SLOTS)?,
            fill: roles::Slots::fill,
        }),
    })
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
struct Ready(Vec<Frame<'static, 'static>>);

pub fn ready(workload: &'static Workload) -> Fallible<Box<dyn Peer>> {
    let policy = &workload.policy;
    Ok(Box::new(Ready(match &workload.kind {
        Kind::Guard(inputs) => {
            let slots = guard::Slots::of(policy).ok_or(NO_SLOTS)?;
            let filled = |input| {
                let mut frame = policy.frame();
                slots.fill(&mut frame, input);
                frame
            };
            inputs.iter().map(filled).collect()
        }
        Kind::Roles { inputs, .. } => {
            let slots = roles::Slots::of(policy).ok_or(NO_SLOTS)?;
            let filled = |input| {
                let mut frame = policy.frame();
                slots.fill(&mut frame, input);
                frame
            };
            inputs.iter().map(filled).collect()
        }
    })))
}

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
