//! Deterministic automata that `matches` runs: a whole string is accepted, or not.
//!
//! The table is ours, so that artifacts do not depend on a regex engine: bytes fall into classes,
//! and a state and a class give the next state. There is one spelling of each automaton's table,
//! and only that one is accepted, so equal programs have equal bytes.

use alloc::vec::Vec;

/// The largest table in bytes: 256 of classes, two for each transition, and the accepting bits.
pub const MAX_DFA_BYTES: usize = 256 * 1024;

/// The state before the first byte.
const START: u16 = 0;

/// No state has this number, since there are at most `u16::MAX` of them.
const NO_STATE: u16 = u16::MAX;

/// A checked automaton for whole strings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dfa {
    /// The class of each byte; numbered in the order in which the bytes first show them.
    classes: [u8; 256],
    /// How many classes there are: 1 to 256.
    stride: usize,
    /// The state after state `s` and class `c` at `s * stride + c`; states are numbered in
    /// breadth-first order from the start.
    transitions: Vec<u16>,
    /// Bit `s % 8` of byte `s / 8`: whether a string may end in state `s`.
    accepting: Vec<u8>,
    /// The state from which nothing is accepted any more, or [`NO_STATE`].
    dead: u16,
}

/// Why a table is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DfaError {
    /// The table is larger than [`MAX_DFA_BYTES`].
    #[error("the automaton takes {bytes} bytes, and {MAX_DFA_BYTES} are allowed")]
    TooLarge {
        /// The table's size.
        bytes: usize,
    },
    /// The classes are not numbered in order of first appearance.
    #[error("the class of byte {byte} of the automaton is out of order")]
    ClassOrder {
        /// The first byte whose class is out of order.
        byte: u8,
    },
    /// There are no states, or more than fit, or the last one lacks transitions.
    #[error("the automaton's {transitions} transitions make no whole number of states")]
    TransitionCount {
        /// How many transitions there are.
        transitions: usize,
    },
    /// A transition leads to a state that is not there or out of breadth-first order, or a state
    /// cannot be reached.
    #[error("state {state} of the automaton is out of order or unreachable")]
    StateOrder {
        /// The state whose transitions show it.
        state: usize,
    },
    /// The accepting bits are not one for each state with zeros after them.
    #[error("the automaton's accepting bits do not fit its {states} states")]
    AcceptingBits {
        /// How many states there are.
        states: usize,
    },
}

impl Dfa {
    /// Checks a table completely: sizes, targets, and that it is in its one canonical numbering.
    ///
    /// The start is state 0. That the automaton is minimal is not checked: a larger one is slower
    /// but as right.
    pub fn from_parts(
        classes: [u8; 256],
        transitions: Vec<u16>,
        accepting: Vec<u8>,
    ) -> Result<Self, DfaError> {
        let bytes = table_bytes(transitions.len(), accepting.len());
        if bytes > MAX_DFA_BYTES {
            return Err(DfaError::TooLarge { bytes });
        }
        let stride = check_classes(&classes)?;
        let states = transitions.len() / stride;
        if states == 0 || states > usize::from(NO_STATE) || states * stride != transitions.len() {
            return Err(DfaError::TransitionCount { transitions: transitions.len() });
        }
        check_states(&transitions, stride)?;
        if !bits_fit(&accepting, states) {
            return Err(DfaError::AcceptingBits { states });
        }
        let dead = transitions.chunks_exact(stride).zip(0..).find_map(|(row, state)| {
            let stays = row.iter().all(|next| *next == state) && !bit(&accepting, state);
            stays.then_some(state)
        });
        Ok(Self { classes, stride, transitions, accepting, dead: dead.unwrap_or(NO_STATE) })
    }

    /// The class of each byte.
    pub fn classes(&self) -> &[u8; 256] {
        &self.classes
    }

    /// How many classes there are, which is how many transitions a state has.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The next state for each state and class, the transitions of a state together.
    pub fn transitions(&self) -> &[u16] {
        &self.transitions
    }

    /// One bit for each state, lowest bit first: whether a string may end there.
    pub fn accepting(&self) -> &[u8] {
        &self.accepting
    }

    /// How many states there are; at least one.
    pub fn states(&self) -> usize {
        self.transitions.len() / self.stride
    }

    /// The size that [`MAX_DFA_BYTES`] bounds.
    pub fn table_bytes(&self) -> usize {
        table_bytes(self.transitions.len(), self.accepting.len())
    }

    /// Whether the whole text is accepted: one step for each byte, fewer when no end can be.
    pub fn matches(&self, text: &[u8]) -> bool {
        let mut state = START;
        for byte in text {
            // `get` on 256 classes by a byte needs no check, and the sizes were checked, so
            // nothing is ever missing here; if it were, the text would not match.
            let class = self.classes.get(usize::from(*byte)).copied().unwrap_or_default();
            let index = usize::from(state) * self.stride + usize::from(class);
            let Some(next) = self.transitions.get(index) else {
                return false;
            };
            state = *next;
            if state == self.dead {
                return false;
            }
        }
        bit(&self.accepting, state)
    }
}

