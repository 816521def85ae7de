//! Enforcement: running an operation only if the policy allows it.

mod action;
mod builder;
mod error;
mod event;

pub use action::Action;
pub use builder::RuntimeBuilder;
pub use error::{AdmitError, PolicyError};
pub use event::DecisionEvent;

use crate::{Decision, Effect, Explanation, InputValue, Policy};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

/// A policy with what it needs to know of the host: who acts, and the state of the world.
///
/// `C` is the host's own context, such as a request: resolvers read the actor and the snapshot from
/// it. They run once per decision.
///
/// ```
/// use actra::{Action, Policy, Runtime};
/// use serde_json::json;
///
/// struct Request { role: &'static str }
///
/// let policy = Policy::from_strings(
///     "version: 1\nactions: {refund: {fields: {amount: number}}}\nactor: {fields: {role: string}}\n",
///     "version: 2\nrules:\n  - id: support\n    scope: {action: refund}\n    when: actor.role == \"support\"\n    effect: allow\n",
///     None,
/// )?;
/// let runtime = Runtime::builder(policy)
///     .actor(|request: &Request| json!({"role": request.role}))
///     .build();
///
/// let refund = || Action::new("refund").with("amount", 20);
/// let done = runtime.admit(refund(), &Request { role: "support" }, || "refunded")?;
/// assert_eq!(done, "refunded");
/// assert!(runtime.admit(refund(), &Request { role: "guest" }, || "refunded").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Runtime<C: ?Sized = ()> {
    policy: Policy,
    actor: Option<builder::Resolver<C>>,
    snapshot: Option<builder::Resolver<C>>,
    observers: Vec<builder::Observer>,
}

impl<C: ?Sized> Runtime<C> {
    /// A runtime to be made.
    pub fn builder(policy: Policy) -> RuntimeBuilder<C> {
        RuntimeBuilder::new(policy)
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The three domains that the policy decides about.
    pub fn build_context(&self, action: Action, ctx: &C) -> Result<InputValue, AdmitError> {
        let resolve = |domain, resolver: &Option<builder::Resolver<C>>| match resolver {
            Some(resolver) => {
                resolver(ctx, &action).map_err(|error| AdmitError::Resolver { domain, error })
            }
            None => Ok(InputValue::Object(Vec::new())),
        };
        let actor = resolve("actor", &self.actor)?;
        let snapshot = resolve("snapshot", &self.snapshot)?;
        let domains = [("action", action.into_value()), ("actor", actor), ("snapshot", snapshot)];
        Ok(InputValue::Object(domains.map(|(name, value)| (name.to_owned(), value)).into()))
    }

    /// Decides, and tells observers.
    pub fn evaluate(&self, action: impl Into<Action>, ctx: &C) -> Result<Decision, AdmitError> {
        self.decide(action.into(), ctx).1
    }

    /// Decides, and tells why. Observers are not told.
    pub fn explain(&self, action: impl Into<Action>, ctx: &C) -> Result<Explanation, AdmitError> {
        let context = self.build_context(action.into(), ctx)?;
        Ok(self.policy.explain_value(&context))
    }

    /// Whether the action is allowed. An error is no answer.
    pub fn allow(&self, action: impl Into<Action>, ctx: &C) -> Result<bool, AdmitError> {
        self.is(Effect::Allow, action.into(), ctx)
    }

    /// Whether the action is blocked. An error is no answer.
    pub fn block(&self, action: impl Into<Action>, ctx: &C) -> Result<bool, AdmitError> {
        self.is(Effect::Block, action.into(), ctx)
    }

    /// Whether the action needs an approval. An error is no answer.
    pub fn requires_approval(
        &self,
        action: impl Into<Action>,
        ctx: &C,
    ) -> Result<bool, AdmitError> {
        self.is(Effect::RequireApproval, action.into(), ctx)
    }

    /// Runs the operation if, and only if, the policy allows the action.
    pub fn admit<T>(
        &self,
        action: impl Into<Action>,
        ctx: &C,
        operation: impl FnOnce() -> T,
    ) -> Result<T, AdmitError> {
        self.check(action.into(), ctx)?;
        Ok(operation())
    }

    /// [`Runtime::admit`] for an operation that is awaited. The policy is asked first: nothing of
    /// the operation is made where it is not allowed.
    pub async fn admit_async<T, F: Future<Output = T>>(
        &self,
        action: impl Into<Action>,
        ctx: &C,
        operation: impl FnOnce() -> F,
    ) -> Result<T, AdmitError> {
        self.check(action.into(), ctx)?;
        Ok(operation().await)
    }

    /// Runs the operation once, whatever the policy says and whatever goes wrong in deciding; what
    /// was decided is told to observers.
    pub fn audit<T>(&self, action: impl Into<Action>, ctx: &C, operation: impl FnOnce() -> T) -> T {
        self.watch(action.into(), ctx);
        operation()
    }

    /// [`Runtime::audit`] for an operation that is awaited.
    pub async fn audit_async<T, F: Future<Output = T>>(
        &self,
        action: impl Into<Action>,
        ctx: &C,
        operation: impl FnOnce() -> F,
    ) -> T {
        self.watch(action.into(), ctx);
        operation().await
    }

    fn is(&self, effect: Effect, action: Action, ctx: &C) -> Result<bool, AdmitError> {
        Ok(self.decide(action, ctx).1?.effect == effect)
    }

    fn check(&self, action: Action, ctx: &C) -> Result<(), AdmitError> {
        let action_type = action.action_type().to_owned();
        let (context, decided) = self.decide(action, ctx);
        let decision = decided?;
        let refuse = |decision| {
            let context = context.unwrap_or(InputValue::Null);
            Box::new(PolicyError { action_type, decision, context })
        };
        match decision.effect {
            Effect::Allow => Ok(()),
            Effect::RequireApproval => Err(AdmitError::ApprovalRequired(refuse(decision))),
            Effect::Block => Err(AdmitError::Blocked(refuse(decision))),
        }
    }

    /// A resolver that panics must not keep the operation from running.
    fn watch(&self, action: Action, ctx: &C) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.decide(action, ctx)));
    }

    fn decide(
        &self,
        action: Action,
        ctx: &C,
    ) -> (Option<InputValue>, Result<Decision, AdmitError>) {
        let (time, start) = (SystemTime::now(), Instant::now());
        let known = (!self.observers.is_empty()).then(|| action.clone());
        let (context, decided) = match self.build_context(action, ctx) {
            Ok(context) => {
                let decided = self.policy.evaluate_value(&context);
                (Some(context), decided.map_err(AdmitError::Input))
            }
            Err(error) => (None, Err(error)),
        };
        if let Some(action) = known {
            let duration = start.elapsed();
            let event = DecisionEvent {
                policy: &self.policy,
                action: &action,
                context: context.as_ref(),
                decision: decided.as_ref().ok(),
                error: decided.as_ref().err(),
                time,
                duration,
            };
            for observer in &self.observers {
                // What observes changes nothing: not what was decided, nor who hears of it.
                let _ = catch_unwind(AssertUnwindSafe(|| observer(&event)));
            }
        }
        (context, decided)
    }
}

impl<C: ?Sized> fmt::Debug for Runtime<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("policy", &self.policy)
            .field("resolves_actor", &self.actor.is_some())
            .field("resolves_snapshot", &self.snapshot.is_some())
            .field("observers", &self.observers.len())
            .finish()
    }
}
