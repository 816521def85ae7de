//! `workload guard|roles-N FOLDER`: writes what a door is given, to try a door by hand. What Rust
//! decides goes beside it, into `decisions.tsv`.

use actra_benches::workload::Workload;
use std::error::Error;
use std::path::Path;

const USAGE: &str = "usage: workload guard|roles-N FOLDER";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(USAGE.into());
    };
    let workload = match name.strip_prefix("roles-") {
        Some(size) => Workload::roles(size.parse()?, 768)?,
        None if name == "guard" => Workload::guard(1024)?,
        None => return Err(USAGE.into()),
    };
    let folder = Path::new(&folder);
    workload.write(folder)?;
    Ok(std::fs::write(folder.join("decisions.tsv"), workload.decisions()?.join("\n") + "\n")?)
}
