//! Governance documents about a policy: mostly about what is in it, so that rules are broken as
//! often as not.

use super::atoms;
use super::rng::Rng;
use crate::reference::governance::{Filter, Governance, GovernanceRule, Must};
use crate::value::quoted;
use actra_compiler::model::{
    Addend, CheckedPolicy, Domain, Effect, FieldRef, LanguageVersion, Operand,
};
use std::fmt::Write as _;

/// A governance document about the policy: sound, and readable by the `actra` 0.7.8 package where
/// its version is 1.
pub fn governance(seed: u64, policy: &CheckedPolicy, version: LanguageVersion) -> Governance {
    let mut rng = Rng::new(seed ^ 0x0060_7e45);
    let pools = Pools::of(policy);
    let count = 1 + rng.below(4);
    let rules = (0..count)
        .map(|index| {
            let filter = pools.filter(&mut rng, version);
            let must = pools.must(&mut rng, version);
            let actions = rng.percent(60).then(|| rng.some_of(&pools.actions, 40));
            GovernanceRule { id: format!("g{index}"), actions, filter, must }
        })
        .collect();
    Governance { version, rules }
}

/// The document as YAML.
pub fn governance_text(governance: &Governance) -> String {
    let mut out = format!("version: {}\ngovernance:\n  rules:\n", governance.version.number());
    for rule in &governance.rules {
        // Writing to a string cannot fail.
        let _ = write!(out, "    - id: {}\n      error: E.\n", quoted(&rule.id));
        if let Some(actions) = &rule.actions {
            let _ = writeln!(out, "      applies_to: {{actions: {}}}", list(actions));
        }
        let _ = writeln!(out, "      select: {{where: {}}}", filter_text(&rule.filter));
        let _ = writeln!(out, "      must: {}", must_text(&rule.must));
    }
    out
}

/// What the policy's rules are made of, and a little that they are not.
struct Pools {
    ids: Vec<String>,
    actions: Vec<String>,
    actors: Vec<String>,
    tags: Vec<String>,
    fields: Vec<FieldRef>,
}

impl Pools {
    fn of(policy: &CheckedPolicy) -> Self {
        let rules = &policy.rules;
        let mut ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
        ids.push("nobody".to_owned());
        let mut actions: Vec<String> =
            policy.schema.actions.iter().map(|action| action.name.clone()).collect();
        actions.push("no_such_action".to_owned());
        let actors = rules.iter().filter_map(|rule| rule.scope.actors.clone()).flatten();
        let tags = rules.iter().flat_map(|rule| rule.tags.clone());
        let mut fields = vec![FieldRef::actor_type(), FieldRef::action_type()];
        for atom in rules.iter().filter_map(|rule| rule.condition.as_ref()).flat_map(atoms) {
            fields.push(atom.subject.clone());
            match &atom.operand {
                Operand::Field(field) => fields.push(field.clone()),
                Operand::Sum { field, addend, .. } => {
                    fields.push(field.clone());
                    if let Addend::Field(field) = addend {
                        fields.push(field.clone());
                    }
                }
                Operand::None | Operand::Literal(_) | Operand::Literals(_) => {}
            }
        }
        Self {
            ids,
            actions,
            actors: actors.chain(["stranger".to_owned()]).collect(),
            tags: tags.chain(["rare".to_owned()]).collect(),
            fields,
        }
    }

