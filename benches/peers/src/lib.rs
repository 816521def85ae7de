//! Other engines of the Rust world, each given the benchmarks' workloads. What each is given, and why
//! that is fair: `README.md` beside this.

mod actra_frame;
mod casbin_peer;
mod cedar;
mod cel_peer;
pub mod peer;
mod rego;
mod rules;
pub mod workload;
mod zen;

use peer::{Fallible, Peer, When};
use workload::{Kind, Workload};

/// Makes an engine of a workload.
pub type Make = fn(&'static Workload) -> Fallible<Box<dyn Peer>>;

/// What can be asked for of all workloads; some engines cannot say some.
const ALL: &[(&str, Make)] = &[
    ("actra-frame", |workload| actra_frame::peer(workload, When::Within)),
    ("actra-ready", |workload| actra_frame::peer(workload, When::Before)),
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

/// What W2 and W3 can be asked for, too: one rule that looks limits up in data.
const DATA: &[(&str, Make)] = &[
    ("regorus-data", |workload| rego::data(workload, When::Within)),
    ("regorus-data-ready", |workload| rego::data(workload, When::Before)),
    ("cel-data", cel_peer::data),
];

/// What can be asked for of a workload, by name.
pub fn operations(workload: &Workload) -> Vec<(&'static str, Make)> {
    let has_data = matches!(workload.kind, Kind::Roles { .. } | Kind::Tenants { .. });
    let data = if has_data { DATA } else { &[] };
    ALL.iter().chain(data).copied().collect()
}
