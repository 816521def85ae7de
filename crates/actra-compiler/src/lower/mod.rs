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

use crate::model::{CheckedPolicy, Combine, Effect, InputMode, MissingMode, Settings};
use actra_bytecode::dfa::Dfa;
use actra_bytecode::parts::{Parts, SettingsPart};
use actra_bytecode::{Program, VerifyError};
use std::collections::BTreeMap;
use tables::Tables;

/// Lowers a checked policy and verifies the program. `patterns` holds the compiled pattern of
/// every `matches` atom.
pub fn lower(
    policy: &CheckedPolicy,
    patterns: &BTreeMap<String, Dfa>,
) -> Result<Program, VerifyError> {
    let mut tables = Tables::new(policy.version, patterns);
    let mut slots = schema::lower_slots(policy, &mut tables)?;
    schema::mark_enums(policy, &mut slots);
    let mut parts = Parts { settings: settings(policy), ..Parts::default() };
    schema::lower_fields(policy, &slots, &mut tables, &mut parts);
    rules::lower_rules(policy, &mut slots, &mut tables, &mut parts);
    schema::write_slots(&slots, &tables, &mut parts);
    tables.finish(&mut parts);
    Program::verify(parts)
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
