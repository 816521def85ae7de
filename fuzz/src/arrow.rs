//! Batches through Arrow's C data interface, built from bytes: types, names, lengths, offsets, codes
//! and nulls are whatever the bytes say. What the interface leaves to whoever hands them over is kept:
//! buffers are there for the rows that are claimed, and for the text that offsets claim.

use super::abi::{Choices, shared};
use super::api::*;
use std::ffi::{CString, c_char, c_void};
use std::ptr;

const FORMATS: [&str; 38] = [
    "n",
    "b",
    "c",
    "C",
    "s",
    "S",
    "i",
    "I",
    "l",
    "L",
    "e",
    "f",
    "g",
    "u",
    "U",
    "vu",
    "z",
    "Z",
    "d:9,2,32",
    "d:19,2",
    "d:38,0",
    "d:40,3,256",
    "tss:UTC",
    "tsm:+02:00",
    "tsu:UTC",
    "tsn:UTC",
    "tsu:",
    "tdD",
    "+s",
    "+l",
    "+L",
    "+w:2",
    "+w:-1",
    "+m",
    "+vl",
    "+ud:0,1",
    "",
    "d:999,999",
];
const NAMES: [&str; 18] = [
    "action.type",
    "action.amount",
    "action.note",
    "action.tags",
    "action.labels",
    "action.labels.k",
    "action.labels[\"k\"]",
    "action.to",
    "action.to.host",
    "action.at",
    "actor.role",
    "action",
    "actor",
    "snapshot",
    "type",
    "amount",
    "role",
    "other",
];
const TEXT: &str = "refundsendadminuserxkva\u{e4}\u{1f600}";
/// Rows that buffers are there for, and bytes of a buffer: the widest value has 32.
const MOST_ROWS: i64 = 24;
const BUFFER: usize = 1024;

/// Everything that the structs point to; boxes stay where they are.
#[derive(Default)]
struct Memory {
    schemas: Vec<Box<ArrowSchema>>,
    arrays: Vec<Box<ArrowArray>>,
    schema_lists: Vec<Box<[*mut ArrowSchema]>>,
    array_lists: Vec<Box<[*mut ArrowArray]>>,
    texts: Vec<CString>,
    buffers: Vec<Box<[u64; BUFFER / 8]>>,
    buffer_lists: Vec<Box<[*const c_void; 6]>>,
}

unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    unsafe { (*schema).release = None };
}

unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    unsafe { (*array).release = None };
}

impl Memory {
    fn text(&mut self, text: &str) -> *const c_char {
        self.texts.push(CString::new(text).expect("no zero in it"));
        self.texts[self.texts.len() - 1].as_ptr()
    }

    fn buffer(&mut self, fill: impl FnMut() -> u64) -> *const c_void {
        let mut words = Box::new([0; BUFFER / 8]);
        words.fill_with(fill);
        self.buffers.push(words);
        self.buffers[self.buffers.len() - 1].as_ptr().cast()
    }

