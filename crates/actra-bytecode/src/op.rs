//! The ops: one table from which the enum, encoding, decoding, names and documentation come.
//!
//! An op is 16 bytes, all integers little-endian:
//!
//! | bytes | field | meaning |
//! |---|---|---|
//! | 0 | `code` | which op |
//! | 1 | `flags` | see [`Flags`] |
//! | 2..4 | `slot` | the slot on the left |
//! | 4..8 | `operand` | the right side: what it indexes depends on the op |
//! | 8..12 | `extra` | a [`Comparison`], a sum, or 0 |
//! | 12..16 | `target` | where to go on when the test comes out as the flags say; otherwise the next op is next |
//!
//! A test has one of four outcomes: true, false, unknown because a field is missing, unknown
//! because a value is malformed. The flags turn it into a jump.

use crate::ids::SlotId;
use core::fmt;

/// Bytes of an encoded op.
pub const OP_BYTES: usize = 16;

/// What stands on the left of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing: the op ends a rule.
    Nothing,
    /// Any declared field.
    Any,
    /// A string field, or with a quantifier a list of strings.
    String,
    /// A numeric field, or with a quantifier a list of numbers.
    Number,
    /// A boolean field.
    Boolean,
    /// A timestamp field.
    Timestamp,
    /// A string field or a list; with a quantifier a list of strings.
    Sized,
    /// A scalar field (with a quantifier a list).
    Scalar,
    /// A numeric or timestamp field.
    Ordered,
    /// A list of strings.
    StringList,
    /// A list of numbers.
    NumberList,
    /// Any list.
    List,
    /// A string field or a list of strings; with a quantifier a list of strings.
    StringOrStringList,
    /// A string field or any list.
    StringOrList,
}

/// What the operand of an op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Nothing (0).
    Nothing,
    /// A string.
    String,
    /// A list of strings, ascending and distinct.
    StringSet,
    /// A list of strings.
    StringList,
    /// A list of domain names.
    DomainList,
    /// A list of directories.
    PathList,
    /// 1: false, 2: true, 3: both.
    BooleanMask,
    /// A number.
    Number,
    /// A list of numbers, ascending and distinct.
    NumberSet,
    /// An instant.
    Instant,
    /// A list of instants, ascending and distinct.
    InstantSet,
    /// An integer that a length is compared with.
    Length,
    /// A compiled pattern.
    Dfa,
    /// A list of networks.
    NetworkList,
    /// A field of the left side's kind.
    SameKindSlot,
    /// A list field whose items are of the left side's kind.
    ListOfSameKindSlot,
    /// A string field.
    StringSlot,
    /// A list of strings.
    StringListSlot,
    /// A string field or a list of strings.
    StringOrListSlot,
    /// A scalar field of the kind of the left side's items.
    ItemKindSlot,
    /// A list field of the left side's kind.
    SameListSlot,
    /// Beside a string a string field, beside a list a scalar field of its items' kind.
    ContainedSlot,
}

/// What the `extra` field of an op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Nothing (0).
    Nothing,
    /// A [`Comparison`].
    Comparison,
    /// A [`Comparison`] in the low three bits, an index into the sums above them.
    ComparisonOfSum,
}

macro_rules! ops {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $name:literal, $left:ident, $right:ident, $extra:ident, quantified: $quantified:literal;)+) => {
        /// Which op.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum OpCode { $($(#[$doc])* $variant = $code,)+ }

        impl OpCode {
            /// Every op, by code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The op of that code.
            pub const fn decode(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// Its name in disassembly.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What stands on the left.
            pub const fn left(self) -> Left {
                match self { $(Self::$variant => Left::$left,)+ }
            }

            /// What the operand is.
            pub const fn right(self) -> Right {
                match self { $(Self::$variant => Right::$right,)+ }
            }

            /// What `extra` is.
            pub const fn extra(self) -> Extra {
                match self { $(Self::$variant => Extra::$extra,)+ }
            }

            /// Whether `every` and `some` may stand before it.
            pub const fn takes_quantifier(self) -> bool {
                match self { $(Self::$variant => $quantified,)+ }
            }
        }
    };
}

