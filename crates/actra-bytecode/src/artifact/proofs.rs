//! The proofs section: which promises about the program's decisions were proved when it was
//! compiled, for people. Nothing in it can change a decision, and nothing of it is proved again
//! when a file is loaded.

use super::read::Reader;
use super::{ArtifactError, Digest};
use crate::ids::ActionId;
use crate::limits::MAX_PROOFS;
use crate::program::{Effect, Program};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Bytes of a proof's record.
const PROOF: usize = 11;
/// The promise is only about inputs that have every declared field.
const COMPLETE: u8 = 1;
/// It is only about inputs for which a condition is true or unknown.
const ASSUMES: u8 = 2;

/// What is promised of decisions. It is shown as governance documents write it: `never: allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// None has the effect.
    Never(Effect),
    /// All have the effect.
    Always(Effect),
}

impl Promise {
    /// Its number and that of its effect.
    fn numbers(self) -> [u8; 2] {
        match self {
            Self::Never(effect) => [1, effect as u8],
            Self::Always(effect) => [2, effect as u8],
        }
    }

    fn decode([promise, effect]: [u8; 2]) -> Option<Self> {
        let effect = Effect::decode(effect)?;
        match promise {
            1 => Some(Self::Never(effect)),
            2 => Some(Self::Always(effect)),
            _ => None,
        }
    }

    /// `never` or `always`.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Never(_) => "never",
            Self::Always(_) => "always",
        }
    }

    /// The effect that it is about.
    pub const fn effect(self) -> Effect {
        match self {
            Self::Never(effect) | Self::Always(effect) => effect,
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.keyword(), self.effect().as_str())
    }
}

/// A promise that was proved, as [`Proofs::new`] takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedPromise<'a> {
    /// The governance rule that asks for it.
    pub rule: &'a str,
    /// What is promised.
    pub promise: Promise,
    /// Whether it is only about inputs that have every declared field.
    pub is_complete: bool,
    /// Whether it is only about inputs for which the governance rule's `assume` is true or unknown.
    pub has_assumption: bool,
    /// Of which actions it was proved: at least one.
    pub actions: Vec<ActionId>,
}

/// Promises that were proved of a program, by the governance document that asks for them.
///
/// ```
/// # use actra_bytecode::artifact::{Digest, Promise, Proofs, ProvedPromise};
/// # use actra_bytecode::{Effect, ids::ActionId};
/// let proved = ProvedPromise {
///     rule: "no-money-without-people",
///     promise: Promise::Never(Effect::Allow),
///     is_complete: false,
///     has_assumption: false,
///     actions: vec![ActionId(0)],
/// };
/// assert_eq!(proved.promise.to_string(), "never: allow");
/// let proofs = Proofs::new(1, Digest::of(b"version: 2\n"), vec![proved]);
/// assert_eq!(proofs.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proofs {
    analyser: u32,
    governance: Digest,
    /// Ascending by rule and promise.
    records: Vec<ProofRecord>,
    /// The actions of one proof after the other.
    actions: Vec<ActionId>,
    /// The rules' ids.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProofRecord {
    rule_end: u32,
    actions_end: u32,
    promise: Promise,
    conditions: u8,
}

/// A promise that was proved when the program was compiled, as the file says.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The governance rule that asks for it.
    pub rule: &'a str,
    /// What is promised.
    pub promise: Promise,
    /// Whether it is only about inputs that have every declared field.
    pub is_complete: bool,
    /// Whether it is only about inputs for which the governance rule's `assume` is true or unknown.
    pub has_assumption: bool,
    /// The SHA-256 of the governance document.
    pub governance: Digest,
    /// The version of the analyser that proved it.
    pub analyser: u32,
    actions: &'a [ActionId],
    program: &'a Program,
}

impl<'a> Proof<'a> {
    /// The names of the actions that it was proved of, at least one, in order.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let program = self.program;
        self.actions.iter().map(|id| {
            let action = program.actions().get(id.index());
            action.map_or("", |action| program.text(action.name))
        })
    }
}

