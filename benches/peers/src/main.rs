//! Other engines of the Rust world as a door of the benchmarks (`benches/src/door.rs`): `door
//! FOLDER`.

use actra_bench_peers::peer::{Fallible, Peer};
use actra_bench_peers::workload::Workload;
use actra_bench_peers::{Make, operations};
use std::collections::HashMap;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;

fn main() -> Fallible<()> {
    let folder = std::env::args().nth(1).ok_or("usage: door FOLDER")?;
    let workload = Workload::read(Path::new(&folder))?;
    let operations = operations(workload);
    let mut made = Made { workload, peers: HashMap::new() };

    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = if let ["operations"] = *words {
            let names: Vec<&str> = operations.iter().map(|(name, _)| *name).collect();
            names.join(" ")
        } else {
            let answer = made.answer(&operations, &words);
            answer
                .unwrap_or_else(|error| format!("error\t{}", error.to_string().replace('\n', " ")))
        };
        let mut out = stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Engines that were asked for, each with the input that is next.
struct Made {
    workload: &'static Workload,
    peers: HashMap<String, (Box<dyn Peer>, usize)>,
}

impl Made {
    /// The answer to a command that names an operation.
    fn answer(&mut self, operations: &[(&str, Make)], words: &[&str]) -> Fallible<String> {
        let name = *words.get(1).ok_or("an operation is missing")?;
        let (_, make) = operations
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("there is no operation `{name}`"))?;
        if !self.peers.contains_key(name) {
            self.peers.insert(name.to_owned(), (make(self.workload)?, 0));
        }
        let (peer, at) = self.peers.get_mut(name).ok_or("an operation was just made")?;
        let count = self.workload.count();
        match *words {
            ["decide", _] => {
                let told = (0..count).map(|input| peer.told(input));
                Ok(told.collect::<Fallible<Vec<_>>>()?.join("\n"))
            }
            ["run", _, turns] => Ok(peer.run(turns.parse()?, count, at)?.to_string()),
            _ => Err("there is no such command".into()),
        }
    }
}