ops! {
    /// The rule fires.
    Fire = 0x01 "fire", Nothing, Nothing, Nothing, quantified: false;
    /// The rule does not fire.
    Skip = 0x02 "skip", Nothing, Nothing, Nothing, quantified: false;
    /// The field is there.
    Exists = 0x03 "exists", Any, Nothing, Nothing, quantified: false;

    /// The string is that one.
    StringEquals = 0x10 "str.eq", String, String, Nothing, quantified: true;
    /// The string is one of those.
    StringIn = 0x11 "str.in", String, StringSet, Nothing, quantified: true;
    /// The string starts with one of those.
    StringStartsWith = 0x12 "str.starts", String, StringList, Nothing, quantified: true;
    /// The string ends with one of those.
    StringEndsWith = 0x13 "str.ends", String, StringList, Nothing, quantified: true;
    /// The string contains one of those.
    StringContains = 0x14 "str.contains", String, StringList, Nothing, quantified: true;
    /// The string contains that one, or the list has it: whichever the left side holds.
    ContainsString = 0x19 "contains", StringOrStringList, String, Nothing, quantified: true;
    /// The whole string matches the pattern.
    StringMatches = 0x15 "str.matches", String, Dfa, Nothing, quantified: true;
    /// The host is one of the domains or below one.
    InDomain = 0x16 "host.in_domain", String, DomainList, Nothing, quantified: true;
    /// The address is inside one of the networks.
    InNetwork = 0x17 "host.in_network", String, NetworkList, Nothing, quantified: true;
    /// The path is one of the directories or inside one.
    WithinPath = 0x18 "path.within", String, PathList, Nothing, quantified: true;

    /// The number compares so with the constant.
    NumberCompare = 0x20 "num.cmp", Number, Number, Comparison, quantified: true;
    /// The number is one of those.
    NumberIn = 0x21 "num.in", Number, NumberSet, Nothing, quantified: true;
    /// The boolean is in the mask.
    BooleanIn = 0x22 "bool.in", Boolean, BooleanMask, Nothing, quantified: false;
    /// The instant compares so with the constant.
    InstantCompare = 0x23 "time.cmp", Timestamp, Instant, Comparison, quantified: false;
    /// The instant is one of those.
    InstantIn = 0x24 "time.in", Timestamp, InstantSet, Nothing, quantified: false;
    /// The length compares so with the constant.
    LengthCompare = 0x25 "len.cmp", Sized, Length, Comparison, quantified: true;

    /// The fields are equal.
    FieldEquals = 0x30 "field.eq", Scalar, SameKindSlot, Nothing, quantified: false;
    /// The fields compare so.
    FieldCompare = 0x31 "field.cmp", Ordered, SameKindSlot, Comparison, quantified: false;
    /// The field compares so with a sum.
    SumCompare = 0x32 "sum.cmp", Ordered, SameKindSlot, ComparisonOfSum, quantified: false;
    /// The value is in the list field.
    FieldIn = 0x33 "field.in", Scalar, ListOfSameKindSlot, Nothing, quantified: true;
    /// The string starts with the string field.
    FieldStartsWith = 0x34 "field.starts", String, StringSlot, Nothing, quantified: false;
    /// The string ends with the string field.
    FieldEndsWith = 0x35 "field.ends", String, StringSlot, Nothing, quantified: false;
    /// The string contains the string field, or the list has the value of the field: whichever the
    /// left side holds.
    FieldContains = 0x36 "field.contains", StringOrList, ContainedSlot, Nothing, quantified: false;
    /// The host is in one of the domains of the list field.
    FieldInDomain = 0x37 "field.in_domain", String, StringListSlot, Nothing, quantified: false;
    /// The path is within the directory, or one of the directories, of the field.
    FieldWithinPath = 0x38 "field.within", String, StringOrListSlot, Nothing, quantified: false;

    /// The list has the string.
    ListHasString = 0x40 "list.has_str", StringList, String, Nothing, quantified: false;
    /// The list has the number.
    ListHasNumber = 0x41 "list.has_num", NumberList, Number, Nothing, quantified: false;
    /// The list has one of the strings.
    ListHasAnyString = 0x42 "list.any_str", StringList, StringSet, Nothing, quantified: false;
    /// The list has one of the numbers.
    ListHasAnyNumber = 0x43 "list.any_num", NumberList, NumberSet, Nothing, quantified: false;
    /// The list has all of the strings.
    ListHasAllStrings = 0x44 "list.all_str", StringList, StringSet, Nothing, quantified: false;
    /// The list has all of the numbers.
    ListHasAllNumbers = 0x45 "list.all_num", NumberList, NumberSet, Nothing, quantified: false;
    /// The list has the value of the field.
    ListHasField = 0x46 "list.has_field", List, ItemKindSlot, Nothing, quantified: false;
    /// The list shares an item with the list field.
    ListHasAnyOfField = 0x47 "list.any_field", List, SameListSlot, Nothing, quantified: false;
    /// The list has every item of the list field.
    ListHasAllOfField = 0x48 "list.all_field", List, SameListSlot, Nothing, quantified: false;
}