    fn filter(&self, rng: &mut Rng, version: LanguageVersion) -> Filter {
        let whole = version == LanguageVersion::V2;
        let mut filter = Filter {
            id: rng.percent(12).then(|| rng.pick(&self.ids).clone()),
            effect: rng
                .percent(30)
                .then(|| *rng.pick(&[Effect::Allow, Effect::Block, Effect::RequireApproval])),
            action: rng.percent(15).then(|| rng.pick(&self.actions).clone()),
            actor: (whole && rng.percent(20)).then(|| rng.pick(&self.actors).clone()),
            ..Filter::default()
        };
        if whole && rng.percent(12) {
            filter.tags = rng.some_of(&self.tags, 20);
        }
        if rng.percent(15) {
            let may_be_global = filter.action.is_none() && filter.actor.is_none();
            filter.global = Some(may_be_global && rng.percent(50));
        }
        if rng.percent(45) {
            let field = rng.pick(&self.fields);
            let length = if rng.percent(85) { field.path.len() } else { 1 };
            let name = field.path.get(..length).unwrap_or_default().join(".");
            filter.domain = (!rng.percent(25)).then_some(field.domain);
            filter.field = (filter.domain.is_none() || rng.percent(80)).then_some(name);
            if whole && filter.field.is_some() && length == field.path.len() && rng.percent(50) {
                filter.key.clone_from(&field.key);
            }
        }
        filter
    }

    fn must(&self, rng: &mut Rng, version: LanguageVersion) -> Must {
        let mut must = Must::default();
        match rng.below(6) {
            0 => must.exists = Some(true),
            1 => must.exists = Some(false),
            2 => must.min_count = Some(1 + rng.below(3)),
            3 => must.max_count = Some(rng.below(3)),
            4 => must.forbid = true,
            _ => must.allowed_fields = Some(self.allowed_fields(rng, version)),
        }
        // Version 1 knows one key at a time. Bounds that contradict each other are errors.
        if version == LanguageVersion::V2 && rng.percent(30) {
            if must.allowed_fields.is_none() {
                must.allowed_fields = Some(self.allowed_fields(rng, version));
            } else {
                must.min_count = Some(1);
                must.max_count = Some(1 + rng.below(4));
            }
        }
        must
    }

    fn allowed_fields(
        &self,
        rng: &mut Rng,
        version: LanguageVersion,
    ) -> Vec<(Domain, String, Option<String>)> {
        rng.some_of(&self.fields, 75)
            .into_iter()
            .map(|field| {
                // Version 1 knows no keys.
                let key = field.key.filter(|_| version == LanguageVersion::V2 && rng.percent(50));
                (field.domain, field.path.join("."), key)
            })
            .collect()
    }
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("[{}]", names.join(", "))
}

fn map(entries: &[(&str, Option<String>)]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}: {}", value.as_ref()?)))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn filter_text(filter: &Filter) -> String {
    let quote = |name: &Option<String>| name.as_ref().map(|name| quoted(name));
    let some = |text: String| (text != "{}").then_some(text);
    let scope = map(&[
        ("action", quote(&filter.action)),
        ("actor", quote(&filter.actor)),
        ("global", filter.global.map(|global| global.to_string())),
    ]);
    let subject = map(&[
        ("domain", filter.domain.map(|domain| domain.to_string())),
        ("field", quote(&filter.field)),
        ("key", quote(&filter.key)),
    ]);
    map(&[
        ("id", quote(&filter.id)),
        ("effect", filter.effect.map(|effect| effect.to_string())),
        ("scope", some(scope)),
        ("when", some(subject).map(|subject| format!("{{subject: {subject}}}"))),
        ("tags", (!filter.tags.is_empty()).then(|| list(&filter.tags))),
    ])
}

fn must_text(must: &Must) -> String {
    let fields = must.allowed_fields.as_ref().map(|fields| {
        let names: Vec<String> = fields
            .iter()
            .map(|(domain, name, key)| match key {
                // Keys are raw between quotes of either kind, as in the short form.
                Some(key) if key.contains('"') => format!("{domain}.{name}['{key}']"),
                Some(key) => format!("{domain}.{name}[\"{key}\"]"),
                None => format!("{domain}.{name}"),
            })
            .collect();
        list(&names)
    });
    map(&[
        ("exists", must.exists.map(|exists| exists.to_string())),
        ("min_count", must.min_count.map(|count| count.to_string())),
        ("max_count", must.max_count.map(|count| count.to_string())),
        ("forbid", must.forbid.then(|| "true".to_owned())),
        ("allowed_fields", fields),
    ])
}
