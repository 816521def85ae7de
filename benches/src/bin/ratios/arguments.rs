//! The command line.

use super::Fallible;
use actra_benches::figures::{self, Figure};
use actra_benches::results::versions;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the command line says.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) out: Option<PathBuf>,
    pub(super) doors: Vec<(String, PathBuf)>,
    pub(super) programs: Vec<(String, PathBuf)>,
    pub(super) figures: Vec<Figure>,
    pub(super) versions: BTreeMap<String, String>,
    pub(super) only: Option<Part>,
    pub(super) quick: bool,
    pub(super) redraw: bool,
}

/// What can be measured without the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Doors,
    Peers,
    Python,
    History,
    Starts,
}

impl Arguments {
    pub(super) fn read(mut words: impl Iterator<Item = String>) -> Fallible<Self> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let flag = match word.as_str() {
                "--quick" => Some(&mut arguments.quick),
                "--redraw" => Some(&mut arguments.redraw),
                _ => None,
            };
            if let Some(flag) = flag {
                *flag = true;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("`{word}` lacks its value"))?;
            match word.as_str() {
                "--out" => arguments.out = Some(value.into()),
                "--only" if value == "doors" => arguments.only = Some(Part::Doors),
                "--only" if value == "peers" => arguments.only = Some(Part::Peers),
                "--only" if value == "python" => arguments.only = Some(Part::Python),
                "--only" if value == "history" => arguments.only = Some(Part::History),
                "--versions" => arguments.versions = versions(&std::fs::read_to_string(value)?),
                "--only" if value == "starts" => arguments.only = Some(Part::Starts),
                "--figures" => {
                    arguments.figures.extend(figures::read(&std::fs::read_to_string(value)?)?);
                }
                "--door" | "--program" => {
                    let (name, command) =
                        value.split_once('=').ok_or_else(|| format!("{word} NAME=COMMAND"))?;
                    let (name, command) = (name.to_owned(), command.into());
                    let is_door = word == "--door";
                    let known =
                        if is_door { &mut arguments.doors } else { &mut arguments.programs };
                    known.push((name, command));
                }
                _ => return Err(format!("there is no `{word} {value}`").into()),
            }
        }
        Ok(arguments)
    }
}
