//! Ways from a state back to it: where a string can go on for as long as one likes.

#![expect(clippy::indexing_slicing, reason = "places are those of the states given")]

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// States, and by which bytes others of them follow each.
pub(super) type Edges = BTreeMap<usize, Vec<(u8, usize)>>;

/// A way from a state back to it, for each of the sets of states that all lead to each other; and the
/// number of states of the longest way through states of which none leads back.
pub(super) fn cycles(edges: &Edges) -> (Vec<(usize, Vec<u8>)>, usize) {
    let mut found = Vec::new();
    // By how long a way without return leads to each state.
    let mut lengths: HashMap<usize, usize> = HashMap::new();
    let mut longest = 0;
    for component in components(edges) {
        let first = component[0];
        if component.len() > 1 || edges[&first].iter().any(|(_, next)| *next == first) {
            let shortest = component.iter().filter_map(|state| {
                let itself = edges[state].iter().find(|(_, next)| next == state);
                Some((*state, vec![itself?.0]))
            });
            let cycle = shortest.min().or_else(|| Some((first, way_back(edges, first)?)));
            found.extend(cycle);
            continue;
        }
        let length = lengths.get(&first).copied().unwrap_or(0) + 1;
        longest = longest.max(length);
        for (_, next) in &edges[&first] {
            let known = lengths.entry(*next).or_default();
            *known = length.max(*known);
        }
    }
    (found, longest)
}

/// Sets of states that all lead to each other, those first that lead to others (Kosaraju; Sharir,
/// 1981).
fn components(edges: &Edges) -> Vec<Vec<usize>> {
    let mut before: HashMap<usize, Vec<usize>> = HashMap::new();
    for (state, next) in edges {
        for (_, next) in next {
            before.entry(*next).or_default().push(*state);
        }
    }
    let mut order = Vec::new();
    let mut seen = HashSet::new();
    for start in edges.keys() {
        let mut stack = vec![(*start, 0)];
        if !seen.insert(*start) {
            continue;
        }
        while let Some((state, at)) = stack.last_mut() {
            if let Some((_, next)) = edges[state].get(*at) {
                *at += 1;
                if seen.insert(*next) {
                    stack.push((*next, 0));
                }
            } else {
                order.push(*state);
                stack.pop();
            }
        }
    }
    let mut all = Vec::new();
    for start in order.into_iter().rev() {
        let mut component = Vec::new();
        let mut stack = vec![start];
        while let Some(state) = stack.pop() {
            if seen.remove(&state) {
                component.push(state);
                stack.extend(before.get(&state).into_iter().flatten());
            }
        }
        if !component.is_empty() {
            component.sort_unstable();
            all.push(component);
        }
    }
    all
}

/// The bytes of the shortest way from a state back to it.
fn way_back(edges: &Edges, start: usize) -> Option<Vec<u8>> {
    let mut from: HashMap<usize, (usize, u8)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(state) = queue.pop_front() {
        for (byte, next) in &edges[&state] {
            if !from.contains_key(next) {
                from.insert(*next, (state, *byte));
                queue.push_back(*next);
            }
        }
    }
    let mut way = Vec::new();
    let mut at = start;
    while way.is_empty() || at != start {
        let (state, byte) = from.get(&at)?;
        way.push(*byte);
        at = *state;
    }
    way.reverse();
    Some(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_back_and_ways_without_return() {
        let edges = BTreeMap::from([
            (0, vec![(b'a', 1)]),
            (1, vec![(b'b', 2), (b'c', 4)]),
            (2, vec![(b'd', 3)]),
            (3, vec![(b'e', 2)]),
            (4, vec![(b'f', 5)]),
            (5, vec![(b'g', 5), (b'h', 6)]),
            (6, vec![]),
        ]);
        let (mut found, longest) = cycles(&edges);
        found.sort();
        assert_eq!(found, [(2, b"de".to_vec()), (5, b"g".to_vec())]);
        // 0, 1, 4; what stands behind 5 may be any number of states away.
        assert_eq!(longest, 3);
    }
}