impl OpCode {
    /// Whether the op ends a rule.
    pub const fn is_verdict(self) -> bool {
        matches!(self, Self::Fire | Self::Skip)
    }

    /// Whether the op compares by symbol, so that its string slot must be a symbolic one.
    pub const fn reads_symbols(self) -> bool {
        matches!(
            self,
            Self::StringEquals
                | Self::StringIn
                | Self::ListHasString
                | Self::ListHasAnyString
                | Self::ListHasAllStrings
        )
    }

    /// Whether the operand is another slot.
    pub const fn has_right_slot(self) -> bool {
        matches!(
            self.right(),
            Right::SameKindSlot
                | Right::ListOfSameKindSlot
                | Right::StringSlot
                | Right::StringListSlot
                | Right::StringOrListSlot
                | Right::ItemKindSlot
                | Right::SameListSlot
                | Right::ContainedSlot
        )
    }
}

/// How an op's outcome becomes a jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// True and false trade places (unknown outcomes do not).
    pub const NEGATE: u8 = 1;
    /// The same for each item, before the items combine.
    pub const NEGATE_ITEM: u8 = 2;
    /// Jump when the test holds; otherwise, when it does not.
    pub const JUMP_IF_HOLDS: u8 = 4;
    /// The test holds when a field is missing.
    pub const MISSING_HOLDS: u8 = 8;
    /// The test holds when a value is malformed.
    pub const MALFORMED_HOLDS: u8 = 16;
    /// Each item of the list on the left, combined as `all` would.
    pub const EVERY: u8 = 32;
    /// Each item of the list on the left, combined as `any` would.
    pub const SOME: u8 = 64;
    /// Every flag.
    pub const ALL: u8 = 127;

    /// Whether all of the bits are set.
    #[inline]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// Whether the op looks at items.
    #[inline]
    pub const fn is_quantified(self) -> bool {
        self.0 & (Self::EVERY | Self::SOME) != 0
    }
}

/// An ordering test: a set of the three orderings that satisfy it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Comparison(u8);

impl Comparison {
    /// `<`
    pub const LESS: Self = Self(1);
    /// `==`
    pub const EQUAL: Self = Self(2);
    /// `<=`
    pub const LESS_OR_EQUAL: Self = Self(3);
    /// `>`
    pub const GREATER: Self = Self(4);
    /// `>=`
    pub const GREATER_OR_EQUAL: Self = Self(6);

    /// The comparison of that number.
    pub const fn decode(bits: u32) -> Option<Self> {
        match bits {
            1 => Some(Self::LESS),
            2 => Some(Self::EQUAL),
            3 => Some(Self::LESS_OR_EQUAL),
            4 => Some(Self::GREATER),
            6 => Some(Self::GREATER_OR_EQUAL),
            _ => None,
        }
    }

    /// Its number.
    #[inline]
    pub const fn encode(self) -> u32 {
        self.0 as u32
    }

