//! Listings: a program as text for people and for tests. What a listing looks like is no promise.

use crate::ids::{ActionId, RuleId};
use crate::op::{Flags, Op};
use crate::program::{Field, FieldType, IndexKind, Program, Rule, Settings};
use crate::wording::{ConstantText, Ids, Items, List, NumberText, Quoted};
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt::{self, Display, Write as _};

/// A program's listing. See [`Program::disassemble`].
#[derive(Clone, Copy, Debug)]
pub struct Disassembly<'p>(&'p Program);

impl Program {
    /// The program as text: settings, input tables, and each rule with its code.
    ///
    /// A line of code is the op's name, its test, where it goes on when the test does not hold
    /// (`else`) or holds (`then`), and which unknown outcomes count as holding.
    pub fn disassemble(&self) -> Disassembly<'_> {
        Disassembly(self)
    }
}

impl Display for Disassembly<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.0;
        settings(f, *program.settings())?;
        counts(f, program)?;
        tables(f, program)?;
        let candidates = candidates(program);
        for (index, (rule, candidates)) in program.rules().iter().zip(&candidates).enumerate() {
            f.write_char('\n')?;
            rule_head(f, program, RuleId(index as u32), rule)?;
            candidate_lines(f, program, candidates)?;
            let code = rule.entry as usize..rule.end as usize;
            for (op, at) in program.ops().get(code).unwrap_or(&[]).iter().zip(rule.entry..) {
                writeln!(f, "  {at:04}  {}", OpLine(program, op))?;
            }
        }
        Ok(())
    }
}

fn settings(f: &mut fmt::Formatter<'_>, settings: Settings) -> fmt::Result {
    writeln!(
        f,
        "language {}, combine {}, default {}, missing {}, inputs {}",
        settings.language,
        if settings.collects_approvals { "most_restrictive" } else { "first_match" },
        settings.default.as_str(),
        if settings.missing_is_unknown { "fail_closed" } else { "no_match" },
        if settings.checks_inputs { "checked" } else { "unchecked" },
    )
}

fn counts(f: &mut fmt::Formatter<'_>, program: &Program) -> fmt::Result {
    writeln!(
        f,
        "{} rules, {} ops, {} slots, {} strings, {} numbers, {} patterns",
        program.rules().len(),
        program.ops().len(),
        program.slots().len(),
        program.strings().len(),
        program.numbers().len(),
        program.dfa_count(),
    )
}

fn tables(f: &mut fmt::Formatter<'_>, program: &Program) -> fmt::Result {
    table(f, program, "common", program.common_fields())?;
    for (index, action) in program.actions().iter().enumerate() {
        writeln!(f, "\naction {}", Quoted(program.text(action.name)))?;
        fields(f, program, program.action_fields(ActionId(index as u32)))?;
    }
    table(f, program, "actor and snapshot", program.state_fields())
}

fn table(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    name: &str,
    table: &[Field],
) -> fmt::Result {
    if table.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{name}")?;
    fields(f, program, table)
}

fn fields(f: &mut fmt::Formatter<'_>, program: &Program, fields: &[Field]) -> fmt::Result {
    for field in fields {
        write!(f, "  {:<24} {}", program.slot_name(field.slot), field.ty.as_str())?;
        if field.symbolic {
            f.write_str(", by symbol")?;
        }
        if field.required {
            f.write_str(", required")?;
        }
        if let Some(default) = field.default {
            write!(f, ", default {}", ConstantText(program, default))?;
        }
        constraint(f, program, field)?;
        f.write_char('\n')?;
    }
    Ok(())
}

fn constraint(f: &mut fmt::Formatter<'_>, program: &Program, field: &Field) -> fmt::Result {
    let Some(constraint) = field.constraint.and_then(|index| program.constraint(index)) else {
        return Ok(());
    };
    if let Some(allowed) = constraint.allowed {
        let is_string = matches!(field.ty, FieldType::String | FieldType::StringList);
        let items = if is_string { Items::Strings } else { Items::Numbers };
        write!(f, ", in {}", List(program, allowed, items))?;
    }
    if let Some(min) = constraint.min {
        write!(f, ", min {}", NumberText(min))?;
    }
    if let Some(max) = constraint.max {
        write!(f, ", max {}", NumberText(max))?;
    }
    if let Some(length) = constraint.max_length {
        write!(f, ", at most {length} characters")?;
    }
    if let Some(items) = constraint.max_items {
        write!(f, ", at most {items} items")?;
    }
    if constraint.unique { f.write_str(", unique") } else { Ok(()) }
}

