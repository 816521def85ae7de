//! Every counterexample is decided by the evaluator before it is told.

use crate::input::Input;
use crate::probe::Source;
use actra_bytecode::Program;
use actra_compiler::lower::lower;
use actra_compiler::model::{CheckedPolicy, Effect, Mode, Settings};
use actra_vm::{Frame, evaluate};

/// What the evaluator says of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is an input error, of that code.
    Error(&'static str),
    /// It is decided.
    Decided {
        /// The effect.
        effect: Effect,
        /// The number of the rule that decided; `None`: the default did.
        rule: Option<usize>,
        /// With several approval rules, the numbers of all that fired.
        approvals: Vec<usize>,
    },
}

impl Verdict {
    /// The effect; an error has none.
    pub fn effect(&self) -> Option<Effect> {
        match self {
            Self::Error(_) => None,
            Self::Decided { effect, .. } => Some(*effect),
        }
    }

    /// The rule that decided.
    pub fn rule(&self) -> Option<usize> {
        match self {
            Self::Error(_) => None,
            Self::Decided { rule, .. } => *rule,
        }
    }
}

/// A policy as it runs.
#[derive(Debug)]
pub(crate) struct Engine {
    program: Program,
}

impl Engine {
    pub(crate) fn new(source: Source<'_>) -> Result<Self, String> {
        let program = lower(source.policy, source.patterns).map_err(|error| error.to_string())?;
        Ok(Self { program })
    }

    /// One rule alone, as one that blocks or allows: whether it decides says whether it fires.
    pub(crate) fn of_rule(source: Source<'_>, rule: usize) -> Result<Self, String> {
        let policy = source.policy;
        let mut alone: Vec<_> = policy.rules.get(rule).cloned().into_iter().collect();
        for rule in &mut alone {
            rule.mode = Mode::Enforce;
        }
        let policy = CheckedPolicy {
            version: policy.version,
            settings: Settings { ..policy.settings },
            schema: policy.schema.clone(),
            rules: alone,
        };
        Self::new(Source { policy: &policy, patterns: source.patterns })
    }

    pub(crate) fn decide(&self, input: &Input) -> Verdict {
        let mut frame = Frame::new(&self.program);
        input.fill(&self.program, &mut frame);
        match evaluate(&mut frame) {
            Err(error) => Verdict::Error(error.code.as_str()),
            Ok(outcome) => {
                let position = |id| {
                    self.program
                        .rule(id)
                        .map(|rule: &actra_bytecode::program::Rule| rule.position as usize)
                };
                Verdict::Decided {
                    effect: match outcome.effect {
                        actra_bytecode::program::Effect::Allow => Effect::Allow,
                        actra_bytecode::program::Effect::RequireApproval => Effect::RequireApproval,
                        actra_bytecode::program::Effect::Block => Effect::Block,
                    },
                    rule: outcome.rule.and_then(position),
                    approvals: frame.matched().iter().copied().filter_map(position).collect(),
                }
            }
        }
    }
}
