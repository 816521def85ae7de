//! The shape of a rule's condition, read back from its code, and the shortest way to its firing.

use actra_bytecode::op::{Flags, Op, OpCode};

/// Conditions nested deeper than this are shown as a plain list of tests. The compiler writes
/// none; files may come from anyone.
const MAX_DEPTH: usize = 40;
/// Most parts that may wait for being joined; as above.
const MAX_PENDING: usize = 256;

/// A condition over ops, counted from the rule's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Test(usize),
}

/// Where an op leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Fire,
    Skip,
    Op(usize),
}

/// A part of the condition with its ways out.
struct Part {
    shape: Shape,
    depth: usize,
    start: usize,
    on_true: Exit,
    on_false: Exit,
}

/// The condition of a rule's code (`entry` is the number of its first op). `None` where the rule
/// has no tests, and where the code is not what nested `all` and `any` compile to.
pub(super) fn shape(ops: &[Op], entry: u32) -> Option<Shape> {
    let mut pending: Vec<Part> = Vec::new();
    for (at, op) in ops.iter().enumerate().take_while(|(_, op)| !op.code.is_verdict()) {
        let (holds, fails) = exits(ops, entry, at, op);
        let part =
            Part { shape: Shape::Test(at), depth: 0, start: at, on_true: holds, on_false: fails };
        pending.push(part);
        while join(&mut pending) {}
        if pending.len() > MAX_PENDING {
            return None;
        }
    }
    let whole = pending.pop().filter(|_| pending.is_empty())?;
    (whole.on_true == Exit::Fire && whole.on_false == Exit::Skip).then_some(whole.shape)
}

/// Joins the last two parts where they are neighbours in one `all` or `any`.
fn join(pending: &mut Vec<Part>) -> bool {
    let [before @ .., first, second] = pending.as_slice() else { return false };
    let next = Exit::Op(second.start);
    let is_all = first.on_true == next && first.on_false == second.on_false;
    let is_any = first.on_false == next && first.on_true == second.on_true;
    let is_entered = before.iter().any(|part| part.on_true == next || part.on_false == next);
    if !(is_all || is_any) || is_entered || first.depth.max(second.depth) >= MAX_DEPTH {
        return false;
    }
    let (Some(second), Some(first)) = (pending.pop(), pending.pop()) else { return false };
    // The parts of the first, which may be many, stay where they are.
    let (mut parts, first_depth) = flattened(first.shape, first.depth, is_all);
    let (more, second_depth) = flattened(second.shape, second.depth, is_all);
    parts.extend(more);
    let depth = first_depth.max(second_depth);
    pending.push(Part {
        shape: if is_all { Shape::All(parts) } else { Shape::Any(parts) },
        depth,
        start: first.start,
        on_true: second.on_true,
        on_false: second.on_false,
    });
    true
}

/// The parts that a shape brings into an `all` (or an `any`), and how deep that is then.
fn flattened(shape: Shape, depth: usize, is_all: bool) -> (Vec<Shape>, usize) {
    match shape {
        Shape::All(inner) if is_all => (inner, depth),
        Shape::Any(inner) if !is_all => (inner, depth),
        other => (vec![other], depth + 1),
    }
}

/// Where an op leads when its test holds, and when it does not.
fn exits(ops: &[Op], entry: u32, at: usize, op: &Op) -> (Exit, Exit) {
    let exit = |at: usize| match ops.get(at).map(|op| op.code) {
        Some(OpCode::Fire) => Exit::Fire,
        Some(OpCode::Skip) => Exit::Skip,
        _ => Exit::Op(at),
    };
    let (jump, next) = (exit(op.target.wrapping_sub(entry) as usize), exit(at + 1));
    if op.flags.has(Flags::JUMP_IF_HOLDS) { (jump, next) } else { (next, jump) }
}

