//! Inputs: from text to a filled frame.

mod filler;
mod json;
mod scan;
#[cfg(all(test, feature = "compiler"))]
mod scan_tests;
mod serialize;
mod tree;
mod value;
#[cfg(feature = "compiler")]
mod yaml;

pub use filler::MAX_DEPTH;
pub(crate) use filler::{Fault, Filler, FillerRoom};
pub(crate) use tree::InputTree;
pub use value::InputValue;

use actra_vm::{Frame, InputCode};
use scan::Scanned;

/// Most bytes of one input text.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// The text of an input, once its size and encoding are known to be right.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.len() > MAX_TEXT_BYTES {
        return Err(Fault {
            code: InputCode::TooLarge,
            field: None,
            message: format!("the input is larger than {MAX_TEXT_BYTES} bytes"),
        });
    }
    std::str::from_utf8(bytes).map_err(|error| Fault {
        code: InputCode::NotUtf8,
        field: None,
        message: format!("the input is not UTF-8 at byte {}", error.valid_up_to()),
    })
}

/// Room for reading inputs, kept between them.
#[derive(Debug, Default)]
pub(crate) struct Room {
    filler: FillerRoom,
    tape: Vec<u8>,
}

impl Room {
    /// Room in which the names of fields that the schema does not name are kept.
    pub(crate) fn keeping_unnamed() -> Self {
        let mut room = Self::default();
        room.filler.unnamed = Some(Vec::new());
        room
    }

    /// The memory of its buffers.
    pub(crate) fn bytes(&self) -> usize {
        self.filler.bytes() + self.tape.capacity()
    }

    /// The names kept.
    pub(crate) fn unnamed(&self) -> &[String] {
        self.filler.unnamed.as_deref().unwrap_or(&[])
    }
}

/// Fills a frame from JSON text.
pub(crate) fn fill_from_json<'v>(
    bytes: &'v [u8],
    frame: &mut Frame<'_, 'v>,
    tree: &InputTree,
    room: &mut Room,
    refuses_unknown: bool,
) -> Result<(), Fault> {
    let Room { filler: room, tape } = room;
    let mut filler = Filler::new(frame, tree, room, refuses_unknown);
    let text = text(bytes)?;
    match scan::scan(text, tape, &mut filler) {
        Scanned::Whole => Ok(()),
        Scanned::Refused(fault) => Err(fault),
        Scanned::Unsure => {
            json::read(text, tape, &mut Filler::new(frame, tree, room, refuses_unknown))
        }
    }
}

/// Fills a frame from YAML text.
#[cfg(feature = "compiler")]
pub(crate) fn fill_from_yaml(
    bytes: &[u8],
    frame: &mut Frame<'_, '_>,
    tree: &InputTree,
    room: &mut Room,
    refuses_unknown: bool,
) -> Result<(), Fault> {
    let mut filler = Filler::new(frame, tree, &mut room.filler, refuses_unknown);
    yaml::read(text(bytes)?, &mut filler)
}

/// Fills a frame from a value of the host's.
pub(crate) fn fill_from_value<'v>(
    value: &'v InputValue,
    frame: &mut Frame<'_, 'v>,
    tree: &InputTree,
    room: &mut Room,
    refuses_unknown: bool,
) -> Result<(), Fault> {
    let mut filler = Filler::new(frame, tree, &mut room.filler, refuses_unknown);
    value.fill(&mut filler)?;
    filler.finish()
}
