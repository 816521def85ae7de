//! Why a program is refused.

use thiserror::Error;

/// Why a program is refused. Positions count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// A count is over its named maximum.
    #[error("{what}: {found} exceed the limit of {limit}")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A table of ends does not ascend, or does not cover its items exactly.
    #[error("{table} entry {entry}: ends do not partition the items")]
    BadRange {
        /// The table.
        table: &'static str,
        /// Which entry.
        entry: usize,
    },
    /// An enumerated field holds a number that means nothing.
    #[error("{table} entry {entry}: {field} has the unknown value {value}")]
    UnknownValue {
        /// The table.
        table: &'static str,
        /// Which entry.
        entry: usize,
        /// Which field of it.
        field: &'static str,
        /// What it holds.
        value: u64,
    },
    /// A reference leads out of its table.
    #[error("{table} entry {entry}: {field} refers to {value}, and there are {count}")]
    OutOfBounds {
        /// The table.
        table: &'static str,
        /// Which entry.
        entry: usize,
        /// Which field of it.
        field: &'static str,
        /// What it refers to.
        value: u64,
        /// How many there are to refer to.
        count: usize,
    },
    /// The strings are not UTF-8.
    #[error("the strings are not UTF-8")]
    NotUtf8,
    /// Entries are unsorted or repeated.
    #[error("{table} entry {entry}: unsorted or repeated")]
    Unsorted {
        /// The table.
        table: &'static str,
        /// Which entry.
        entry: usize,
    },
    /// A literal is not of the form that its use needs (a host name, a path, a network).
    #[error("{table} entry {entry}: {what} is malformed")]
    BadLiteral {
        /// The table.
        table: &'static str,
        /// Which entry.
        entry: usize,
        /// What it is for.
        what: &'static str,
    },
    /// A compiled pattern's table is not a well-formed, canonical automaton.
    #[error("pattern {entry}: {reason}")]
    BadPattern {
        /// Which pattern.
        entry: usize,
        /// What is wrong with it.
        reason: crate::dfa::DfaError,
    },
    /// A slot's name, parent and segment do not fit together.
    #[error("slot {entry}: its name does not follow from its place")]
    BadSlot {
        /// Which slot.
        entry: usize,
    },
    /// A field's type, constraint or default does not fit its slot.
    #[error("field {entry}: {what} does not fit")]
    BadField {
        /// Which field.
        entry: usize,
        /// What does not fit.
        what: &'static str,
    },
    /// A built-in `type` slot is missing.
    #[error("the slot `{name}` is missing")]
    MissingSlot {
        /// Its name.
        name: &'static str,
    },
    /// An op holds something where its kind has nothing, or a flag that it does not take.
    #[error("op {op}: {field} is not used by this op and must be 0")]
    UnusedField {
        /// Which op.
        op: usize,
        /// Which field of it.
        field: &'static str,
    },
    /// An op's slot, operator and right side do not go together.
    #[error("op {op}: {what} of the wrong type for candidates of group {group}")]
    WrongType {
        /// Which op.
        op: usize,
        /// The group of candidates whose input table was consulted.
        group: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// An op compares by symbol, and its slot is not looked up.
    #[error("op {op}: slot {slot} is compared by symbol but never looked up")]
    NotSymbolic {
        /// Which op.
        op: usize,
        /// Which slot.
        slot: u16,
    },
    /// A jump leads backwards, to itself, or out of its rule.
    #[error("op {op}: a jump to {target} does not lead forward inside its rule")]
    BadJump {
        /// Which op.
        op: usize,
        /// Where it leads.
        target: u32,
    },
    /// A rule's code runs past its end.
    #[error("rule {rule}: its code does not end in a verdict")]
    NoVerdict {
        /// Which rule.
        rule: usize,
    },
    /// Rules are not in decision order.
    #[error("rule {rule}: out of decision order")]
    OutOfOrder {
        /// Which rule.
        rule: usize,
    },
    /// A rule is a candidate twice, or never.
    #[error("rule {rule}: not a candidate exactly once per group")]
    BadCandidate {
        /// Which rule.
        rule: usize,
    },
    /// An index says something else than the rules that it lists.
    #[error("index {index}: does not agree with the code of rule {rule}")]
    BadIndex {
        /// Which index.
        index: usize,
        /// Which rule.
        rule: usize,
    },
    /// Verification would take too long.
    #[error("the program is too large to verify: more than {limit} steps")]
    TooComplex {
        /// The limit.
        limit: u64,
    },
}
