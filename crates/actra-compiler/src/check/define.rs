//! `define:`: lists and conditions with names.

use super::condition::{self, ReadCondition, Size, weight};
use super::context::{
    Context, did_you_mean, entries, excerpt, is_null, items, listing, mapping, null_value,
};
use super::literal::{RawLiteral, RawValue, read_list};
use super::names::key_name;
use super::raw::DefinitionId;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::limits::{MAX_CONDITION_DEPTH, MAX_LIST_LITERALS};
use crate::yaml::{Document, Node};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// Everything under `define:`.
#[derive(Debug, Default)]
pub(super) struct Definitions<'d> {
    pub(super) lists: Lists<'d>,
    pub(super) names: Names<'d>,
    pub(super) conditions: Vec<Definition<'d>>,
}

/// Lists by name.
#[derive(Debug, Default)]
pub(super) struct Lists<'d> {
    /// `None`: in error.
    by_name: HashMap<&'d str, Option<Vec<RawLiteral<'d>>>>,
    /// Their names with their places, in order.
    pub(super) names: Vec<(&'d str, Span)>,
    /// Those that some condition names.
    used: RefCell<HashSet<&'d str>>,
    unreadable: bool,
}

/// Names of defined conditions.
#[derive(Debug, Default)]
pub(super) struct Names<'d> {
    ids: HashMap<&'d str, DefinitionId>,
    unreadable: bool,
}

/// A condition with a name.
#[derive(Debug)]
pub(super) struct Definition<'d> {
    pub(super) name: &'d str,
    /// Where the name stands.
    pub(super) span: Span,
    pub(super) read: ReadCondition<'d>,
    /// Its size with definitions expanded. `None`: it cannot be expanded, which has been said.
    pub(super) size: Option<Size>,
}

impl Definitions<'_> {
    /// What stands for definitions that could not be read: any name may be among them.
    pub(super) fn unreadable() -> Self {
        Self {
            lists: Lists { unreadable: true, ..Lists::default() },
            names: Names { unreadable: true, ..Names::default() },
            conditions: Vec::new(),
        }
    }
}

impl<'d> Lists<'d> {
    /// The list of that name. What is wrong is reported.
    pub(super) fn find(
        &self,
        cx: &mut Context<'_>,
        name: &str,
        span: Span,
    ) -> Option<&[RawLiteral<'d>]> {
        match self.by_name.get(name) {
            Some(list) => list.as_deref(),
            None => {
                if !self.unreadable {
                    unknown(cx, "list", name, span, self.by_name.keys().copied());
                }
                None
            }
        }
    }

    /// Whether there is a list of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Notes that a condition names the list.
    pub(super) fn using(&self, name: &'d str) {
        self.used.borrow_mut().insert(name);
    }

    /// Whether some condition names the list.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    /// Bytes that its literals take.
    pub(super) fn weight(&self, name: &str) -> u64 {
        self.by_name.get(name).and_then(Option::as_ref).map_or(0, |literals| weight(literals))
    }
}

impl Names<'_> {
    pub(super) fn find(&self, name: &str) -> Option<DefinitionId> {
        self.ids.get(name).copied()
    }

    /// Reports a name that is not defined.
    pub(super) fn unknown(&self, cx: &mut Context<'_>, name: &str, span: Span) {
        if !self.unreadable {
            unknown(cx, "condition", name, span, self.ids.keys().copied());
        }
    }
}

fn unknown<'n>(
    cx: &mut Context<'_>,
    what: &str,
    name: &str,
    span: Span,
    defined: impl Iterator<Item = &'n str>,
) {
    let message = format!("no {what} `{}` is defined", excerpt(name));
    if cx.has_said_much() {
        cx.error(Code::UnknownDefinition, span, message);
        return;
    }
    // In order of name: messages do not depend on the order of a hash table.
    let mut defined: Vec<&str> = defined.collect();
    defined.sort_unstable();
    let help = did_you_mean(name, defined.iter().copied()).unwrap_or_else(|| {
        if defined.is_empty() {
            format!("define it: `define: {{{what}s: {{{}: ..}}}}`", excerpt(name))
        } else {
            format!("there are {}", listing(defined.iter().copied()))
        }
    });
    cx.error_with_help(Code::UnknownDefinition, span, message, help);
}

/// Reads `define:`.
pub(super) fn read<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Definitions<'d> {
    if is_null(node) {
        return Definitions::default();
    }
    let Some(slots) = mapping(cx, document, node, "`define`", ["lists", "conditions"], &[]) else {
        return Definitions::unreadable();
    };
    let guessed = slots.has_strange();
    let lists = match slots.get("lists") {
        Some(node) => read_lists(cx, document, node),
        None => Lists { unreadable: guessed, ..Lists::default() },
    };
    let (names, conditions) = match slots.get("conditions") {
        Some(node) => read_conditions(cx, document, node, &lists),
        None => (Names { unreadable: guessed, ..Names::default() }, Vec::new()),
    };
    Definitions { lists, names, conditions }
}

fn read_lists<'d>(cx: &mut Context<'_>, document: &'d Document, node: &'d Node) -> Lists<'d> {
    let Some(entries) = entries(cx, document, node, "`lists`") else {
        return Lists { unreadable: true, ..Lists::default() };
    };
    let mut lists = Lists::default();
    for entry in entries {
        if is_null(&entry.value) {
            null_value(cx, document, entry);
        }
        let literals = read_literals(cx, document, &entry.value);
        if let Some(name) = key_name(cx, document, &entry.key, "the name of a list") {
            lists.by_name.insert(name, literals);
            lists.names.push((name, document.span(&entry.key)));
        }
    }
    lists
}

