//! Programs as bytes: the only module that knows bincode.
//!
//! bincode frames the tables, each as one run of bytes with its length before it, and a table is
//! records of fixed width, little-endian, one after the other. So decoding borrows the runs,
//! allocates nothing that the bytes at hand do not fill, and spells each program in one way only.

use crate::limits::MAX_PROGRAM_BYTES;
use crate::parts::{
    ActionPart, ConstraintPart, DfaPart, FieldPart, GroupPart, IndexPart, KeyPart, NetworkPart,
    NumberPart, Parts, RulePart, SettingsPart, SlotPart, SumPart,
};
use crate::program::Program;
use crate::verify::VerifyError;
use alloc::vec::Vec;
use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use bincode::{BorrowDecode, Encode};
use thiserror::Error;

/// Why bytes are no program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// There are more bytes than any program may have.
    #[error("the program takes {bytes} bytes, and {limit} are allowed")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The bytes end before the last table does.
    #[error("the program is cut off after {bytes} bytes")]
    Truncated {
        /// How many there are.
        bytes: usize,
    },
    /// Bytes follow the last table.
    #[error("{count} bytes follow the program")]
    TrailingBytes {
        /// How many there are.
        count: usize,
    },
    /// A table is no whole number of records.
    #[error("{table}: {bytes} bytes are no whole number of records of {record} bytes")]
    TornTable {
        /// The table.
        table: &'static str,
        /// Its length.
        bytes: usize,
        /// The length of one record.
        record: usize,
    },
    /// The sizes of the patterns do not add up to what there is of them.
    #[error("the patterns take {found} bytes, and their sizes add up to {expected}")]
    PatternSizes {
        /// What the sizes add up to.
        expected: u64,
        /// How many bytes there are.
        found: usize,
    },
    /// The program is refused by the verifier.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

type Config = Configuration<LittleEndian, Fixint, Limit<MAX_PROGRAM_BYTES>>;

const CONFIG: Config = bincode::config::standard()
    .with_little_endian()
    .with_fixed_int_encoding()
    .with_limit::<MAX_PROGRAM_BYTES>();

/// Bytes of a pattern's classes.
const CLASSES: usize = 256;

/// A program's tables in the order in which they are written.
#[derive(Encode, BorrowDecode)]
struct Wire<'a> {
    settings: [u8; 5],
    common_end: u32,
    actor_end: u32,
    string_ends: &'a [u8],
    text: &'a [u8],
    numbers: &'a [u8],
    list_ends: &'a [u8],
    list_items: &'a [u8],
    network_list_ends: &'a [u8],
    networks: &'a [u8],
    dfa_sizes: &'a [u8],
    dfa_tables: &'a [u8],
    sums: &'a [u8],
    slots: &'a [u8],
    fields: &'a [u8],
    constraints: &'a [u8],
    actions: &'a [u8],
    rules: &'a [u8],
    groups: &'a [u8],
    indexes: &'a [u8],
    keys: &'a [u8],
    postings: &'a [u8],
    code: &'a [u8],
}

/// Bytes of a program without any: the settings, two ends and the length of each table.
const EMPTY_BYTES: usize = 5 + 2 * 4 + 20 * 8;

impl Program {
    /// The program's bytes. There is one spelling of each program: [`Program::decode`] takes no
    /// other.
    pub fn encode(&self) -> Vec<u8> {
        encode(&self.to_parts())
    }

    /// Decodes and verifies a program. It is safe to do so with bytes from anyone.
    ///
    /// ```
    /// # use actra_bytecode::{DecodeError, Program};
    /// let refused = Program::decode(b"no program").map(|_| ());
    /// assert_eq!(refused, Err(DecodeError::Truncated { bytes: 10 }));
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::verify(decode(bytes)?)?)
    }
}

/// How many bytes [`encode`] gives.
pub(crate) fn encoded_bytes(parts: &Parts) -> usize {
    let dfas = parts.dfas.iter().map(|dfa| {
        DfaSizes::BYTES + dfa.classes.len() + dfa.transitions.len() + dfa.accepting.len()
    });
    EMPTY_BYTES
        + bytes_of(&parts.string_ends)
        + parts.text.len()
        + bytes_of(&parts.numbers)
        + bytes_of(&parts.list_ends)
        + bytes_of(&parts.list_items)
        + bytes_of(&parts.network_list_ends)
        + bytes_of(&parts.networks)
        + dfas.sum::<usize>()
        + bytes_of(&parts.sums)
        + bytes_of(&parts.slots)
        + bytes_of(&parts.fields)
        + bytes_of(&parts.constraints)
        + bytes_of(&parts.actions)
        + bytes_of(&parts.rules)
        + bytes_of(&parts.groups)
        + bytes_of(&parts.indexes)
        + bytes_of(&parts.keys)
        + bytes_of(&parts.postings)
        + parts.code.len()
}

