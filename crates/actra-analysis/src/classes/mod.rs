//! Representatives: for each field finitely many values, such that any value does to every test
//! what one of them does.

mod address;
mod cycles;
mod graph;
mod host;
mod machine;
mod number;
mod numbered;
mod pair;
mod path;
mod spell;
mod tests;

pub(crate) use pair::{Held, Pairs};
pub(crate) use tests::Tests;

use crate::input::Value;
use actra_bytecode::Number;
use actra_bytecode::dfa::Dfa;
use actra_bytecode::limits::{MAX_INPUT_LIST_ITEMS, MAX_INPUT_STRING_BYTES};
use actra_compiler::model::{
    InputMode, LanguageVersion, ListType, Literal, ScalarKind, ScalarType,
};
use host::Hosts;
use machine::{Machine, Trie, strings};
use path::Paths;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Steps that the strings of one field may take.
const MAX_TEXT_STEPS: usize = 300_000;
/// Steps that the states of two texts may take, and pairs of them.
const MAX_PAIR_STEPS: usize = 300_000;
const MAX_PAIRS: usize = 80_000;
/// Kinds of items that a list may have: all sets of them are looked at.
const MAX_ITEM_KINDS: usize = 10;
/// Why lists may be like none of the sample: there are more kinds of items.
pub(crate) const CROWDED: &str = "its items are tested in too many ways for all sets of them";
/// Items that all lists of one sample may have together.
const MAX_ITEMS: i64 = 1 << 21;
/// Lengths of lists without an item twice that are counted up to.
const MAX_UNIQUE: i64 = 64;
/// Lengths of text that are counted up to.
pub(crate) const MAX_CHARACTERS: i64 = 5000;

/// What a field is declared to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Declared {
    Scalar(ScalarType),
    List(ListType),
}

/// Values for a field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) values: Vec<Value>,
    /// Why some value may be like none of these.
    pub(crate) gap: Option<&'static str>,
}

impl Sample {
    fn join(&mut self, other: Self) {
        self.values.extend(other.values);
        self.gap = self.gap.or(other.gap);
    }
}

/// Texts that were searched for, by all that they depend on.
pub(crate) type Searched = RefCell<HashMap<String, Sample>>;

/// How a field is sampled.
#[derive(Clone, Copy)]
pub(crate) struct Sampler<'p> {
    pub(crate) version: LanguageVersion,
    pub(crate) inputs: InputMode,
    pub(crate) patterns: &'p BTreeMap<String, Dfa>,
    /// Values of each class: as many as fields are compared with each other.
    pub(crate) per_class: usize,
    /// Whether there may be classes without a value anyway: then hosts are spelled, not searched.
    pub(crate) is_rough: bool,
    /// Items of lists by what some test tells apart.
    pub(crate) told_apart: Option<&'p dyn Fn(Vec<Value>) -> Vec<Vec<Value>>>,
    /// What has been searched for before.
    pub(crate) searched: &'p Searched,
}

