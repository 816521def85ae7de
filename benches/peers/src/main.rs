//! Other engines of the Rust world as a door of the benchmarks (`benches/src/door.rs`): `door
//! FOLDER`. What each is given, and why that is fair: `README.md` beside this.

#![expect(clippy::print_stdout, reason = "it is a command")]

mod actra_frame;
mod casbin_peer;
mod cedar;
mod cel_peer;
mod peer;
mod rego;
mod rules;
mod workload;
mod zen;

use peer::{Fallible, Peer, When};
use std::collections::HashMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use workload::{Kind, Workload};

type Make = fn(&'static Workload) -> Fallible<Box<dyn Peer>>;

/// What can be asked for of W1 and W2.
const BOTH: &[(&str, Make)] = &[
    ("actra-frame", |workload| actra_frame::filled(workload)),
    ("actra-ready", |workload| actra_frame::ready(workload)),
    ("cedar", |workload| cedar::whole(workload, When::Within)),
    ("cedar-ready", |workload| cedar::whole(workload, When::Before)),
    ("cedar-sliced", |workload| cedar::sliced(workload, When::Within)),
    ("cedar-sliced-ready", |workload| cedar::sliced(workload, When::Before)),
    ("regorus", |workload| rego::peer(workload, When::Within)),
    ("regorus-ready", |workload| rego::peer(workload, When::Before)),
    ("cel", cel_peer::peer),
    ("casbin", |workload| casbin_peer::peer(workload, When::Within)),
    ("casbin-ready", |workload| casbin_peer::peer(workload, When::Before)),
    ("zen", |workload| zen::peer(workload, When::Within)),
    ("zen-ready", |workload| zen::peer(workload, When::Before)),
];

/// What W2 can be asked for, too: one rule that looks limits up by role in data.
const DATA: &[(&str, Make)] = &[
    ("regorus-data", |workload| rego::data(workload, When::Within)),
    ("regorus-data-ready", |workload| rego::data(workload, When::Before)),
    ("cel-data", cel_peer::data),
];

fn main() -> Fallible<()> {
    let folder = std::env::args().nth(1).ok_or("usage: door FOLDER")?;
    let workload = Workload::read(Path::new(&folder))?;
    let data = if matches!(workload.kind, Kind::Roles { .. }) { DATA } else { &[] };
    let operations: Vec<(&str, Make)> = BOTH.iter().chain(data).copied().collect();
    let mut made: HashMap<&str, (Box<dyn Peer>, usize)> = HashMap::new();
    let count = workload.count();

    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let mut out = stdout().lock();
        if let ["operations"] = *words {
            let names: Vec<&str> = operations.iter().map(|(name, _)| *name).collect();
            writeln!(out, "{}", names.join(" "))?;
            out.flush()?;
            continue;
        }
        let name = words.get(1).ok_or("an operation is missing")?;
        let (name, make) = operations
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| format!("there is no operation `{name}`"))?;
        if !made.contains_key(name) {
            let peer = make(workload).map_err(|error| format!("{name}: {error}"))?;
            made.insert(name, (peer, 0));
        }
        let (peer, at) = made.get_mut(name).ok_or("an operation was just made")?;
        match *words {
            ["decide", _] => {
                for input in 0..count {
                    writeln!(out, "{}", peer.told(input)?)?;
                }
            }
            ["run", _, turns] => writeln!(out, "{}", peer.run(turns.parse()?, count, at)?)?,
            _ => return Err(format!("there is no command `{line}`").into()),
        }
        out.flush()?;
    }
    Ok(())
}
