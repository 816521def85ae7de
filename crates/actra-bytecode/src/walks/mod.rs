//! What evaluation walks through, laid out so that one look is enough: an action by its name's
//! symbol, where its candidates are, and what their code asks.

mod chain;
mod switch;
mod way;

pub use chain::{Step, StepKind, exact_double};
pub use switch::Switch;
pub use way::{NO_CHAIN, Way, slot_bit};

pub(crate) use chain::{Chains, Source};
pub(crate) use way::{Tables, Ways};

use crate::ids::{ActionId, StringId};
use crate::parts::NONE;
use crate::program::{Action, Candidates, Group, Index};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Most entries of either table for each action or rule that there is. Programs that would need
/// more are walked without.
const MAX_SPREAD: usize = 8;

/// Most ops that chains stand for, for each op that there is. Actions that would need more have
/// their rules visited one by one.
const MAX_CHAINED: usize = 2;

/// Tables of a verified program's actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walks {
    /// Actions by symbol, from that of the first action on; [`NONE`] where there is none.
    by_symbol: Vec<u32>,
    first: u32,
    /// Where the candidates of each action are.
    actions: Vec<Walk>,
    rules: Vec<u32>,
    pub(crate) chains: Chains,
    pub(crate) ways: Ways,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// All of them stand there among [`Walks::rules`]; and where their chain starts.
    Rules(Range<u32>, Option<u32>),
    /// That index chooses all of them.
    Index(u32),
    /// Neither.
    Mixed,
}

impl Walks {
    /// Lays out the tables. The first group is that of the unscoped rules; one for each action
    /// follows.
    pub(crate) fn new(
        actions: &[Action],
        code: Source<'_>,
        groups: &[Group],
        postings: &[u32],
    ) -> Self {
        let mut walks = Self::default();
        if let Some((unscoped, scoped)) = groups.split_first()
            && unscoped.indexes.is_empty()
        {
            let most = (code.rules.len() + actions.len()).saturating_mul(MAX_SPREAD);
            walks.lay_out(always(unscoped, postings), scoped, postings, most);
            walks.chain(code);
        }
        let symbols = actions.first().zip(actions.last());
        let (first, last) = symbols.map_or((0, 0), |(a, b)| (a.name.0, b.name.0));
        let spread = last.saturating_sub(first) as usize + 1;
        if spread <= actions.len().saturating_mul(MAX_SPREAD) {
            walks.first = first;
            walks.by_symbol = vec![NONE; spread];
            for (id, action) in actions.iter().enumerate() {
                let place = walks.by_symbol.get_mut(action.name.0.wrapping_sub(first) as usize);
                if let Some(place) = place {
                    *place = id as u32;
                }
            }
        }
        walks
    }

    fn lay_out(&mut self, unscoped: &[u32], scoped: &[Group], postings: &[u32], most: usize) {
        for group in scoped {
            let own = always(group, postings);
            let start = self.rules.len();
            self.actions.push(match group.indexes.len() {
                0 if start + unscoped.len() + own.len() <= most => {
                    merge(unscoped, own, &mut self.rules);
                    Walk::Rules(start as u32..self.rules.len() as u32, None)
                }
                1 if unscoped.is_empty() && own.is_empty() => Walk::Index(group.indexes.start),
                _ => Walk::Mixed,
            });
        }
    }

    /// The first step of each action's chain.
    pub(crate) fn chain_starts(&self) -> impl Iterator<Item = Option<u32>> {
        self.actions.iter().map(|walk| match walk {
            Walk::Rules(_, chain) => *chain,
            _ => None,
        })
    }

    fn chain(&mut self, code: Source<'_>) {
        let mut left = code.ops.len().saturating_mul(MAX_CHAINED);
        for walk in &mut self.actions {
            let Walk::Rules(rules, chain) = walk else { continue };
            let rules = self.rules.get(rules.start as usize..rules.end as usize).unwrap_or(&[]);
            let rule = |id: &u32| code.rules.get(*id as usize);
            let ops: usize =
                rules.iter().filter_map(rule).map(|rule| (rule.end - rule.entry) as usize).sum();
            if let Some(less) = left.checked_sub(ops) {
                left = less;
                *chain = self.chains.add(rules, code);
            }
        }
    }

    #[inline]
    pub(crate) fn action_of_symbol(&self, actions: &[Action], name: StringId) -> Option<ActionId> {
        match self.by_symbol.get(name.0.wrapping_sub(self.first) as usize) {
            Some(id) if *id != NONE => Some(ActionId(*id)),
            None if self.by_symbol.is_empty() => bisect(actions, name),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn candidates<'p>(
        &'p self,
        action: ActionId,
        indexes: &'p [Index],
    ) -> Candidates<'p> {
        let found = match self.actions.get(action.index()) {
            Some(Walk::Rules(Range { start, end }, _)) => {
                let rules = self.rules.get(*start as usize..*end as usize);
                rules.map(Candidates::Rules)
            }
            Some(Walk::Index(index)) => indexes.get(*index as usize).map(Candidates::Index),
            _ => None,
        };
        found.unwrap_or(Candidates::Mixed)
    }
}