impl Sampler<'_> {
    /// Values of a field, of every class that the tests and the declared constraints tell apart.
    pub(crate) fn sample(&self, declared: &Declared, tests: &Tests) -> Sample {
        let mut tests = tests.clone();
        match declared {
            Declared::Scalar(ty) => tests.constraints(ty),
            Declared::List(ty) => {
                let mut items = tests.items.take().unwrap_or_default();
                items.constraints(&ty.items);
                tests.items = Some(items);
            }
        }
        if self.inputs == InputMode::Unchecked {
            return self.anything(declared, &tests);
        }
        match declared {
            Declared::Scalar(ty) => self.scalar(ty, &tests),
            Declared::List(ty) => self.lists(&ty.items, ty.unique, ty.max_length, &tests),
        }
    }

    fn scalar(&self, ty: &ScalarType, tests: &Tests) -> Sample {
        if let Some(allowed) = &ty.allowed {
            return Sample { values: allowed.iter().map(value_of).collect(), gap: None };
        }
        match ty.kind {
            ScalarKind::String => self.texts(ty.max_length, tests),
            ScalarKind::Number | ScalarKind::Integer => {
                let kind = self.number_kind(ty.kind);
                let mut values = number::numbers(kind, &tests.numbers, self.per_class);
                if kind == number::Kind::Doubles && ty.kind == ScalarKind::Integer {
                    // It rounds to a double that is no integer of 64 bits itself.
                    values.push(Value::Integer(i64::MAX));
                }
                Sample { values, gap: None }
            }
            ScalarKind::Boolean => Sample { values: booleans(), gap: None },
            ScalarKind::Timestamp => {
                Sample { values: number::instants(&tests.instants, self.per_class), gap: None }
            }
        }
    }

    fn number_kind(&self, kind: ScalarKind) -> number::Kind {
        match (self.version, kind) {
            (LanguageVersion::V1, _) => number::Kind::Doubles,
            (LanguageVersion::V2, ScalarKind::Integer) => number::Kind::Integers,
            (LanguageVersion::V2, _) => number::Kind::Numbers,
        }
    }

    /// Values of every kind, since declared types bind nothing.
    fn anything(&self, declared: &Declared, tests: &Tests) -> Sample {
        let mut sample = self.scalars(tests);
        if tests.reads_sums {
            sample.gap = sample.gap.or(Some("sums of inputs that are not checked"));
        }
        if let Declared::Scalar(ScalarType { kind: ScalarKind::Timestamp, .. }) = declared {
            sample.values.extend(number::instants(&tests.instants, self.per_class));
        }
        // What is there and no value: it is missing, and does not read as a default.
        sample.values.push(Value::List(vec![Value::Integer(1), Value::Boolean(true)]));
        let items = tests.items.as_deref().cloned().unwrap_or_default();
        for kind in [ScalarKind::String, ScalarKind::Number, ScalarKind::Boolean] {
            let item = ScalarType::plain(kind);
            let list = Tests { items: Some(Box::new(items.clone())), ..tests.clone() };
            sample.join(self.lists(&item, false, None, &list));
        }
        sample
    }

    fn scalars(&self, tests: &Tests) -> Sample {
        let mut sample = self.texts(None, tests);
        sample.values.extend(number::numbers(
            self.number_kind(ScalarKind::Number),
            &tests.numbers,
            self.per_class,
        ));
        if self.version == LanguageVersion::V1 {
            let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            sample.values.extend(special.map(Value::Float));
        }
        sample.values.extend(booleans());
        sample
    }

    fn texts(&self, max_length: Option<u64>, tests: &Tests) -> Sample {
        let key = format!("{max_length:?} {} {} {tests:?}", self.per_class, self.is_rough);
        if let Some(known) = self.searched.borrow().get(&key) {
            return known.clone();
        }
        let found = self.search(max_length, tests);
        self.searched.borrow_mut().insert(key, found.clone());
        found
    }

    fn search(&self, max_length: Option<u64>, tests: &Tests) -> Sample {
        let mut machines = self.machines(tests);
        let max_bytes = MAX_INPUT_STRING_BYTES as u64;
        let most = max_length.map(|most| most.min(max_bytes));
        // Hosts by themselves need no search.
        let searches_hosts = tests.reads_hosts
            && !self.is_rough
            && (tests.looks_into_text() || tests.reads_paths || max_length.is_some());
        if searches_hosts {
            let hosts = Hosts::new(&tests.domains, &tests.networks);
            machines.push(Machine::Hosts(Box::new(hosts)));
        }
        let found = strings(&mut machines, most, self.per_class, MAX_TEXT_STEPS);
        let mut sample = match found {
            Some(found) => Sample {
                values: found.strings.into_iter().map(Value::Text).collect(),
                gap: found
                    .lacks_long_names
                    .then_some("names of hosts may be longer than is looked at"),
            },
            None => Sample {
                values: tests.equal.iter().cloned().map(Value::Text).collect(),
                gap: Some("its tests of text make too many classes together"),
            },
        };
        let beyond = MAX_CHARACTERS + 1..=MAX_INPUT_STRING_BYTES as i64;
        if tests.lengths.iter().any(|length| beyond.contains(length)) {
            sample.gap = sample.gap.or(Some("a length is longer than is counted"));
        }
        let equal: BTreeSet<&str> = tests.equal.iter().map(String::as_str).collect();
        if tests.reads_paths {
            // Longer ones, of which one may lie in another.
            let texts = spell::paths(&tests.directories, &equal, self.per_class);
            sample.values.extend(texts.into_iter().map(Value::Text));
        }
        if tests.reads_hosts && !searches_hosts {
            let mut texts = spell::hosts(&tests.domains, &tests.networks, &equal, self.per_class);
            for begin in &tests.begins {
                let more: Vec<String> =
                    texts.iter().take(256).map(|text| format!("{begin}{text}")).collect();
                texts.extend(more);
            }
            sample.values.extend(texts.into_iter().map(Value::Text));
        }
        sample
    }

    /// Automata for all tests of text but those of hosts.
    fn machines(&self, tests: &Tests) -> Vec<Machine<'_>> {
        let mut machines = vec![Machine::Equal(Trie::new(&tests.equal))];
        if !tests.begins.is_empty() {
            machines.push(Machine::begins(&tests.begins));
        }
        if !tests.ends.is_empty() {
            machines.push(Machine::Ends(Trie::new(&tests.ends)));
        }
        if !tests.holds.is_empty() {
            machines.push(Machine::holds(&tests.holds));
        }
        if !tests.lengths.is_empty() {
            let counted =
                tests.lengths.iter().filter(|length| (0..=MAX_CHARACTERS).contains(*length));
            machines.push(Machine::length(counted.map(|length| *length as u32)));
        }
        if tests.reads_paths {
            machines.push(Machine::Paths(Paths::new(&tests.directories)));
        }
        let mut patterns = tests.patterns.clone();
        patterns.sort();
        patterns.dedup();
        let known = patterns.iter().filter_map(|text| self.patterns.get(text));
        machines.extend(known.map(Machine::Pattern));
        machines
    }

    /// Texts of two fields, of every kind that tests of each tell apart and with every way in which
    /// they stand to each other. `None`: too many, or not looked into.
    pub(crate) fn pairs(&self, tests: &Tests, held: Held) -> Option<Pairs> {
        let is_long = |length: &i64| (MAX_CHARACTERS + 1..).contains(length);
        if tests.reads_hosts || tests.lengths.iter().any(is_long) {
            return None;
        }
        pair::pairs(&mut self.machines(tests), held, MAX_PAIR_STEPS, MAX_PAIRS)
    }

    /// Lists of every set of kinds of items, in every length that is asked for.
    fn lists(
        &self,
        item: &ScalarType,
        unique: bool,
        max_length: Option<u64>,
        tests: &Tests,
    ) -> Sample {
        let nothing = Tests::default();
        let asked = tests.items.as_deref().unwrap_or(&nothing);
        let mut lengths: Vec<i64> = tests.lengths.clone();
        if let Some(most) = max_length {
            lengths.push(i64::try_from(most).unwrap_or(i64::MAX));
        }
        lengths.retain(|length| *length <= MAX_INPUT_LIST_ITEMS as i64);
        lengths.sort_unstable();
        lengths.dedup();
        let mut of_items = *self;
        let mut gap = None;
        if unique && !tests.lengths.is_empty() {
            // As many items of each kind as a list may need to be as long as that.
            let input = MAX_UNIQUE + 1..=MAX_INPUT_LIST_ITEMS as i64;
            if tests.lengths.iter().any(|length| input.contains(length)) {
                gap = Some("its items are unique, and a length is longer than is counted");
            }
            lengths.retain(|length| *length <= MAX_UNIQUE);
            let most = lengths.last().copied().unwrap_or(0).max(0) as usize;
            of_items.per_class = of_items.per_class.max(most + 2);
        }
        let Sample { values: mut items, gap: gap_of_items } = of_items.scalar(item, asked);
        gap = gap.or(gap_of_items);
        let reads = asked.looks_into_text() || asked.reads_hosts || asked.reads_paths;
        if item.allowed.is_some() && !reads && !unique {
            // Of the values that nobody asks for, one will do. Constraints are among what is asked.
            let named = named(asked, item);
            let mut others = items.iter().filter(|value| !named.contains(value)).cloned();
            let other = others.next();
            let mut kept: Vec<Value> =
                items.iter().filter(|value| named.contains(value)).cloned().collect();
            kept.extend(other);
            items = kept;
        }
        // Only which kinds of items there are counts, and how many there may be of each.
        let kinds = match self.told_apart {
            Some(told_apart) => told_apart(items),
            None => items.into_iter().map(|item| vec![item]).collect(),
        };
        let items: Vec<Value> = kinds.iter().filter_map(|kind| kind.first().cloned()).collect();
        if items.len() > MAX_ITEM_KINDS {
            gap = gap.or(Some(CROWDED));
        }
        let most_items = items.len().min(MAX_ITEM_KINDS);
        // Of each set of items, lists of about each length.
        let mut room = MAX_ITEMS >> most_items;
        let all = lengths.len();
        lengths.retain(|length| {
            room -= 3 * length.max(&0);
            room >= 0
        });
        if lengths.len() < all && !tests.lengths.is_empty() {
            gap = gap.or(Some("a length is longer than is counted"));
        }
        let mut values = Vec::new();
        for set in 0..1_u64 << most_items {
            let chosen: Vec<Value> = items
                .iter()
                .take(most_items)
                .enumerate()
                .filter(|(number, _)| set >> number & 1 == 1)
                .map(|(_, value)| value.clone())
                .collect();
            let own = chosen.len() as i64;
            let near = lengths.iter().flat_map(|length| [length - 1, *length, length + 1]);
            let mut wanted: BTreeSet<i64> = near.filter(|length| *length > own).collect();
            wanted.insert(own);
            for length in wanted {
                let mut list = chosen.clone();
                let more = (length - own) as usize;
                if unique {
                    let others = kinds.iter().take(most_items).enumerate();
                    let others = others.filter(|(number, _)| set >> number & 1 == 1);
                    let others = others.flat_map(|(_, kind)| kind.iter().skip(1).cloned());
                    list.extend(others.take(more));
                    if list.len() < length as usize {
                        continue;
                    }
                } else if let Some(first) = chosen.first() {
                    list.extend(std::iter::repeat_n(first.clone(), more));
                } else if more > 0 {
                    continue;
                }
                values.push(Value::List(list));
            }
        }
        // Beyond those sets, each item for itself.
        values.extend(items.iter().skip(most_items).map(|item| Value::List(vec![item.clone()])));
        Sample { values, gap }
    }
}

fn booleans() -> Vec<Value> {
    vec![Value::Boolean(true), Value::Boolean(false)]
}

pub(crate) fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::String(text) => Value::Text(text.clone()),
        Literal::Integer(value) => Value::Integer(*value),
        Literal::Float(value) => Value::Float(*value),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Timestamp(micros) => Value::Instant(*micros),
    }
}

/// The items that some test names.
fn named(tests: &Tests, item: &ScalarType) -> Vec<Value> {
    let allowed = item.allowed.iter().flatten();
    // Constraints were noted as tests, once each: what is noted twice is asked for.
    allowed
        .filter(|literal| match literal {
            Literal::String(text) => tests.equal.iter().filter(|other| *other == text).count() > 1,
            Literal::Integer(_) | Literal::Float(_) => {
                let number = match literal {
                    Literal::Integer(value) => Number::Integer(*value),
                    Literal::Float(value) => Number::Float(*value),
                    _ => return true,
                };
                // Ordering tells numbers apart that it does not name.
                !tests.numbers.is_empty() && number.compare(number).is_some()
            }
            Literal::Boolean(_) | Literal::Timestamp(_) => true,
        })
        .map(value_of)
        .collect()
}
