//! `workload NAME FOLDER`: writes what a door is given, to try a door by hand. What Rust decides goes
//! beside it, into `decisions.tsv`. Names are `guard`, `roles-N`, `tenants`, `thresholds`, `strings`.

use actra_benches::workload::Workload;
use std::error::Error;
use std::path::Path;

const USAGE: &str = "usage: workload guard|roles-N|tenants|thresholds|strings FOLDER";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(USAGE.into());
    };
    let workload = Workload::named(&name)?;
    let folder = Path::new(&folder);
    workload.write(folder)?;
    Ok(std::fs::write(folder.join("decisions.tsv"), workload.decisions()?.join("\n") + "\n")?)
}
