//! "Did you mean": the nearest of some names.

use strsim::damerau_levenshtein;

/// Names longer than this are not compared: it would take long, and nobody mistypes them.
const MAX_COMPARED_BYTES: usize = 128;

/// Steps that one search may take. Of more candidates than that allows, only those that differ in
/// nothing but case and separators count as near: which they are depends on no order.
const MAX_STEPS: usize = 1_000_000;

/// The candidate nearest to what was written, if one is near enough to have been meant. Of several
/// as near, the first by code point, so that the order of candidates does not matter.
pub fn suggest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.is_empty() || written.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let length = written.chars().count();
    let folded = fold(written);
    let candidates: Vec<&'a str> = candidates.into_iter().collect();
    let comparable = candidates.iter().filter(|other| other.len() <= MAX_COMPARED_BYTES);
    let others = comparable.map(|candidate| candidate.chars().count());
    let close = others.filter(|other| length.abs_diff(*other) <= allowed(length.max(*other)));
    let is_short = close.map(|other| length * other).sum::<usize>() <= MAX_STEPS;
    let near = candidates
        .iter()
        .copied()
        .filter(|candidate| !candidate.is_empty() && candidate.len() <= MAX_COMPARED_BYTES)
        .filter(|candidate| *candidate != written)
        .filter_map(|candidate| {
            let other = candidate.chars().count();
            let allowed = allowed(length.max(other));
            // The lengths alone say that most candidates are too far away.
            if length.abs_diff(other) > allowed {
                return None;
            }
            let folded_candidate = fold(candidate);
            // What only differs in case and separators is nearer than any change of a letter.
            if folded == folded_candidate {
                return Some((0, candidate));
            }
            if !is_short {
                return None;
            }
            let distance = damerau_levenshtein(&folded, &folded_candidate);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate);
    near.or_else(|| part_of(&folded, &candidates))
}

/// The only candidate of which the name is the beginning or the end: `agent` of `ai_agent`.
fn part_of<'a>(folded: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if folded.len() < 4 {
        return None;
    }
    let mut of = candidates.iter().filter(|candidate| {
        candidate.len() <= MAX_COMPARED_BYTES && {
            let whole = fold(candidate);
            let rest = whole.strip_prefix(folded).filter(|rest| rest.starts_with('_'));
            rest.or_else(|| whole.strip_suffix(folded).filter(|rest| rest.ends_with('_'))).is_some()
        }
    });
    let first = of.next()?;
    of.all(|other| other == first).then_some(first)
}

/// How many mistakes a name of so many characters may have: a third of it, and one at least in
/// names of three or more.
fn allowed(length: usize) -> usize {
    if length < 3 { 0 } else { (length / 3).max(1) }
}

/// `requireApproval`, `require-approval` and `require_approval` are the same slip of the pen.
fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len() + 2);
    let mut after_small = false;
    for char in name.chars() {
        if char.is_uppercase() && after_small {
            folded.push('_');
        }
        after_small = char.is_lowercase();
        match char {
            '-' | ' ' => folded.push('_'),
            _ => folded.extend(char.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATORS: [&str; 6] =
        ["equals", "not_equals", "greater_than", "less_than", "contains", "starts_with"];

    #[test]
    fn near_names_are_found() {
        assert_eq!(suggest("amout", ["currency", "amount", "account"]), Some("amount"));
        assert_eq!(suggest("eqals", OPERATORS), Some("equals"));
        assert_eq!(suggest("grater_then", OPERATORS), Some("greater_than"));
        assert_eq!(suggest("greaterThan", OPERATORS), Some("greater_than"));
        assert_eq!(suggest("starts-with", OPERATORS), Some("starts_with"));
        assert_eq!(suggest("Equals", OPERATORS), Some("equals"));
        assert_eq!(suggest("tpye", ["type", "tape"]), Some("type"));
    }

    #[test]
    fn a_part_of_one_name_is_enough() {
        assert_eq!(suggest("agent", ["human", "ai_agent"]), Some("ai_agent"));
        assert_eq!(suggest("amount", ["amount_cents", "currency"]), Some("amount_cents"));
        assert_eq!(suggest("agent", ["ai_agent", "code_agent"]), None);
        assert_eq!(suggest("gent", ["ai_agent"]), None);
        assert_eq!(suggest("ai", ["ai_agent"]), None);
    }

    #[test]
    fn far_names_are_not() {
        assert_eq!(suggest("colour", OPERATORS), None);
        assert_eq!(suggest("x", ["y", "xy"]), None);
        assert_eq!(suggest("", ["a"]), None);
        assert_eq!(suggest("amount", ["amount"]), None);
        assert_eq!(suggest(&"a".repeat(1000), [&*"a".repeat(1001)]), None);
    }

    #[test]
    fn ties_do_not_depend_on_the_order_of_candidates() {
        assert_eq!(suggest("cat", ["car", "bat", "can"]), Some("bat"));
        assert_eq!(suggest("cat", ["bat", "can", "car"]), Some("bat"));
    }

    #[test]
    fn of_very_many_candidates_only_other_spellings_are_near() {
        let names: Vec<String> = (0..20_000).map(|n| format!("some_long_name_{n:05}")).collect();
        let among = |name, count| suggest(name, names.iter().take(count).map(String::as_str));
        assert_eq!(among("some_lnog_name_00007", 1_000), Some("some_long_name_00007"));
        assert_eq!(among("some_lnog_name_00007", 20_000), None);
        assert_eq!(among("some-long-name-00007", 20_000), Some("some_long_name_00007"));
    }
}
