//! Runs the tests with one change after the other in force.

use crate::tree::{Test, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What became of a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// A test failed, or ran for far too long.
    Killed,
    /// No test failed.
    Survived,
    /// No test comes by.
    NotReached,
}

/// What an earlier run found, by name.
fn known(log: &Path) -> BTreeMap<String, Fate> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let line = |line: &str| {
        let (fate, rest) = line.split_once('\t')?;
        let fate = match fate {
            "killed" => Fate::Killed,
            "survived" => Fate::Survived,
            _ => Fate::NotReached,
        };
        Some((rest.split('\t').next()?.to_owned(), fate))
    };
    text.lines().filter_map(line).collect()
}

/// The number of no change.
const NOTHING: &str = "4294967293";

/// Which test programs come by a change, and how long each one takes.
struct Baseline {
    reached: Vec<BTreeSet<usize>>,
    time: Vec<Duration>,
}

fn command(tree: &Tree, test: &Test, mutant: &str) -> Command {
    let mut command = Command::new(&test.path);
    // libtest stops at the first failure only where unstable options are allowed.
    command.current_dir(&test.folder).env("RUSTC_BOOTSTRAP", "1").env("ACTRA_MUTANT", mutant);
    command
        .env("CARGO_MANIFEST_DIR", &test.folder)
        .env("INSTA_UPDATE", "no")
        .env("INSTA_WORKSPACE_ROOT", &tree.root);
    command.args(["-Zunstable-options", "--test-threads=1", "-q"]).args(test.arguments);
    if test.cases > 0 {
        command.env("ACTRA_CASES", test.cases.to_string());
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether the tests pass, within the time.
fn passes(mut command: Command, limit: Duration) -> Result<bool, String> {
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.success());
        }
        if start.elapsed() > limit {
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            return Ok(false);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn baseline(tree: &Tree) -> Result<Baseline, String> {
    let mut baseline = Baseline { reached: Vec::new(), time: Vec::new() };
    let place = tree.root.join("target/reached");
    for test in &tree.tests {
        let _ = std::fs::remove_file(&place);
        let limit = Duration::from_secs(1200);
        let start = Instant::now();
        if !passes(command(tree, test, NOTHING), limit)? {
            return Err(format!("{} fails without any change", test.name));
        }
        let time = start.elapsed();
        let mut run = command(tree, test, "cover");
        run.env("ACTRA_MUTANTS_COVER", &place);
        // Tests that count allocations count those of the notes, too, and may fail.
        passes(run, limit)?;
        let text = std::fs::read_to_string(&place).unwrap_or_default();
        let reached: BTreeSet<usize> = text.lines().filter_map(|line| line.parse().ok()).collect();
        eprintln!(
            "{:<50} {:>6.1} s, comes by {} changes",
            test.name,
            time.as_secs_f64(),
            reached.len()
        );
        baseline.reached.push(reached);
        baseline.time.push(time);
    }
    Ok(baseline)
}

/// The fate of each of the changes, each decided by the tests that come by it.
pub fn run(
    tree: &Tree,
    wanted: &[usize],
    jobs: usize,
    log: &Path,
    is_resumed: bool,
) -> Result<BTreeMap<usize, Fate>, String> {
    let known = if is_resumed { known(log) } else { BTreeMap::new() };
    let of = |id: usize| known.get(&tree.mutants[id].name()).copied();
    let fates: BTreeMap<usize, Fate> =
        wanted.iter().filter_map(|&id| Some((id, of(id)?))).collect();
    let rest: Vec<usize> = wanted.iter().copied().filter(|id| !fates.contains_key(id)).collect();
    let before = fates.len();
    let baseline = baseline(tree)?;
    // By file, how many changes each test program has killed: the best is tried first, then the
    // quickest.
    let kills: Mutex<BTreeMap<&str, Vec<usize>>> = Mutex::default();
    let order = |file: &str| -> Result<Vec<usize>, String> {
        let kills = kills.lock().map_err(|error| error.to_string())?;
        let count = |test: usize| kills.get(file).map_or(0, |kills| kills[test]);
        let mut order: Vec<usize> = (0..tree.tests.len()).collect();
        order.sort_by_key(|&test| (std::cmp::Reverse(count(test)), baseline.time[test]));
        Ok(order)
    };
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    let fates = Mutex::new(fates);
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).append(is_resumed).truncate(!is_resumed);
    let file = options.open(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let log = Mutex::new(file);
    let one = |id: usize| -> Result<(Fate, &str), String> {
        let mut fate = (Fate::NotReached, "");
        let file = tree.mutants[id].file.as_str();
        for test in order(file)? {
            if tree.tests[test].is_for(file) && baseline.reached[test].contains(&id) {
                let limit = baseline.time[test] * 4 + Duration::from_secs(20);
                fate = (Fate::Survived, "");
                let mut run = command(tree, &tree.tests[test], &id.to_string());
                run.arg("--fail-fast");
                if !passes(run, limit)? {
                    let mut kills = kills.lock().map_err(|error| error.to_string())?;
                    kills.entry(file).or_insert_with(|| vec![0; tree.tests.len()])[test] += 1;
                    return Ok((Fate::Killed, &tree.tests[test].name));
                }
            }
        }
        Ok(fate)
    };
    let work = || -> Result<(), String> {
        while let Some(&id) = rest.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (fate, by) = one(id)?;
            let name = tree.mutants[id].name();
            let line = match fate {
                Fate::Killed => format!("killed\t{name}\t{by}"),
                Fate::Survived => format!("survived\t{name}\tline {}", tree.mutants[id].line),
                Fate::NotReached => format!("not reached\t{name}\tline {}", tree.mutants[id].line),
            };
            let mut fates = fates.lock().map_err(|error| error.to_string())?;
            fates.insert(id, fate);
            let mut log = log.lock().map_err(|error| error.to_string())?;
            writeln!(log, "{line}").map_err(|error| error.to_string())?;
            let killed = fates.values().filter(|&&fate| fate == Fate::Killed).count();
            let done = fates.len();
            if std::io::stderr().is_terminal() || done % 100 == 0 || done == wanted.len() {
                let end = if std::io::stderr().is_terminal() && done < wanted.len() {
                    "\r"
                } else {
                    "\n"
                };
                let seconds = start.elapsed().as_secs_f64();
                let each = seconds / (done - before) as f64;
                let left = each * (wanted.len() - done) as f64;
                eprint!("{done} of {}: {killed} killed; {left:.0} s to go    {end}", wanted.len());
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    fates.into_inner().map_err(|error| error.to_string())
}
