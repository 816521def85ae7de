//! What an artifact says of the promises that its policy keeps.

use actra_analysis::VERSION;
use actra_bytecode::artifact::{Artifact, ArtifactError, Digest, Promise, Proofs, ProvedPromise};
use actra_bytecode::ids::ActionId;
use actra_bytecode::{Effect, Program};
use actra_compiler::model;

/// The artifact, with the promises of its governance document, all of which have been proved.
/// Those that are about no action are nothing to tell of.
pub(crate) fn record(
    artifact: Artifact,
    promises: &[model::Promise],
    governance: Option<&str>,
) -> Result<Artifact, ArtifactError> {
    let proved: Vec<ProvedPromise<'_>> = promises
        .iter()
        .map(|promise| proved(artifact.program(), promise))
        .filter(|proved| !proved.actions.is_empty())
        .collect();
    match governance.filter(|_| !proved.is_empty()) {
        None => Ok(artifact),
        Some(text) => {
            let proofs = Proofs::new(VERSION, Digest::of(text.as_bytes()), proved);
            artifact.with_proofs(proofs)
        }
    }
}

fn proved<'p>(program: &Program, promise: &'p model::Promise) -> ProvedPromise<'p> {
    let names = promise.actions.iter();
    let mut actions: Vec<ActionId> =
        names.filter_map(|name| program.action_of_symbol(program.symbol(name)?)).collect();
    actions.sort_unstable();
    ProvedPromise {
        rule: &promise.id,
        promise: match promise.kind {
            model::PromiseKind::Never(never) => Promise::Never(effect(never)),
            model::PromiseKind::Always(always) => Promise::Always(effect(always)),
        },
        is_complete: promise.is_complete,
        has_assumption: promise.assume.is_some(),
        actions,
    }
}

fn effect(effect: model::Effect) -> Effect {
    match effect {
        model::Effect::Allow => Effect::Allow,
        model::Effect::RequireApproval => Effect::RequireApproval,
        model::Effect::Block => Effect::Block,
    }
}