/// Writes parts without a look at what is in them.
pub(crate) fn encode(parts: &Parts) -> Vec<u8> {
    let SettingsPart { language, combine, default, missing, inputs } = parts.settings;
    let sizes: Vec<DfaSizes> = parts.dfas.iter().map(DfaSizes::of).collect();
    let mut dfa_tables = Vec::new();
    for dfa in &parts.dfas {
        for table in [&dfa.classes, &dfa.transitions, &dfa.accepting] {
            dfa_tables.extend_from_slice(table);
        }
    }
    let wire = Wire {
        settings: [language, combine, default, missing, inputs],
        common_end: parts.common_end,
        actor_end: parts.actor_end,
        string_ends: &write(&parts.string_ends),
        text: &parts.text,
        numbers: &write(&parts.numbers),
        list_ends: &write(&parts.list_ends),
        list_items: &write(&parts.list_items),
        network_list_ends: &write(&parts.network_list_ends),
        networks: &write(&parts.networks),
        dfa_sizes: &write(&sizes),
        dfa_tables: &dfa_tables,
        sums: &write(&parts.sums),
        slots: &write(&parts.slots),
        fields: &write(&parts.fields),
        constraints: &write(&parts.constraints),
        actions: &write(&parts.actions),
        rules: &write(&parts.rules),
        groups: &write(&parts.groups),
        indexes: &write(&parts.indexes),
        keys: &write(&parts.keys),
        postings: &write(&parts.postings),
        code: &parts.code,
    };
    // Writing to memory cannot fail; were it to, no bytes are no program either.
    bincode::encode_to_vec(wire, CONFIG).unwrap_or_default()
}

/// Reads parts, unverified.
pub(crate) fn decode(bytes: &[u8]) -> Result<Parts, DecodeError> {
    if bytes.len() > MAX_PROGRAM_BYTES {
        return Err(DecodeError::TooLarge { bytes: bytes.len(), limit: MAX_PROGRAM_BYTES });
    }
    // A borrowed run fails in one way only: a length that leads past the end.
    let (wire, end): (Wire<'_>, usize) = bincode::borrow_decode_from_slice(bytes, CONFIG)
        .map_err(|_| DecodeError::Truncated { bytes: bytes.len() })?;
    match bytes.len() - end {
        0 => {}
        count => return Err(DecodeError::TrailingBytes { count }),
    }
    let [language, combine, default, missing, inputs] = wire.settings;
    Ok(Parts {
        settings: SettingsPart { language, combine, default, missing, inputs },
        string_ends: read("string ends", wire.string_ends)?,
        text: wire.text.to_vec(),
        numbers: read("numbers", wire.numbers)?,
        list_ends: read("list ends", wire.list_ends)?,
        list_items: read("list items", wire.list_items)?,
        network_list_ends: read("network list ends", wire.network_list_ends)?,
        networks: read("networks", wire.networks)?,
        dfas: read_dfas(&read("patterns", wire.dfa_sizes)?, wire.dfa_tables)?,
        sums: read("sums", wire.sums)?,
        slots: read("slots", wire.slots)?,
        fields: read("fields", wire.fields)?,
        common_end: wire.common_end,
        actor_end: wire.actor_end,
        constraints: read("constraints", wire.constraints)?,
        actions: read("actions", wire.actions)?,
        rules: read("rules", wire.rules)?,
        groups: read("groups", wire.groups)?,
        indexes: read("indexes", wire.indexes)?,
        keys: read("keys", wire.keys)?,
        postings: read("postings", wire.postings)?,
        code: wire.code.to_vec(),
    })
}

/// How long a pattern's tables are.
#[derive(Clone, Copy)]
struct DfaSizes {
    transitions: u32,
    accepting: u32,
}

impl DfaSizes {
    fn of(dfa: &DfaPart) -> Self {
        Self { transitions: dfa.transitions.len() as u32, accepting: dfa.accepting.len() as u32 }
    }
}

fn read_dfas(sizes: &[DfaSizes], mut tables: &[u8]) -> Result<Vec<DfaPart>, DecodeError> {
    let size = |part: &DfaSizes| CLASSES as u64 + part.transitions as u64 + part.accepting as u64;
    let error =
        DecodeError::PatternSizes { expected: sizes.iter().map(size).sum(), found: tables.len() };
    let mut take = |bytes| {
        let (taken, rest) = tables.split_at_checked(bytes)?;
        tables = rest;
        Some(taken.to_vec())
    };
    let mut dfas = Vec::new();
    for DfaSizes { transitions, accepting } in sizes {
        let (Some(classes), Some(transitions), Some(accepting)) =
            (take(CLASSES), take(*transitions as usize), take(*accepting as usize))
        else {
            return Err(error);
        };
        dfas.push(DfaPart { classes, transitions, accepting });
    }
    if tables.is_empty() { Ok(dfas) } else { Err(error) }
}

/// What a table consists of.
trait Record: Sized {
    /// The width of each.
    const BYTES: usize;

    /// Appends it.
    fn write(&self, into: &mut Vec<u8>);

    /// Takes it from bytes of which there are enough.
    fn read(from: &mut &[u8]) -> Self;
}

fn bytes_of<T: Record>(records: &[T]) -> usize {
    records.len() * T::BYTES
}

fn write<T: Record>(records: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bytes_of(records));
    for record in records {
        record.write(&mut bytes);
    }
    bytes
}