    /// A column of any type; `depth` more may be inside of it.
    fn column(
        &mut self,
        choices: &mut Choices<'_>,
        name: &str,
        format: &str,
        (rows, depth): (i64, u32),
    ) -> (*mut ArrowSchema, *mut ArrowArray) {
        let pick = choices.byte();
        let offset = match pick {
            0 => -1,
            1..16 => i64::from(pick % 5),
            _ => 0,
        };
        let length = match pick {
            250.. => -1,
            240.. => i64::from(choices.byte() % 28),
            // A parent's offset goes on to its children.
            _ => rows + 4,
        };
        let mut children = Vec::new();
        let wanted = match format {
            "+s" | "+ud:0,1" => usize::from(choices.byte() % 4),
            "+l" | "+L" | "+w:2" | "+w:-1" | "+m" | "+vl" => 1,
            _ => usize::from(choices.byte() == 255),
        };
        if depth > 0 {
            for _ in 0..wanted {
                let name = NAMES[usize::from(choices.byte()) % NAMES.len()];
                let format = FORMATS[usize::from(choices.byte()) % FORMATS.len()];
                let rows = if format.starts_with("+w") { 2 * MOST_ROWS } else { length.max(0) };
                children.push(self.column(choices, name, format, (rows.min(MOST_ROWS), depth - 1)));
            }
        }
        let has_dictionary = depth > 0 && choices.byte().is_multiple_of(8);
        let dictionary = has_dictionary.then(|| {
            let format = ["u", "U", "vu", "l", "g", "b", "+s"][usize::from(choices.byte()) % 7];
            let values = i64::from(choices.byte() % 12);
            self.column(choices, "", format, (values, depth - 1))
        });
        let (buffers, count) = self.buffers_of(choices, format);
        let of_schema = self.children_of_schema(&children);
        let of_array = self.children_of_array(&children);
        let claimed = match choices.byte() {
            255 => -1,
            254 => children.len() as i64 - 1,
            _ => children.len() as i64,
        };
        let format = self.text(format);
        let name = if choices.byte() == 255 { ptr::null() } else { self.text(name) };
        self.schemas.push(Box::new(ArrowSchema {
            format: if choices.byte() == 255 { ptr::null() } else { format },
            name,
            metadata: ptr::null(),
            flags: i64::from(choices.byte() % 8),
            n_children: children.len() as i64,
            children: of_schema,
            dictionary: dictionary.map_or(ptr::null_mut(), |(schema, _)| schema),
            release: (choices.byte() != 255).then_some(release_schema),
            private_data: ptr::null_mut(),
        }));
        self.arrays.push(Box::new(ArrowArray {
            length,
            null_count: i64::from(choices.byte() % 4) - 1,
            offset,
            n_buffers: count,
            n_children: claimed,
            buffers,
            children: of_array,
            dictionary: dictionary.map_or(ptr::null_mut(), |(_, array)| array),
            release: (choices.byte() != 255).then_some(release_array),
            private_data: ptr::null_mut(),
        }));
        let (schema, array) = (self.schemas.len() - 1, self.arrays.len() - 1);
        (&raw mut *self.schemas[schema], &raw mut *self.arrays[array])
    }

    fn children_of_schema(
        &mut self,
        children: &[(*mut ArrowSchema, *mut ArrowArray)],
    ) -> *mut *mut ArrowSchema {
        self.schema_lists.push(children.iter().map(|(schema, _)| *schema).collect());
        let last = self.schema_lists.len() - 1;
        self.schema_lists[last].as_mut_ptr()
    }

    fn children_of_array(
        &mut self,
        children: &[(*mut ArrowSchema, *mut ArrowArray)],
    ) -> *mut *mut ArrowArray {
        self.array_lists.push(children.iter().map(|(_, array)| *array).collect());
        let last = self.array_lists.len() - 1;
        self.array_lists[last].as_mut_ptr()
    }

    /// The buffers that the format asks for, and how many are claimed.
    fn buffers_of(&mut self, choices: &mut Choices<'_>, format: &str) -> (*mut *const c_void, i64) {
        let mut list: Box<[*const c_void; 6]> = Box::new([ptr::null(); 6]);
        let count: i64 = match format {
            "n" | "" | "+ud:0,1" => 0,
            "+s" | "+w:2" | "+w:-1" => 1,
            "u" | "U" | "z" | "Z" => 3,
            "vu" => 4,
            _ => 2,
        };
        if choices.byte().is_multiple_of(4) {
            list[0] = self.buffer(|| choices.word());
        }
        // Offsets ascend, more or less, and stay within the text.
        let mut at = 0_u64;
        let mut next = |choices: &mut Choices<'_>| {
            let step = choices.byte();
            at =
                if step == 255 { at.saturating_sub(3) } else { (at + u64::from(step % 4)).min(60) };
            at
        };
        match format {
            "u" | "z" | "+l" | "+m" => {
                list[1] = self.buffer(|| next(choices) | (next(choices) << 32));
            }
            "U" | "Z" | "+L" => list[1] = self.buffer(|| next(choices)),
            "vu" => {
                // Length, then twelve bytes in place, or a prefix, a buffer and an offset.
                let mut is_first = false;
                list[1] = self.buffer(|| {
                    is_first = !is_first;
                    let (low, high) =
                        (u64::from(choices.byte() % 20), u64::from(choices.byte() % 20));
                    if is_first { low | 0x6665_7200_0000_0000 } else { (low % 3) | (high << 32) }
                });
                list[3] = self.buffer(|| u64::from(choices.byte()));
            }
            _ => list[1] = self.buffer(|| choices.word() >> (choices.byte() % 64)),
        }
        let mut characters = TEXT.bytes().cycle();
        list[2] = self.buffer(|| {
            u64::from_le_bytes(std::array::from_fn(|_| characters.next().unwrap_or_default()))
        });
        if choices.byte() == 255 {
            list[usize::from(choices.byte() % 4)] = ptr::null();
        }
        let claimed = if choices.byte() >= 252 { i64::from(choices.byte() % 6) - 1 } else { count };
        self.buffer_lists.push(list);
        let last = self.buffer_lists.len() - 1;
        (self.buffer_lists[last].as_mut_ptr(), claimed)
    }
}