/// Rules of a group that are always visited.
fn always<'p>(group: &Group, postings: &'p [u32]) -> &'p [u32] {
    postings.get(group.always.start as usize..group.always.end as usize).unwrap_or(&[])
}

#[cold]
fn bisect(actions: &[Action], name: StringId) -> Option<ActionId> {
    let index = actions.binary_search_by(|action| action.name.cmp(&name)).ok()?;
    Some(ActionId(index as u32))
}

fn merge(mut a: &[u32], mut b: &[u32], into: &mut Vec<u32>) {
    while let ([first, rest_of_a @ ..], [second, rest_of_b @ ..]) = (a, b) {
        if first < second {
            into.push(*first);
            a = rest_of_a;
        } else {
            into.push(*second);
            b = rest_of_b;
        }
    }
    into.extend_from_slice(a);
    into.extend_from_slice(b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{Effect, Rule};

    /// Rules without code.
    fn rules(count: usize) -> Vec<Rule> {
        let rule = Rule {
            id: StringId(0),
            effect: Effect::Block,
            shadow: false,
            position: 0,
            message: None,
            required_actions: None,
            entry: 0,
            end: 0,
        };
        vec![rule; count]
    }

    fn code(rules: &[Rule]) -> Source<'_> {
        Source { rules, ops: &[], numbers: &[], small_sets: &[] }
    }

    fn actions(names: &[u32]) -> Vec<Action> {
        names.iter().map(|name| Action { name: StringId(*name), fields: 0..0 }).collect()
    }

    #[test]
    fn actions_are_found_by_their_symbols() {
        for names in [&[][..], &[4], &[4, 5, 9], &[4, 1000], &[0, 7, u32::MAX - 1]] {
            let actions = actions(names);
            let walks = Walks::new(&actions, code(&[]), &[], &[]);
            for symbol in [0, 1, 3, 4, 5, 6, 7, 9, 10, 1000, u32::MAX - 1, u32::MAX] {
                let expected = names.iter().position(|name| *name == symbol);
                let found = walks.action_of_symbol(&actions, StringId(symbol));
                assert_eq!(found.map(ActionId::index), expected, "{symbol} in {names:?}");
            }
        }
    }

    /// Groups of rules always visited, each with as many indexes.
    fn groups(lists: &[(&[u32], u32)]) -> (Vec<Group>, Vec<u32>) {
        let (mut groups, mut postings, mut index) = (Vec::new(), Vec::new(), 0);
        for (rules, indexes) in lists {
            let start = postings.len() as u32;
            postings.extend_from_slice(rules);
            let always = start..postings.len() as u32;
            groups.push(Group { always, indexes: index..index + indexes });
            index += indexes;
        }
        (groups, postings)
    }

    #[test]
    fn candidates_of_an_action_are_merged_in_order() {
        let (groups, postings) =
            groups(&[(&[2, 5], 0), (&[1, 6], 0), (&[], 0), (&[4], 1), (&[0, 3], 0), (&[], 1)]);
        let actions = actions(&[1, 2, 3, 4, 5]);
        let walks = Walks::new(&actions, code(&rules(7)), &groups, &postings);
        let expected: [Option<&[u32]>; 5] =
            [Some(&[1, 2, 5, 6]), Some(&[2, 5]), None, Some(&[0, 2, 3, 5]), None];
        for (id, expected) in expected.into_iter().enumerate() {
            match (walks.candidates(ActionId(id as u32), &[]), expected) {
                (Candidates::Rules(rules), Some(expected)) => assert_eq!(rules, expected),
                (Candidates::Mixed, None) => {}
                (found, _) => panic!("{id}: {found:?}"),
            }
        }
    }

    #[test]
    fn one_index_is_enough_where_it_has_all_candidates() {
        let (groups, postings) = groups(&[(&[], 0), (&[], 1), (&[3], 1), (&[], 2), (&[], 1)]);
        let walks = Walks::new(&actions(&[1, 2, 3, 4]), code(&rules(7)), &groups, &postings);
        assert_eq!(walks.actions, [Walk::Index(0), Walk::Mixed, Walk::Mixed, Walk::Index(4)]);
    }

    #[test]
    fn indexes_of_the_unscoped_rules_leave_nothing_to_lay_out() {
        let (groups, postings) = groups(&[(&[], 1), (&[1], 0)]);
        assert!(Walks::new(&actions(&[1]), code(&rules(2)), &groups, &postings).actions.is_empty());
    }

    #[test]
    fn many_rules_for_many_actions_are_not_multiplied() {
        let unscoped: Vec<u32> = (0..1000).collect();
        let mut lists: Vec<(&[u32], u32)> = vec![(&unscoped, 0)];
        lists.resize(1001, (&[], 0));
        let (groups, postings) = groups(&lists);
        let many = actions(&(0..1000).collect::<Vec<_>>());
        let walks = Walks::new(&many, code(&rules(1000)), &groups, &postings);
        assert!(walks.rules.len() <= 16_000);
        assert_eq!(walks.actions.last(), Some(&Walk::Mixed));
    }
}