fn table_bytes(transitions: usize, accepting: usize) -> usize {
    256_usize.saturating_add(transitions.saturating_mul(2)).saturating_add(accepting)
}

fn bit(bits: &[u8], state: u16) -> bool {
    bits.get(usize::from(state / 8)).is_some_and(|byte| byte >> (state % 8) & 1 == 1)
}

/// Checks the order of the classes and counts them.
fn check_classes(classes: &[u8; 256]) -> Result<usize, DfaError> {
    let mut count = 0;
    for (byte, class) in (0..=u8::MAX).zip(classes) {
        match usize::from(*class) {
            class if class == count => count += 1,
            class if class < count => {}
            _ => return Err(DfaError::ClassOrder { byte }),
        }
    }
    Ok(count)
}

/// Checks that following the transitions in their order meets the states in theirs.
fn check_states(transitions: &[u16], stride: usize) -> Result<(), DfaError> {
    let mut met = 1;
    for (state, row) in transitions.chunks_exact(stride).enumerate() {
        let reachable = state < met;
        for next in row {
            match usize::from(*next) {
                next if next == met => met += 1,
                next if next < met => {}
                _ => return Err(DfaError::StateOrder { state }),
            }
        }
        if !reachable {
            return Err(DfaError::StateOrder { state });
        }
    }
    // Every state was met in its turn, so only targets past the last one are left to find.
    let states = transitions.len() / stride;
    if met == states { Ok(()) } else { Err(DfaError::StateOrder { state: states }) }
}

fn bits_fit(bits: &[u8], states: usize) -> bool {
    let spare = bits.len().wrapping_mul(8).wrapping_sub(states);
    spare < 8 && bits.last().is_some_and(|last| u32::from(*last) << spare <= 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    /// Class 1 for `a`, 0 for what comes before it, and 0 after it too.
    fn a_and_others() -> [u8; 256] {
        let mut classes = [0; 256];
        classes[usize::from(b'a')] = 1;
        classes
    }

    /// `a+`: state 0 start, 1 dead, 2 accepting.
    fn some_a() -> Dfa {
        Dfa::from_parts(a_and_others(), vec![1, 2, 1, 1, 1, 2], vec![0b100]).unwrap()
    }

    #[test]
    fn the_whole_text_counts() {
        let dfa = some_a();
        assert!(dfa.matches(b"a") && dfa.matches(b"aaa"));
        assert!(!dfa.matches(b"") && !dfa.matches(b"ab") && !dfa.matches(b"ba"));
        assert_eq!((dfa.dead, dfa.states(), dfa.table_bytes()), (1, 3, 256 + 12 + 1));
    }

    #[test]
    fn automata_of_one_state_accept_all_or_nothing() {
        let all = Dfa::from_parts([0; 256], vec![0], vec![1]).unwrap();
        let nothing = Dfa::from_parts([0; 256], vec![0], vec![0]).unwrap();
        for text in [&b""[..], b"a", b"\xff\0"] {
            assert!(all.matches(text) && !nothing.matches(text));
        }
    }

    #[test]
    fn each_defect_is_refused() {
        use DfaError::*;
        let refused = |classes, transitions, accepting| {
            Dfa::from_parts(classes, transitions, accepting).unwrap_err()
        };
        let states = || vec![1, 2, 1, 1, 1, 2];
        let two = a_and_others();
        assert_eq!(refused([1; 256], states(), vec![4]), ClassOrder { byte: 0 });
        assert_eq!(refused(two, vec![], vec![]), TransitionCount { transitions: 0 });
        assert_eq!(refused(two, vec![0, 0, 0], vec![0]), TransitionCount { transitions: 3 });
        assert_eq!(refused(two, vec![2, 1, 2, 2, 2, 1], vec![2]), StateOrder { state: 0 });
        assert_eq!(refused(two, vec![0, 0, 1, 1], vec![0]), StateOrder { state: 1 });
        assert_eq!(refused(two, vec![0, 1], vec![0]), StateOrder { state: 1 });
        assert_eq!(refused(two, states(), vec![]), AcceptingBits { states: 3 });
        assert_eq!(refused(two, states(), vec![4, 0]), AcceptingBits { states: 3 });
        assert_eq!(refused(two, states(), vec![8]), AcceptingBits { states: 3 });
        let many = vec![0; MAX_DFA_BYTES / 2];
        assert_eq!(refused(two, many, vec![]), TooLarge { bytes: MAX_DFA_BYTES + 256 });
    }

    proptest! {
        #[test]
        fn accepted_tables_run_without_panic(
            transitions in prop::collection::vec(0..4_u16, 0..8), accepting: u8, text: Vec<u8>
        ) {
            if let Ok(dfa) = Dfa::from_parts(a_and_others(), transitions, vec![accepting]) {
                let _ = dfa.matches(&text);
            }
        }
    }
}