fn rule_head(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    id: RuleId,
    rule: &Rule,
) -> fmt::Result {
    write!(f, "rule {} {}: {}", id.0, Quoted(program.text(rule.id)), rule.effect.as_str())?;
    if rule.shadow {
        f.write_str(", shadow")?;
    }
    writeln!(f, " (position {} in the documents)", rule.position)?;
    if let Some(message) = rule.message {
        writeln!(f, "  message {}", Quoted(program.text(message)))?;
    }
    for action in rule.required_actions.iter().flat_map(|list| program.list_strings(*list)) {
        writeln!(f, "  required action {}", Quoted(action))?;
    }
    Ok(())
}

/// How a rule is found: in which group, and by which keys of which index.
struct Candidate<'p> {
    group: usize,
    index: Option<IndexUse<'p>>,
}

struct IndexUse<'p> {
    /// Which one of the program's indexes.
    number: usize,
    index: &'p crate::program::Index,
    keys: Vec<u32>,
    missing: bool,
}

/// How each rule is found.
fn candidates(program: &Program) -> Vec<Vec<Candidate<'_>>> {
    let mut all: Vec<Vec<Candidate<'_>>> = Vec::new();
    all.resize_with(program.rules().len(), Vec::new);
    let actions = (0..program.actions().len()).map(|index| ActionId(index as u32));
    let groups = program
        .unscoped_group()
        .into_iter()
        .chain(actions.filter_map(|id| program.action_group(id)));
    let mut number = 0;
    for (group, of_group) in groups.enumerate() {
        for rule in program.always(of_group) {
            if let Some(found) = all.get_mut(*rule as usize) {
                found.push(Candidate { group, index: None });
            }
        }
        for index in program.indexes(of_group) {
            number += 1;
            let mut note = |rule: u32, key: Option<u32>| {
                let Some(found) = all.get_mut(rule as usize) else { return };
                let is_new = found
                    .last()
                    .and_then(|candidate| candidate.index.as_ref())
                    .is_none_or(|known| known.number != number);
                if is_new {
                    let index = IndexUse { number, index, keys: Vec::new(), missing: false };
                    found.push(Candidate { group, index: Some(index) });
                }
                if let Some(known) = found.last_mut().and_then(|known| known.index.as_mut()) {
                    known.missing |= key.is_none();
                    known.keys.extend(key);
                }
            };
            for rule in program.postings_of_missing(index) {
                note(*rule, None);
            }
            for (key, rules) in program.keys(index) {
                for rule in rules {
                    note(*rule, Some(key));
                }
            }
        }
    }
    all
}

fn candidate_lines(
    f: &mut fmt::Formatter<'_>,
    program: &Program,
    candidates: &[Candidate<'_>],
) -> fmt::Result {
    for candidate in candidates {
        f.write_str("  candidate for ")?;
        match candidate.group.checked_sub(1).and_then(|action| program.actions().get(action)) {
            Some(action) => write!(f, "{}", Quoted(program.text(action.name)))?,
            None => f.write_str("any action")?,
        }
        if let Some(IndexUse { index, keys, missing, .. }) = &candidate.index {
            let items = match index.kind {
                IndexKind::String => Items::Strings,
                IndexKind::Number => Items::Numbers,
                IndexKind::Boolean => Items::Booleans,
                IndexKind::Instant => Items::Instants,
            };
            let keys = Ids(program, keys, items);
            write!(f, " by index, {} in {keys}", program.slot_name(index.slot))?;
            if *missing {
                f.write_str(" or missing")?;
            }
        }
        f.write_char('\n')?;
    }
    Ok(())
}

/// An op without its address.
struct OpLine<'p>(&'p Program, &'p Op);

impl Display for OpLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(program, op) = *self;
        if op.code.is_verdict() {
            return f.write_str(op.code.name());
        }
        let word = if op.flags.has(Flags::JUMP_IF_HOLDS) { "then" } else { "else" };
        let test = program.wording(op).to_string();
        write!(f, "{:<15} {test:<44} {word} -> {:04}", op.code.name(), op.target)?;
        for (flag, text) in [
            (Flags::MISSING_HOLDS, " ?missing=holds"),
            (Flags::MALFORMED_HOLDS, " ?malformed=holds"),
        ] {
            if op.flags.has(flag) {
                f.write_str(text)?;
            }
        }
        Ok(())
    }
}
