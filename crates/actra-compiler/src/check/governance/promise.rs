//! Promises: what they assume is typed as a rule's condition is.

use super::{AppliesTo, Governance};
use crate::check::context::Context;
use crate::check::define::Definitions;
use crate::check::pattern::Patterns;
use crate::check::rule::RuleChecker;
use crate::check::schema::{DraftAction, DraftSchema};
use crate::model::{Condition, Promise};
use crate::yaml::Document;

/// The promises of a document, and the patterns of what they assume.
///
/// An assumption may read what a rule for all of the promise's actions could: fields that each of
/// them declares with the same type.
pub(in crate::check) fn promises(
    cx: &mut Context<'_>,
    schema: &DraftSchema,
    document: &Document,
    governance: &Governance<'_>,
) -> (Vec<Promise>, Patterns) {
    let definitions = Definitions::default();
    let mut checker = RuleChecker::new(schema, &definitions, false);
    let mut found = Vec::new();
    for rule in &governance.rules {
        let Some(draft) = &rule.promise else { continue };
        let actions: Vec<&DraftAction> = match &rule.applies_to {
            AppliesTo::EveryAction => schema.actions.iter().collect(),
            // Of an action that the schema lacks, `lint` speaks.
            AppliesTo::Actions(names) => {
                names.iter().filter_map(|name| schema.action(name.text)).collect()
            }
        };
        let mut names: Vec<String> = actions.iter().map(|action| action.name.clone()).collect();
        names.sort();
        names.dedup();
        let assume = match draft.assume {
            None => None,
            Some(node) => {
                let user = format!("governance rule `{}`", crate::check::excerpt(rule.id));
                match checker.assumption(cx, document, node, actions, &user) {
                    Some(condition) => Some(condition),
                    // It has been reported.
                    None => continue,
                }
            }
        };
        found.extend(draft.kinds.iter().map(|(kind, span)| Promise {
            id: rule.id.to_owned(),
            kind: *kind,
            actions: names.clone(),
            assume: assume.clone(),
            is_complete: draft.is_complete,
            error: rule.error.trim_end().to_owned(),
            place: cx.place(rule.span),
            kind_place: cx.place(*span),
        }));
    }
    (found, checker.patterns)
}

/// The condition that a document is all of, and its patterns; for actions as in [`promises`].
pub(in crate::check) fn assumed(
    cx: &mut Context<'_>,
    schema: &DraftSchema,
    document: &Document,
    actions: &[String],
) -> (Option<Condition>, Patterns) {
    let definitions = Definitions::default();
    let mut checker = RuleChecker::new(schema, &definitions, false);
    let actions = actions.iter().filter_map(|name| schema.action(name)).collect();
    let root = &document.root;
    let condition = checker.assumption(cx, document, root, actions, "what is assumed");
    (condition, checker.patterns)
}
