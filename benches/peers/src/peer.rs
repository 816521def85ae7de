//! What a door asks of an engine.

use actra::Effect;
use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

pub type Fallible<T> = Result<T, Box<dyn Error>>;

/// An engine with a policy and inputs.
pub trait Peer {
    /// Decides an input. This is what is timed.
    fn effect(&mut self, at: usize) -> Fallible<Effect>;

    /// Decides an input and says it as a door does: the effect, a tab, the rule or `-`.
    fn told(&mut self, at: usize) -> Fallible<String>;

    /// Decides so many inputs by turns, from one of them on, and gives the nanoseconds that took.
    fn run(&mut self, turns: usize, count: usize, at: &mut usize) -> Fallible<u128> {
        let start = Instant::now();
        for _ in 0..turns {
            black_box(self.effect(*at)?);
            *at += 1;
            if *at == count {
                *at = 0;
            }
        }
        Ok(start.elapsed().as_nanos())
    }
}

/// What an engine takes for inputs: converted before the clock runs, or for each decision.
pub enum Inputs<T> {
    Ready(Vec<T>),
    Converted(Box<dyn Fn(usize) -> Fallible<T>>),
}

/// When inputs are converted into what an engine takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    Before,
    Within,
}

impl<T> Inputs<T> {
    pub fn new(
        when: When,
        count: usize,
        convert: impl Fn(usize) -> Fallible<T> + 'static,
    ) -> Fallible<Self> {
        Ok(match when {
            When::Before => Self::Ready((0..count).map(convert).collect::<Fallible<_>>()?),
            When::Within => Self::Converted(Box::new(convert)),
        })
    }

    /// Does something with an input.
    pub fn with<R>(&self, at: usize, act: impl FnOnce(&T) -> R) -> Fallible<R> {
        match self {
            Self::Ready(inputs) => Ok(act(inputs.get(at).ok_or("there is no such input")?)),
            Self::Converted(convert) => Ok(act(&convert(at)?)),
        }
    }
}

impl<T: Clone> Inputs<T> {
    /// An input for an engine that keeps what it is given.
    pub fn owned(&self, at: usize) -> Fallible<T> {
        match self {
            Self::Ready(inputs) => inputs.get(at).cloned().ok_or("there is no such input".into()),
            Self::Converted(convert) => convert(at),
        }
    }
}

/// Which of an engine's programs an input is for: an index that is the caller's.
pub type Which = Box<dyn Fn(usize) -> Option<usize>>;

/// Of programs one for each name, in their order, the one of the name that an input has.
pub fn by_name<I>(
    names: impl IntoIterator<Item = String>,
    inputs: &'static [I],
    name_of: fn(&I) -> Option<&str>,
) -> Which {
    let numbers: HashMap<String, usize> = names.into_iter().zip(0..).collect();
    Box::new(move |at| numbers.get(name_of(inputs.get(at)?)?).copied())
}

/// Where there is one program for all.
pub fn only() -> Which {
    Box::new(|_| Some(0))
}

/// The program that an input is for.
pub fn pick<'p, T>(programs: &'p [T], which: &Which, at: usize) -> Fallible<&'p T> {
    Ok(which(at).and_then(|number| programs.get(number)).ok_or("no rules for the input")?)
}

/// A policy: the one that is built in, or a file of that name in the folder that `PEERS_POLICIES`
/// names, for who thinks that it can be written better.
pub fn policy(name: &str, built_in: impl FnOnce() -> String) -> Fallible<String> {
    let Some(folder) = std::env::var_os("PEERS_POLICIES") else { return Ok(built_in()) };
    match std::fs::read_to_string(std::path::Path::new(&folder).join(name)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(built_in()),
        read => Ok(read?),
    }
}

/// The effect of an outcome that an engine tells as text: an effect and, after a space, a rule.
pub fn effect_of(outcome: &str) -> Fallible<Effect> {
    match outcome.as_bytes().first() {
        Some(b'a') => Ok(Effect::Allow),
        Some(b'b') => Ok(Effect::Block),
        Some(b'r') => Ok(Effect::RequireApproval),
        _ => Err(format!("`{outcome}` is no outcome").into()),
    }
}

/// The same as a door tells it.
pub fn told(outcome: &str) -> Fallible<String> {
    let (effect, rule) = outcome.split_once(' ').unwrap_or((outcome, "-"));
    let known = effect_of(outcome)?.as_str();
    if effect != known {
        return Err(format!("`{effect}` is no effect").into());
    }
    Ok(format!("{effect}\t{rule}"))
}
