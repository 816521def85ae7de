//! Following an action's chain: what visiting its rules one by one comes to, with less on the way.

use crate::error::InputError;
use crate::frame::Frame;
use crate::operands::collect_missing;
use crate::run::{Outcome, Shadow, Unknowns, collect_approvals_behind, is_unknown, unknown_holds};
use crate::test::{Truth, test};
use actra_bytecode::ids::ActionId;
use actra_bytecode::program::{Effect, Rule};
use actra_bytecode::walks::{Step, StepKind, exact_double};
use actra_bytecode::{Number, Program};

/// Decides by the action's chain, which starts there.
#[expect(clippy::unnecessary_wraps, reason = "unwrapped, the outcome would be copied")]
#[inline]
pub(crate) fn follow(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    action: ActionId,
    start: u32,
) -> Result<Outcome, InputError> {
    let steps = program.steps();
    let mut shadow = None;
    // The last op of which the answer was unknown.
    let mut doubt = u32::MAX;
    let mut at = start;
    // Every step leads to a later one.
    while let Some(step) = steps.get(at as usize) {
        let says = match step.kind {
            StepKind::StringEquals => frame.symbol(step.slot).map(|symbol| symbol == step.symbol()),
            StepKind::StringIn => {
                frame.symbol(step.slot).map(|symbol| step.symbols().contains(symbol))
            }
            StepKind::IntegerCompare => match frame.integer(step.slot) {
                Some(value) => Some(step.comparison.admits(Some(value.cmp(&step.integer())))),
                None => frame.float(step.slot).map(|value| {
                    step.comparison.admits(value.partial_cmp(&(step.integer() as f64)))
                }),
            },
            StepKind::FloatCompare => match frame.float(step.slot) {
                Some(value) => Some(step.comparison.admits(value.partial_cmp(&step.float()))),
                None => frame.integer(step.slot).map(|value| {
                    let constant = Number::Float(step.float());
                    step.comparison.admits(Number::Integer(value).compare(constant))
                }),
            },
            StepKind::BooleanIn => {
                frame.boolean(step.slot).map(|value| step.mask() & (1 << u32::from(value)) != 0)
            }
            StepKind::Op => None,
            StepKind::Fire => {
                let Some(rule) = program.rule(step.rule()) else { break };
                if rule.shadow {
                    shadow = shadow.or(Some(Shadow { effect: rule.effect, rule: step.rule() }));
                    at = step.no;
                    continue;
                }
                let doubtful = (rule.entry..rule.end).contains(&doubt);
                return Ok(fired(frame, program, action, (step, rule), doubtful, shadow));
            }
            StepKind::End => {
                let effect = program.settings().default;
                return Ok(Outcome { effect, rule: None, is_unknown: false, shadow });
            }
            StepKind::Switch => {
                let value = match frame.integer(step.slot) {
                    Some(value) => exact_double(value),
                    None => frame.float(step.slot),
                };
                let target = value.zip(program.switch(step.switch()));
                at = target.and_then(|(value, switch)| switch.target(value)).unwrap_or(step.no);
                continue;
            }
        };
        let says = match says {
            Some(says) => says,
            None => ask(frame, program, step, &mut doubt),
        };
        at = if says { step.yes } else { step.no };
    }
    // No verified program comes here. What cannot be decided may not run.
    Ok(Outcome { effect: Effect::Block, rule: None, is_unknown: false, shadow })
}

/// What the step's op says, were it not negated.
#[inline(never)]
fn ask(frame: &Frame<'_, '_>, program: &Program, step: &Step, doubt: &mut u32) -> bool {
    let Some(op) = program.ops().get(step.op as usize) else { return false };
    let holds = match test(frame, op) {
        Truth::True => true,
        Truth::False => false,
        unknown => {
            *doubt = step.op;
            unknown_holds(program, op, unknown, Unknowns::AsCompiled)
        }
    };
    holds != step.negated
}

/// What is decided where a rule fires that is more than watched.
#[inline]
fn fired(
    frame: &mut Frame<'_, '_>,
    program: &Program,
    action: ActionId,
    (step, rule): (&Step, &Rule),
    doubtful: bool,
    shadow: Option<Shadow>,
) -> Outcome {
    let id = step.rule();
    if rule.effect == Effect::RequireApproval && program.settings().collects_approvals {
        collect_approvals_behind(frame, program, id, action);
    }
    let is_unknown = doubtful && rule.effect != Effect::Allow && is_unknown(frame, program, rule);
    if is_unknown {
        collect_missing(frame, rule);
    }
    Outcome { effect: rule.effect, rule: Some(id), is_unknown, shadow }
}
