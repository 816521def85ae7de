//! What evaluation looks up first, laid out so that one look is enough: an action by its name's
//! symbol, and its candidates.

use crate::ids::{ActionId, StringId};
use crate::parts::NONE;
use crate::program::Action;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Most entries of either table for each action or rule that there is. Programs that would need
/// more are walked without.
const MAX_SPREAD: usize = 8;

/// Tables of a verified program's actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walks {
    /// Actions by symbol, from that of the first action on; [`NONE`] where there is none.
    by_symbol: Vec<u32>,
    first: u32,
    /// Per action, where its rules stand below; `None` where an index chooses some of them.
    actions: Vec<Option<Range<u32>>>,
    rules: Vec<u32>,
}

impl Walks {
    /// Lays out the tables. There is a candidate list for inputs without an action, and one for
    /// each action: rules that ascend, none of them in two lists of one input; `None` where an
    /// index chooses.
    pub(crate) fn new<'a>(
        actions: &[Action],
        rules: usize,
        unscoped: Option<&[u32]>,
        scoped: impl Iterator<Item = Option<&'a [u32]>> + Clone,
    ) -> Self {
        let mut walks = Self::default();
        let most = (rules + actions.len()).saturating_mul(MAX_SPREAD);
        let total = |unscoped: &[u32]| {
            scoped.clone().flatten().map(|own| own.len() + unscoped.len()).sum::<usize>()
        };
        if let Some(unscoped) = unscoped.filter(|unscoped| total(unscoped) <= most) {
            for own in scoped {
                let start = walks.rules.len() as u32;
                walks.actions.push(own.map(|own| {
                    merge(unscoped, own, &mut walks.rules);
                    start..walks.rules.len() as u32
                }));
            }
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

    #[inline]
    pub(crate) fn action_of_symbol(&self, actions: &[Action], name: StringId) -> Option<ActionId> {
        match self.by_symbol.get(name.0.wrapping_sub(self.first) as usize) {
            Some(id) if *id != NONE => Some(ActionId(*id)),
            None if self.by_symbol.is_empty() => bisect(actions, name),
            _ => None,
        }
    }

    /// All candidates of the action, ascending, if no index chooses among them.
    #[inline]
    pub(crate) fn rules(&self, action: ActionId) -> Option<&[u32]> {
        let Range { start, end } = self.actions.get(action.index())?.as_ref()?;
        self.rules.get(*start as usize..*end as usize)
    }
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

    fn actions(names: &[u32]) -> Vec<Action> {
        names.iter().map(|name| Action { name: StringId(*name), fields: 0..0 }).collect()
    }

    #[test]
    fn actions_are_found_by_their_symbols() {
        for names in [&[][..], &[4], &[4, 5, 9], &[4, 1000], &[0, 7, u32::MAX - 1]] {
            let actions = actions(names);
            let walks = Walks::new(&actions, 0, None, core::iter::empty());
            for symbol in [0, 1, 3, 4, 5, 6, 7, 9, 10, 1000, u32::MAX - 1, u32::MAX] {
                let expected = names.iter().position(|name| *name == symbol);
                let found = walks.action_of_symbol(&actions, StringId(symbol));
                assert_eq!(found.map(ActionId::index), expected, "{symbol} in {names:?}");
            }
        }
    }

    #[test]
    fn rules_of_an_action_are_merged_in_order() {
        let scoped: [Option<&[u32]>; 4] = [Some(&[1, 6]), Some(&[]), None, Some(&[0, 3])];
        let actions = actions(&[1, 2, 3, 4]);
        let walks = Walks::new(&actions, 7, Some(&[2, 5]), scoped.into_iter());
        let rules = |id| walks.rules(ActionId(id));
        assert_eq!(rules(0), Some(&[1, 2, 5, 6][..]));
        assert_eq!(rules(1), Some(&[2, 5][..]));
        assert_eq!(rules(2), None);
        assert_eq!(rules(3), Some(&[0, 2, 3, 5][..]));
        assert_eq!(rules(4), None);
        assert_eq!(Walks::new(&actions, 7, None, scoped.into_iter()).rules(ActionId(0)), None);
    }

    #[test]
    fn many_rules_for_many_actions_are_not_multiplied() {
        let unscoped: Vec<u32> = (0..1000).collect();
        let many = actions(&(0..1000).collect::<Vec<_>>());
        let walks = Walks::new(&many, 1000, Some(&unscoped), (0..1000).map(|_| Some(&[][..])));
        assert_eq!(walks.rules(ActionId(0)), None);
        assert!(walks.rules.is_empty());
    }
}