impl Proofs {
    /// Of a file that says of none.
    pub(super) const NONE: &'static Self = &Self {
        analyser: 0,
        governance: Digest([0; 32]),
        records: Vec::new(),
        actions: Vec::new(),
        text: String::new(),
    };

    /// Promises of a governance document with that digest, proved by that version of the analyser.
    pub fn new(analyser: u32, governance: Digest, mut proved: Vec<ProvedPromise<'_>>) -> Self {
        proved.sort_by(|a, b| (a.rule, a.promise).cmp(&(b.rule, b.promise)));
        let (mut records, mut actions) = (Vec::with_capacity(proved.len()), Vec::new());
        let mut text = String::new();
        for ProvedPromise { rule, promise, is_complete, has_assumption, actions: of } in proved {
            text.push_str(rule);
            actions.extend(of);
            let conditions =
                (u8::from(is_complete) * COMPLETE) | (u8::from(has_assumption) * ASSUMES);
            let (rule_end, actions_end) = (text.len() as u32, actions.len() as u32);
            records.push(ProofRecord { rule_end, actions_end, promise, conditions });
        }
        Self { analyser, governance, records, actions, text }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All of them, ascending by rule and promise.
    pub(super) fn iter<'a>(
        &'a self,
        program: &'a Program,
    ) -> impl ExactSizeIterator<Item = Proof<'a>> {
        let mut ends = (0, 0);
        self.records.iter().map(move |record| {
            let (rule, actions) = record.ranges(ends);
            ends = (record.rule_end, record.actions_end);
            Proof {
                rule: self.text.get(rule).unwrap_or(""),
                promise: record.promise,
                is_complete: record.conditions & COMPLETE != 0,
                has_assumption: record.conditions & ASSUMES != 0,
                governance: self.governance,
                analyser: self.analyser,
                actions: self.actions.get(actions).unwrap_or(&[]),
                program,
            }
        })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let size = 44 + self.records.len() * PROOF + self.actions.len() * 4 + self.text.len();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(&self.analyser.to_le_bytes());
        bytes.extend_from_slice(&self.governance.0);
        for count in [self.records.len(), self.actions.len()] {
            bytes.extend_from_slice(&(count as u32).to_le_bytes());
        }
        for ProofRecord { rule_end, actions_end, promise, conditions } in &self.records {
            bytes.extend_from_slice(&rule_end.to_le_bytes());
            bytes.extend_from_slice(&actions_end.to_le_bytes());
            bytes.extend_from_slice(&promise.numbers());
            bytes.push(*conditions);
        }
        bytes.extend(self.actions.iter().flat_map(|action| action.0.to_le_bytes()));
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, ArtifactError> {
        let analyser = reader.u32()?;
        let governance = Digest(reader.array()?);
        let [proofs, actions] = [reader.u32()? as usize, reader.u32()? as usize];
        bounded(proofs)?;
        let records = reader.records::<PROOF>(proofs)?.iter().enumerate();
        let records = records
            .map(|(entry, record)| ProofRecord::read(record).ok_or(bad("unknown promise", entry)))
            .collect::<Result<_, _>>()?;
        let actions = reader.records(actions)?.iter();
        let actions = actions.map(|id| ActionId(u32::from_le_bytes(*id))).collect();
        let text =
            core::str::from_utf8(reader.rest()).map_err(|_| bad("the text is not UTF-8", 0))?;
        Ok(Self { analyser, governance, records, actions, text: String::from(text) })
    }

    /// Verifies that proofs are in order, each about some of the program's actions.
    pub(super) fn verify(&self, program: &Program) -> Result<(), ArtifactError> {
        bounded(self.records.len())?;
        let (mut ends, mut last) = ((0, 0), None);
        for (entry, record) in self.records.iter().enumerate() {
            let (rule, actions) = record.ranges(ends);
            ends = (record.rule_end, record.actions_end);
            let Some(rule) = self.text.get(rule) else {
                return Err(bad("the rule does not follow the one before", entry));
            };
            if rule.is_empty() {
                return Err(bad("the rule has no id", entry));
            }
            if last.replace((rule, record.promise)) >= Some((rule, record.promise)) {
                return Err(bad("unsorted or repeated promise", entry));
            }
            let Some(actions) = self.actions.get(actions) else {
                return Err(bad("the actions do not follow those before", entry));
            };
            if actions.last().is_none_or(|last| last.index() >= program.actions().len()) {
                return Err(bad("the actions are none of the program's", entry));
            }
            if !actions.is_sorted_by(|a, b| a < b) {
                return Err(bad("unsorted or repeated actions", entry));
            }
        }
        if (ends.0 as usize, ends.1 as usize) == (self.text.len(), self.actions.len()) {
            Ok(())
        } else {
            Err(bad("something is left over", self.records.len()))
        }
    }
}

impl ProofRecord {
    fn read(bytes: &[u8; PROOF]) -> Option<Self> {
        let [r0, r1, r2, r3, a0, a1, a2, a3, promise, effect, conditions] = *bytes;
        let promise = Promise::decode([promise, effect])?;
        let [rule_end, actions_end] = [[r0, r1, r2, r3], [a0, a1, a2, a3]].map(u32::from_le_bytes);
        let is_known = conditions & !(COMPLETE | ASSUMES) == 0;
        is_known.then_some(Self { rule_end, actions_end, promise, conditions })
    }

    /// Where its rule's id and its actions stand, by where those before end.
    fn ranges(&self, (rule, actions): (u32, u32)) -> (Range<usize>, Range<usize>) {
        let range = |start: u32, end: u32| start as usize..end as usize;
        (range(rule, self.rule_end), range(actions, self.actions_end))
    }
}

fn bounded(proofs: usize) -> Result<(), ArtifactError> {
    match proofs {
        0 => Err(bad("there is none", 0)),
        1..=MAX_PROOFS => Ok(()),
        _ => Err(bad("more proofs than a file may have", proofs - 1)),
    }
}

fn bad(what: &'static str, entry: usize) -> ArtifactError {
    ArtifactError::BadProof { what, entry }
}