fn read<T: Record>(table: &'static str, bytes: &[u8]) -> Result<Vec<T>, DecodeError> {
    let chunks = bytes.chunks_exact(T::BYTES);
    if chunks.remainder().is_empty() {
        Ok(chunks.map(|mut chunk| T::read(&mut chunk)).collect())
    } else {
        Err(DecodeError::TornTable { table, bytes: bytes.len(), record: T::BYTES })
    }
}

macro_rules! integers {
    ($($ty:ty),+) => {$(
        impl Record for $ty {
            const BYTES: usize = size_of::<Self>();

            fn write(&self, into: &mut Vec<u8>) {
                into.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn read(from: &mut &[u8]) -> Self {
                let Some((bytes, rest)) = from.split_first_chunk() else { return 0 };
                *from = rest;
                Self::from_le_bytes(*bytes)
            }
        }
    )+};
}

integers! { u8, u16, u32, u64 }

impl Record for [u8; 16] {
    const BYTES: usize = 16;

    fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(self);
    }

    #[inline]
    fn read(from: &mut &[u8]) -> Self {
        let Some((bytes, rest)) = from.split_first_chunk() else { return [0; 16] };
        *from = rest;
        *bytes
    }
}

macro_rules! records {
    ($($name:ident { $($field:ident: $ty:ty),+ })+) => {$(
        impl Record for $name {
            const BYTES: usize = 0 $(+ <$ty as Record>::BYTES)+;

            fn write(&self, into: &mut Vec<u8>) {
                $(self.$field.write(into);)+
            }

            #[inline]
            fn read(from: &mut &[u8]) -> Self {
                // Fields of a literal are evaluated in the order written.
                Self { $($field: <$ty as Record>::read(from)),+ }
            }
        }
    )+};
}