/// Whether a row of an answer's column is there.
unsafe fn has(column: *const ArrowArray, row: i64) -> bool {
    unsafe {
        let valid = (*(*column).buffers).cast::<u8>();
        let at = (row + (*column).offset) as usize;
        valid.is_null() || (*valid.add(at / 8) >> (at % 8)) & 1 == 1
    }
}

pub fn run(data: &[u8]) {
    let mut choices = Choices(data);
    let mut memory = Memory::default();
    let rows = i64::from(choices.byte()) % (MOST_ROWS - 4);
    let mut columns = Vec::new();
    for _ in 0..choices.byte() % 7 + 1 {
        let name = NAMES[usize::from(choices.byte()) % NAMES.len()];
        // Mostly what the field takes.
        let usual = match name {
            "action.amount" => "l",
            "action.at" => "tsu:UTC",
            "action" | "actor" | "action.to" => "+s",
            "action.tags" => "+l",
            _ => "u",
        };
        let pick = choices.byte();
        let format = if pick < 128 { usual } else { FORMATS[usize::from(pick) % FORMATS.len()] };
        columns.push(memory.column(&mut choices, name, format, (rows, 3)));
    }
    let schemas = memory.children_of_schema(&columns);
    let arrays = memory.children_of_array(&columns);
    let format = memory.text("+s");
    let mut schema = ArrowSchema {
        format,
        name: ptr::null(),
        metadata: ptr::null(),
        flags: 0,
        n_children: columns.len() as i64,
        children: schemas,
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: ptr::null_mut(),
    };
    let mut no_nulls: [*const c_void; 1] = [ptr::null()];
    let mut array = ArrowArray {
        length: rows,
        null_count: 0,
        offset: i64::from(choices.byte() % 3),
        n_buffers: 1,
        n_children: columns.len() as i64,
        buffers: no_nulls.as_mut_ptr(),
        children: arrays,
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: ptr::null_mut(),
    };
    if choices.byte() == 255
        && let Some(first) = columns.first()
    {
        // A column that holds itself.
        let (of_schema, of_array) =
            (memory.children_of_schema(&[*first]), memory.children_of_array(&[*first]));
        unsafe {
            (*first.0).n_children = 1;
            (*first.0).children = of_schema;
            (*first.1).n_children = 1;
            (*first.1).children = of_array;
        }
    }
    let flags = if choices.byte().is_multiple_of(2) { 0 } else { ACTRA_INPUT_REFUSE_UNKNOWN };
    let policy = shared();
    let (mut of_schema, mut answer) = (ArrowSchema::RELEASED, ArrowArray::RELEASED);
    let mut error = ptr::null_mut();
    unsafe {
        let status = actra_policy_evaluate_arrow(
            policy,
            &raw mut schema,
            &raw mut array,
            flags,
            &mut of_schema,
            &mut answer,
            &mut error,
        );
        assert_ne!(status, ACTRA_STATUS_INTERNAL, "a panic inside");
        assert_eq!(status == ACTRA_STATUS_OK, of_schema.release.is_some());
        assert_eq!(status == ACTRA_STATUS_OK, answer.release.is_some());
        assert_eq!(status == ACTRA_STATUS_OK, error.is_null());
        assert!(
            schema.release.is_some() && array.release.is_some(),
            "the input stays the caller's"
        );
        if let (Some(release), Some(release_schema)) = (answer.release, of_schema.release) {
            assert_eq!((answer.length, answer.n_children), (rows, 4));
            let (effect, code) = (*answer.children, *answer.children.add(2));
            for row in 0..rows {
                assert_ne!(has(effect, row), has(code, row), "row {row} is decided or in error");
            }
            release(&raw mut answer);
            release_schema(&raw mut of_schema);
        }
        actra_error_free(error);
        actra_policy_free(policy);
    }
}