/// Which tests, at the least, would have to come out otherwise for the rule to fire; `holds` says
/// how each of them comes out. Empty where the rule fires, and where it never can.
pub(super) fn lacking(ops: &[Op], entry: u32, holds: &[bool]) -> Vec<usize> {
    const NEVER: u32 = u32::MAX;
    if ops.first().is_none_or(|op| op.code.is_verdict()) {
        return Vec::new();
    }
    let mut costs = vec![NEVER; ops.len()];
    let cost_of = |costs: &[u32], exit: Exit| match exit {
        Exit::Fire => 0,
        Exit::Skip => NEVER,
        Exit::Op(at) => costs.get(at).copied().unwrap_or(NEVER),
    };
    // Jumps lead forward only, so what they lead to is known when the walk goes backwards.
    for (at, op) in ops.iter().enumerate().rev() {
        let Some(holds) = holds.get(at).copied() else { continue };
        let (kept, turned) = by_outcome(exits(ops, entry, at, op), holds);
        let turned = cost_of(&costs, turned).saturating_add(1);
        let least = cost_of(&costs, kept).min(turned);
        if let Some(cost) = costs.get_mut(at) {
            *cost = least;
        }
    }
    let mut lacking = Vec::new();
    let mut at = 0;
    while let (Some(op), Some(holds)) = (ops.get(at), holds.get(at).copied()) {
        let (kept, turned) = by_outcome(exits(ops, entry, at, op), holds);
        let exit = if cost_of(&costs, kept) <= cost_of(&costs, turned).saturating_add(1) {
            kept
        } else {
            lacking.push(at);
            turned
        };
        match exit {
            Exit::Op(next) if next > at => at = next,
            Exit::Fire => return lacking,
            _ => break,
        }
    }
    Vec::new()
}

/// Where the outcome leads, and where the other one would.
fn by_outcome((holds, fails): (Exit, Exit), outcome: bool) -> (Exit, Exit) {
    if outcome { (holds, fails) } else { (fails, holds) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra_bytecode::ids::SlotId;

    const FIRST: u32 = 7;

    /// A test that goes on to the next op, and to `target` when it holds (or does not).
    fn test(target: u32, jump_if_holds: bool) -> Op {
        Op {
            code: OpCode::Exists,
            flags: Flags(if jump_if_holds { Flags::JUMP_IF_HOLDS } else { 0 }),
            slot: SlotId(0),
            operand: 0,
            extra: 0,
            target: FIRST + target,
        }
    }

    fn all(parts: impl IntoIterator<Item = usize>) -> Shape {
        Shape::All(parts.into_iter().map(Shape::Test).collect())
    }

    #[test]
    fn nested_conditions_are_read_back() {
        // all: [0, any: [all: [1, 2], 3], 4]
        let code = [
            test(6, false),
            test(3, false),
            test(4, true),
            test(6, false),
            test(6, false),
            Op::FIRE,
            Op::SKIP,
        ];
        let any = Shape::Any(vec![all([1, 2]), Shape::Test(3)]);
        assert_eq!(
            shape(&code, FIRST),
            Some(Shape::All(vec![Shape::Test(0), any, Shape::Test(4)]))
        );
        let holds = [true, false, false, false, true, false, false];
        assert_eq!(lacking(&code, FIRST, &holds), [3]);
    }

    #[test]
    fn long_lists_are_flat_and_short_rules_have_their_shape() {
        let mut code = vec![test(5001, false); 5000];
        code.extend([Op::FIRE, Op::SKIP]);
        assert_eq!(shape(&code, FIRST), Some(all(0..5000)));
        assert_eq!(lacking(&code, FIRST, &[false; 5002]).len(), 5000);
        assert_eq!(shape(&[Op::FIRE], FIRST), None);
        assert_eq!(lacking(&[Op::FIRE], FIRST, &[false]), Vec::<usize>::new());
    }

    #[test]
    fn code_that_no_condition_compiles_to_has_no_shape_and_still_tells_what_it_lacks() {
        // If 0 or 1 then 2, else 4.
        let code = [
            test(2, true),
            test(4, false),
            test(6, false),
            Op::FIRE,
            test(6, false),
            Op::FIRE,
            Op::SKIP,
        ];
        assert_eq!(shape(&code, FIRST), None);
        assert_eq!(lacking(&code, FIRST, &[false, true, false, false, true, false, false]), [2]);
        // A rule that never fires lacks nothing that could be named.
        let never = [test(1, true), Op::SKIP];
        assert_eq!(lacking(&never, FIRST, &[false, false]), Vec::<usize>::new());
    }

    #[test]
    fn conditions_nested_too_deep_are_told_without_their_shape() {
        // Each pair of tests is another level: all: [0, any: [1, all: [2, ...]]].
        let tests = 200;
        let (fire, skip) = (tests, tests + 1);
        let mut code: Vec<Op> = (0..tests)
            .map(|at| if at % 2 == 0 { test(skip, false) } else { test(fire, true) })
            .collect();
        code.extend([Op::FIRE, Op::SKIP]);
        assert_eq!(shape(&code, FIRST), None);
    }
}
