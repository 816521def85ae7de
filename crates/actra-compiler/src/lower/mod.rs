//! From a checked policy to a program.
//!
//! Everything that the language leaves to evaluation is settled here: `combine` becomes the order
//! of the rules, `not` is pushed down to the atoms, `missing` and malformed values become the
//! outcome that each atom has then, scopes become groups of candidates and indexes over them.

mod code;
mod index;
mod rules;
mod schema;
mod tables;

use crate::model::{
    Atom, CheckedPolicy, Combine, Effect, InputMode, Literal, MissingMode, Operand, Operator,
    Place, Settings,
};
use actra_bytecode::dfa::Dfa;
use actra_bytecode::parts::{Parts, SettingsPart};
use actra_bytecode::{Program, VerifyError};
use std::collections::BTreeMap;
use tables::Tables;

/// What ops come from: for people who ask why, and no part of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    places: Vec<Place>,
    patterns: BTreeMap<u32, String>,
}

impl Origins {
    fn push(&mut self, op: usize, atom: &Atom) {
        self.places.resize(op, Place::default());
        self.places.push(atom.place);
        if let (Operator::Matches, Operand::Literal(Literal::String(text))) =
            (atom.operator, &atom.operand)
        {
            self.patterns.insert(op as u32, text.clone());
        }
    }

    /// Where the op's atom stands in the documents.
    pub fn place(&self, op: u32) -> Option<Place> {
        self.places.get(op as usize).copied().filter(|place| place.line > 0)
    }

    /// The text of the op's pattern.
    pub fn pattern(&self, op: u32) -> Option<&str> {
        self.patterns.get(&op).map(String::as_str)
    }
}

/// Lowers a checked policy and verifies the program. `patterns` holds the compiled pattern of
/// every `matches` atom.
pub fn lower(
    policy: &CheckedPolicy,
    patterns: &BTreeMap<String, Dfa>,
) -> Result<Program, VerifyError> {
    lower_with_origins(policy, patterns).map(|(program, _)| program)
}

/// The same, with what each op comes from.
pub fn lower_with_origins(
    policy: &CheckedPolicy,
    patterns: &BTreeMap<String, Dfa>,
) -> Result<(Program, Origins), VerifyError> {
    let mut tables = Tables::new(policy.version, patterns);
    let mut slots = schema::lower_slots(policy, &mut tables)?;
    schema::mark_enums(policy, &mut slots);
    let mut parts = Parts { settings: settings(policy), ..Parts::default() };
    schema::lower_fields(policy, &slots, &mut tables, &mut parts);
    rules::lower_rules(policy, &mut slots, &mut tables, &mut parts);
    schema::write_slots(&slots, &tables, &mut parts);
    let origins = std::mem::take(&mut tables.origins);
    tables.finish(&mut parts);
    Ok((Program::verify(parts)?, origins))
}

const fn effect(effect: Effect) -> u8 {
    match effect {
        Effect::Allow => 1,
        Effect::RequireApproval => 2,
        Effect::Block => 3,
    }
}

fn settings(policy: &CheckedPolicy) -> SettingsPart {
    let Settings { combine, default, missing, inputs } = policy.settings;
    SettingsPart {
        language: policy.version.number(),
        combine: match combine {
            Combine::MostRestrictive => 1,
            Combine::FirstMatch => 2,
        },
        default: effect(default),
        missing: match missing {
            MissingMode::FailClosed => 1,
            MissingMode::NoMatch => 2,
        },
        inputs: match inputs {
            InputMode::Checked => 1,
            InputMode::Unchecked => 2,
        },
    }
}