    /// Whether the ordering satisfies it; an incomparable pair (NaN) never does.
    #[inline]
    pub const fn admits(self, ordering: Option<core::cmp::Ordering>) -> bool {
        match ordering {
            Some(ordering) => self.0 & (1 << (ordering as i8 + 1)) != 0,
            None => false,
        }
    }

    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self.0 {
            1 => "<",
            2 => "==",
            3 => "<=",
            4 => ">",
            _ => ">=",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sign())
    }
}

/// One op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Which op.
    pub code: OpCode,
    /// How its outcome becomes a jump.
    pub flags: Flags,
    /// The slot on the left.
    pub slot: SlotId,
    /// The right side.
    pub operand: u32,
    /// More of the right side.
    pub extra: u32,
    /// Where to jump.
    pub target: u32,
}

/// An op's comparison and sum, unpacked from `extra`.
impl Op {
    /// The rule fires.
    pub const FIRE: Self = Self::verdict(OpCode::Fire);
    /// The rule does not fire.
    pub const SKIP: Self = Self::verdict(OpCode::Skip);

    const fn verdict(code: OpCode) -> Self {
        Self { code, flags: Flags(0), slot: SlotId(0), operand: 0, extra: 0, target: 0 }
    }

    /// The comparison in `extra`. The verifier has seen that there is one where an op needs it.
    #[inline]
    pub const fn comparison(&self) -> Comparison {
        Comparison((self.extra & 7) as u8)
    }

    /// The sum in `extra`.
    #[inline]
    pub const fn sum(&self) -> crate::ids::SumId {
        crate::ids::SumId(self.extra >> 3)
    }

    /// The operand as a slot.
    #[inline]
    pub const fn right_slot(&self) -> SlotId {
        SlotId(self.operand as u16)
    }

    /// Its 16 bytes.
    pub fn encode(&self) -> [u8; OP_BYTES] {
        let mut bytes = [0; OP_BYTES];
        let fields = [
            [self.code as u8, self.flags.0, self.slot.0 as u8, (self.slot.0 >> 8) as u8],
            self.operand.to_le_bytes(),
            self.extra.to_le_bytes(),
            self.target.to_le_bytes(),
        ];
        for (into, from) in bytes.iter_mut().zip(fields.iter().flatten()) {
            *into = *from;
        }
        bytes
    }

    /// The op of those bytes; `None` where the code is none of the table's.
    pub fn decode(bytes: &[u8; OP_BYTES]) -> Option<Self> {
        let [code, flags, s0, s1, o0, o1, o2, o3, e0, e1, e2, e3, t0, t1, t2, t3] = *bytes;
        Some(Self {
            code: OpCode::decode(code)?,
            flags: Flags(flags),
            slot: SlotId(u16::from_le_bytes([s0, s1])),
            operand: u32::from_le_bytes([o0, o1, o2, o3]),
            extra: u32::from_le_bytes([e0, e1, e2, e3]),
            target: u32::from_le_bytes([t0, t1, t2, t3]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_op_is_sixteen_bytes_in_memory_too() {
        assert_eq!(core::mem::size_of::<Op>(), OP_BYTES);
    }

    #[test]
    fn every_code_decodes_to_itself_and_no_other_does() {
        for code in 0..=u8::MAX {
            let known = OpCode::ALL.iter().find(|op| **op as u8 == code).copied();
            assert_eq!(OpCode::decode(code), known);
        }
    }

    #[test]
    fn encoding_is_the_documented_layout() {
        let op = Op {
            code: OpCode::NumberCompare,
            flags: Flags(0x15),
            slot: SlotId(0x0203),
            operand: 0x0405_0607,
            extra: Comparison::GREATER.encode(),
            target: 0x0809_0a0b,
        };
        let bytes = op.encode();
        assert_eq!(
            bytes,
            [0x20, 0x15, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 4, 0, 0, 0, 0x0b, 0x0a, 0x09, 0x08]
        );
        assert_eq!(Op::decode(&bytes), Some(op));
    }
}