fn read_literals<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
) -> Option<Vec<RawLiteral<'d>>> {
    let nodes = items(cx, document, node, "a definition under `lists`")?;
    if nodes.len() > MAX_LIST_LITERALS {
        let message = format!("a list has more than {MAX_LIST_LITERALS} literals");
        cx.error(Code::TooManyLiterals, document.span(node), message);
        return None;
    }
    let literals = read_list(cx, document, nodes)?;
    let kind = |literal: &RawLiteral<'_>| match literal.value {
        RawValue::Text(_) => "text",
        RawValue::Integer(..) | RawValue::Float(..) => "numbers",
        RawValue::Boolean(..) => "booleans",
    };
    cx.notes.repeated_literals(&literals);
    let first = literals.first()?;
    if let Some(odd) = literals.iter().find(|literal| kind(literal) != kind(first)) {
        let message = format!("{} stands in a list of {}", odd.describe(), kind(first));
        cx.push(
            Diagnostic::error(Code::BadLiteral, odd.span, message)
                .with_related(first.span, format!("the first item is {}", first.describe()))
                .with_help(format!("quote it if text is meant: `\"{}\"`", excerpt(odd.spelling()))),
        );
        return None;
    }
    Some(literals)
}

fn read_conditions<'d>(
    cx: &mut Context<'_>,
    document: &'d Document,
    node: &'d Node,
    lists: &Lists<'d>,
) -> (Names<'d>, Vec<Definition<'d>>) {
    let Some(entries) = entries(cx, document, node, "`conditions`") else {
        return (Names { unreadable: true, ..Names::default() }, Vec::new());
    };
    // All names first: definitions may use later ones.
    let mut names = Names::default();
    let mut bodies = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = key_name(cx, document, &entry.key, "the name of a condition");
        if let Some(name) = name {
            names.ids.entry(name).or_insert_with(|| {
                bodies.push((name, entry));
                DefinitionId(bodies.len() - 1)
            });
        }
    }
    let mut conditions = Vec::with_capacity(bodies.len());
    for (name, entry) in bodies {
        if is_null(&entry.value) {
            null_value(cx, document, entry);
        }
        let read = condition::read(cx, document, &entry.value, &names, lists);
        let span = document.span(&entry.key);
        conditions.push(Definition { name, span, read, size: None });
    }
    measure(cx, &mut conditions);
    (names, conditions)
}

/// Finds the size of each definition with those that it uses expanded, without expanding any; and
/// refuses circles. On an explicit stack: chains of definitions can be long.
fn measure(cx: &mut Context<'_>, conditions: &mut [Definition<'_>]) {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; conditions.len()];
    let mut stack: Vec<(usize, usize, Option<Size>)> = Vec::new();
    for start in 0..conditions.len() {
        if states.get(start) != Some(&State::New) {
            continue;
        }
        stack.push((start, 0, conditions.get(start).map(|definition| definition.read.own)));
        if let Some(state) = states.get_mut(start) {
            *state = State::Open;
        }
        while let Some((current, next, mut size)) = stack.pop() {
            let used = conditions.get(current).and_then(|c| c.read.uses.get(next)).copied();
            let Some(used) = used else {
                if let Some(definition) = conditions.get_mut(current) {
                    definition.size = size;
                }
                if let Some(state) = states.get_mut(current) {
                    *state = State::Done;
                }
                continue;
            };
            let target = used.definition.0;
            match states.get(target) {
                Some(State::New) => {
                    stack.push((current, next, size));
                    let own = conditions.get(target).map(|definition| definition.read.own);
                    stack.push((target, 0, own));
                    if let Some(state) = states.get_mut(target) {
                        *state = State::Open;
                    }
                }
                Some(State::Open) => {
                    let on_the_way = stack.iter().map(|(index, ..)| *index);
                    let circle = on_the_way.skip_while(|index| *index != target);
                    let through: Vec<&str> = circle
                        .chain([current])
                        .filter(|index| *index != target)
                        .filter_map(|index| conditions.get(index).map(|c| c.name))
                        .collect();
                    circular(
                        cx,
                        conditions.get(target).map_or("", |c| c.name),
                        &through,
                        used.span,
                    );
                    stack.push((current, next + 1, None));
                    // Those on the way are in the circle, too, or use it: none can be expanded.
                    for (_, _, size) in &mut stack {
                        *size = None;
                    }
                }
                Some(State::Done) | None => {
                    let inner = conditions.get(target).and_then(|definition| definition.size);
                    if let (Some(whole), Some(inner)) = (&mut size, inner) {
                        whole.add(used.level, inner);
                        if whole.depth > MAX_CONDITION_DEPTH {
                            too_deep(cx, whole.depth, used.span);
                            size = None;
                        }
                    } else {
                        size = None;
                    }
                    stack.push((current, next + 1, size));
                }
            }
        }
    }
}

fn circular(cx: &mut Context<'_>, name: &str, through: &[&str], span: Span) {
    let message = if through.is_empty() {
        format!("the definition `{}` refers to itself", excerpt(name))
    } else {
        format!(
            "the definition `{}` refers to itself through {}",
            excerpt(name),
            listing(through.iter().copied())
        )
    };
    let help = "take one of the references out of the circle";
    cx.error_with_help(Code::CircularDefinition, span, message, help);
}

/// Reports a use that makes a condition too deep.
pub(super) fn too_deep(cx: &mut Context<'_>, depth: usize, span: Span) {
    let message = format!(
        "with this definition the condition is {depth} levels deep, more than {MAX_CONDITION_DEPTH}"
    );
    cx.error(Code::ConditionTooDeep, span, message);
}