records! {
    NumberPart { tag: u8, bits: u64 }
    NetworkPart { family: u8, prefix: u8, address: [u8; 16] }
    DfaSizes { transitions: u32, accepting: u32 }
    SumPart { sign: u8, kind: u8, value: u64 }
    SlotPart { name: u32, domain: u8, kind: u8, symbolic: u8, parent: u16, segment: u32 }
    FieldPart { slot: u16, ty: u8, required: u8, constraint: u32, default: u32 }
    ConstraintPart { allowed: u32, min: u32, max: u32, max_length: u64, max_items: u64, unique: u8 }
    ActionPart { name: u32, fields_end: u32 }
    RulePart { id: u32, effect: u8, shadow: u8, position: u32, message: u32, required_actions: u32, entry: u32 }
    GroupPart { always_end: u32, indexes_end: u32 }
    IndexPart { slot: u16, kind: u8, missing_end: u32, keys_end: u32 }
    KeyPart { key: u32, end: u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn sample() -> Parts {
        Parts {
            settings: SettingsPart { language: 2, combine: 1, default: 3, missing: 1, inputs: 1 },
            string_ends: vec![1, 3],
            text: b"abc".to_vec(),
            numbers: vec![NumberPart { tag: 1, bits: u64::MAX }],
            list_ends: vec![1],
            list_items: vec![0],
            network_list_ends: vec![1],
            networks: vec![NetworkPart { family: 4, prefix: 8, address: [7; 16] }],
            dfas: vec![
                DfaPart { classes: vec![0; 256], transitions: vec![0; 6], accepting: vec![1] },
                DfaPart { classes: vec![1; 256], transitions: vec![3; 4], accepting: vec![2, 3] },
            ],
            sums: vec![SumPart { sign: 1, kind: 2, value: 3 }],
            slots: vec![SlotPart {
                name: 1,
                domain: 2,
                kind: 3,
                symbolic: 4,
                parent: 5,
                segment: 6,
            }],
            fields: vec![FieldPart { slot: 1, ty: 2, required: 3, constraint: 4, default: 5 }; 2],
            common_end: 8,
            actor_end: 9,
            constraints: vec![ConstraintPart {
                allowed: 1,
                min: 2,
                max: 3,
                max_length: 4,
                max_items: 5,
                unique: 6,
            }],
            actions: vec![ActionPart { name: 1, fields_end: 2 }],
            rules: vec![RulePart {
                id: 1,
                effect: 2,
                shadow: 3,
                position: 4,
                message: 5,
                required_actions: 6,
                entry: 7,
            }],
            groups: vec![GroupPart { always_end: 1, indexes_end: 2 }],
            indexes: vec![IndexPart { slot: 1, kind: 2, missing_end: 3, keys_end: 4 }],
            keys: vec![KeyPart { key: 1, end: 2 }],
            postings: vec![1, 2, 3],
            code: vec![1; 16],
        }
    }

    #[test]
    fn parts_decode_to_themselves_and_their_size_is_known_before() {
        for parts in [sample(), Parts::default()] {
            let bytes = encode(&parts);
            assert_eq!(bytes.len(), encoded_bytes(&parts));
            assert_eq!(decode(&bytes).unwrap(), parts);
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let bytes = encode(&Parts { string_ends: vec![2], text: b"xy".to_vec(), ..sample() });
        assert_eq!(bytes[..5], [2, 1, 3, 1, 1]);
        assert_eq!(bytes[5..13], [8, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(bytes[13..25], [4, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[25..35], [2, 0, 0, 0, 0, 0, 0, 0, b'x', b'y']);
        assert_eq!(bytes[35..44], [9, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn records_are_as_wide_as_documented() {
        let widths = [
            NumberPart::BYTES,
            NetworkPart::BYTES,
            DfaSizes::BYTES,
            SumPart::BYTES,
            SlotPart::BYTES,
            FieldPart::BYTES,
            ConstraintPart::BYTES,
            ActionPart::BYTES,
            RulePart::BYTES,
            GroupPart::BYTES,
            IndexPart::BYTES,
            KeyPart::BYTES,
        ];
        assert_eq!(widths, [9, 18, 8, 10, 13, 12, 29, 8, 22, 8, 11, 8]);
    }

    #[test]
    fn each_defect_of_the_framing_is_refused() {
        let good = encode(&sample());
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]), Err(DecodeError::Truncated { bytes: cut }));
        }
        let mut long = good.clone();
        long.extend([0; 3]);
        assert_eq!(decode(&long), Err(DecodeError::TrailingBytes { count: 3 }));

        let mut hostile = good.clone();
        hostile[13..21].copy_from_slice(&(1_u64 << 27).to_le_bytes());
        let truncated = Err(DecodeError::Truncated { bytes: good.len() });
        assert_eq!(decode(&hostile), truncated, "a length past the end");
        hostile[13..21].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(decode(&hostile), truncated, "a length past every end");

        let torn = encode(&Parts { code: Vec::new(), ..sample() });
        let postings = torn.len() - 8 - 12;
        let mut torn = torn[..postings - 8].to_vec();
        torn.extend(11_u64.to_le_bytes());
        torn.extend([0; 11 + 8]);
        let error = DecodeError::TornTable { table: "postings", bytes: 11, record: 4 };
        assert_eq!(decode(&torn), Err(error));
    }

    #[test]
    fn pattern_sizes_must_add_up() {
        let mut parts = sample();
        let exact = 2 * 256 + 7 + 6;
        let bytes = encode(&parts);
        let at = bytes.windows(8).position(|window| window == [6, 0, 0, 0, 1, 0, 0, 0]).unwrap();
        for (transitions, expected) in [(5_u32, exact - 1), (7, exact + 1), (300, exact + 294)] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&transitions.to_le_bytes());
            let error = DecodeError::PatternSizes { expected, found: exact as usize };
            assert_eq!(decode(&bytes), Err(error));
        }
        parts.dfas.clear();
        assert!(decode(&encode(&parts)).is_ok());
    }
}
