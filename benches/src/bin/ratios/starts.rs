//! How long the `actra` command takes as a whole process, beside one that does nothing.

use super::{Fallible, Table};
use actra_benches::measure::{here, pair_of};
use actra_benches::report::{Goal, Row};
use actra_benches::workload::Workload;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::folder::Folder;

/// Programs, as the command line names them.
const ACTRA: &str = "actra";
const EMPTY: &str = "empty";

/// A sample is some starts.
const SAMPLE: Duration = Duration::from_millis(10);

pub(super) fn measure(table: &mut Table, programs: &[(String, PathBuf)]) -> Fallible<()> {
    let program = |name: &str| programs.iter().find(|(known, _)| known == name).map(|it| &*it.1);
    let (Some(actra), Some(empty)) = (program(ACTRA), program(EMPTY)) else {
        table.leave_out("the start of the `actra` command, which was not built".to_owned());
        return Ok(());
    };
    for workload in [Workload::guard(1)?, Workload::roles(1000, 1)?] {
        let folder = Folder::of(&workload)?;
        let mut eval = eval(actra, folder.path());
        let told = String::from_utf8(eval.stdout(Stdio::piped()).output()?.stdout)?;
        let expected = workload.decisions()?;
        let effect = expected.first().and_then(|line| line.split('\t').next()).unwrap_or_default();
        if effect.is_empty() || !told.starts_with(effect) {
            return Err(format!("`actra eval` says `{told}`, and not `{effect}`").into());
        }
        eval.stdout(Stdio::null());
        let mut nothing = Command::new(empty);
        let pair = pair_of(
            table.pace.times(2.0).with_sample(SAMPLE),
            &mut here(|| eval.status().is_ok_and(|status| status.success())),
            &mut here(|| nothing.status().is_ok_and(|status| status.success())),
        )?;
        table.add(Row {
            workload: format!("start, {}", workload.name()),
            door: "`actra eval policy.actra --input input.json`, from start to end".to_owned(),
            against: "a C program that does nothing".to_owned(),
            pair,
            goal: Goal::None,
        });
    }
    Ok(())
}

fn eval(actra: &Path, folder: &Path) -> Command {
    let mut command = Command::new(actra);
    let input = folder.join("inputs.jsonl");
    command.arg("eval").arg(folder.join("policy.actra")).arg("--input").arg(input);
    command
}
