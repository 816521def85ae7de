//! Making runtimes.

use super::{Action, DecisionEvent, Runtime};
use crate::{InputValue, Policy};
use serde::Serialize;
use std::error::Error;
use std::fmt;

pub(super) type Resolved = Result<InputValue, Box<dyn Error + Send + Sync>>;
pub(super) type Resolver<C> = Box<dyn Fn(&C, &Action) -> Resolved + Send + Sync>;
pub(super) type Observer = Box<dyn Fn(&DecisionEvent<'_>) + Send + Sync>;

/// A [`Runtime`] to be made.
pub struct RuntimeBuilder<C: ?Sized = ()> {
    policy: Policy,
    actor: Option<Resolver<C>>,
    snapshot: Option<Resolver<C>>,
    observers: Vec<Observer>,
}

impl<C: ?Sized> RuntimeBuilder<C> {
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, actor: None, snapshot: None, observers: Vec::new() }
    }

    /// Reads the actor from the host's context. Without a resolver there are no fields of it.
    #[must_use]
    pub fn actor<T: Serialize>(self, resolver: impl Fn(&C) -> T + Send + Sync + 'static) -> Self {
        self.try_actor(move |ctx, _| Ok(resolver(ctx)))
    }

    /// Reads the actor from the host's context and the action. Where that fails there is no
    /// decision, and nothing is admitted.
    #[must_use]
    pub fn try_actor<T: Serialize>(
        mut self,
        resolver: impl Fn(&C, &Action) -> Result<T, Box<dyn Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.actor =
            Some(Box::new(move |ctx, action| Ok(InputValue::of(&resolver(ctx, action)?)?)));
        self
    }

    /// Reads the snapshot from the host's context. Without a resolver there are no fields of it.
    #[must_use]
    pub fn snapshot<T: Serialize>(
        self,
        resolver: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        self.try_snapshot(move |ctx, _| Ok(resolver(ctx)))
    }

    /// Reads the snapshot from the host's context and the action: a total after it needs both. Where
    /// that fails there is no decision, and nothing is admitted.
    #[must_use]
    pub fn try_snapshot<T: Serialize>(
        mut self,
        resolver: impl Fn(&C, &Action) -> Result<T, Box<dyn Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.snapshot =
            Some(Box::new(move |ctx, action| Ok(InputValue::of(&resolver(ctx, action)?)?)));
        self
    }

    /// Hears of every decision of [`Runtime::evaluate`], the helpers, [`Runtime::admit`] and
    /// [`Runtime::audit`], and of every error in the place of one. A panic in it changes nothing.
    #[must_use]
    pub fn observer(
        mut self,
        observer: impl Fn(&DecisionEvent<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// The runtime.
    #[must_use]
    pub fn build(self) -> Runtime<C> {
        let Self { policy, actor, snapshot, observers } = self;
        Runtime { policy, actor, snapshot, observers }
    }
}

impl<C: ?Sized> fmt::Debug for RuntimeBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
