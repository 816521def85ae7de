//! Seeded documents and inputs.
//!
//! One `u64` reproduces a case. Policies are made as checked policies and then written down, so a
//! test can hold what the checker reads against what was meant.

mod beyond;
mod coverage;
mod governance;
mod input;
mod package;
mod pools;
mod render;
mod rng;
mod rules;
mod schema;
mod short;
mod yaml;

pub use beyond::input_beyond;
pub use coverage::Coverage;
pub use governance::{governance, governance_text};
pub use input::input;
pub use package::{version_1_package_input, version_1_package_subset};
pub use rng::Rng;

use actra_compiler::model::{
    Atom, CheckedPolicy, Combine, Condition, Effect, InputMode, LanguageVersion, MissingMode,
    Place, Settings,
};

/// A schema and a policy as YAML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    /// `schema.yaml`.
    pub schema: String,
    /// `policy.yaml`.
    pub policy: String,
}

/// Ways to write the same policy: each reads as the same checked policy, but for places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Fields and atoms in their long forms.
    Long,
    /// Fields and atoms in their short forms, where those can say it.
    Short,
    /// Lists and conditions as definitions, atoms in both forms.
    Factored,
    /// What the `actra` 0.7.8 package can read; only for [`version_1_package_subset`].
    Package,
}

impl Style {
    /// The styles that every policy can be written in.
    pub const ALL: [Self; 3] = [Self::Long, Self::Short, Self::Factored];
}

/// The policy of a seed.
pub fn policy(seed: u64) -> CheckedPolicy {
    let mut rng = Rng::new(seed);
    let version = if rng.percent(70) { LanguageVersion::V2 } else { LanguageVersion::V1 };
    let whole_language = version == LanguageVersion::V2 || rng.percent(70);
    let settings = if whole_language && rng.percent(75) {
        Settings {
            combine: *rng.pick(&[Combine::MostRestrictive, Combine::FirstMatch]),
            default: *rng.pick(&[Effect::Allow, Effect::Block, Effect::RequireApproval]),
            missing: *rng.pick(&[MissingMode::FailClosed, MissingMode::NoMatch]),
            inputs: *rng.pick(&[InputMode::Checked, InputMode::Unchecked]),
        }
    } else {
        Settings::defaults(version)
    };
    let schema = schema::schema(&mut rng, version);
    let rules = rules::Rules { version, schema: &schema, whole_language }.rules(&mut rng);
    CheckedPolicy { version, settings, schema, rules }
}

/// A policy within the monotone promise: most restrictive, failing closed, without `exists`,
/// `not_exists` and defaults.
pub fn monotone_policy(seed: u64) -> CheckedPolicy {
    let mut policy = policy(seed);
    policy.settings.combine = Combine::MostRestrictive;
    policy.settings.missing = MissingMode::FailClosed;
    let actions = policy.schema.actions.iter_mut().flat_map(|action| &mut action.fields);
    for field in policy.schema.common.iter_mut().chain(actions) {
        if let actra_compiler::model::FieldType::Scalar(ty) = &mut field.ty {
            ty.default = None;
        }
    }
    policy.rules.retain(|rule| !rule.condition.as_ref().is_some_and(tests_presence));
    policy
}

fn tests_presence(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(tests_presence),
        Condition::Not(part) => tests_presence(part),
        Condition::Atom(atom) => {
            atom.operator.shape() == actra_compiler::model::OperatorShape::Presence
        }
    }
}

/// The policy written down. The seed decides about spellings that mean the same.
pub fn documents(policy: &CheckedPolicy, style: Style, seed: u64) -> Documents {
    render::documents(policy, style, seed)
}

/// The policy with every place forgotten: what two ways to write it have in common.
#[must_use]
pub fn without_places(mut policy: CheckedPolicy) -> CheckedPolicy {
    for rule in &mut policy.rules {
        rule.place = Place::default();
        rule.condition.iter_mut().for_each(forget_places);
    }
    policy
}

fn forget_places(condition: &mut Condition) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter_mut().for_each(forget_places),
        Condition::Not(part) => forget_places(part),
        Condition::Atom(atom) => atom.place = Place::default(),
    }
}

/// Atoms of a condition, in order.
pub fn atoms(condition: &Condition) -> Vec<&Atom> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(atoms).collect(),
        Condition::Not(part) => atoms(part),
        Condition::Atom(atom) => vec![atom],
    }
}
