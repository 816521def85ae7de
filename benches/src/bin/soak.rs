//! `soak [MINUTES [FILE]]`: two threads decide W1 while a third replaces the policy, by turns with one
//! of other limits, loaded from its artifact each time. Each decision must be that of the policy that
//! it was made with, whole. Fails where one is wrong or memory grows; prints latencies as Markdown, and
//! writes what it found into the file as JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a command")]

use actra::{Outcome, Policy};
use actra_benches::guard;
use actra_benches::results::Machine;
use actra_benches::soak::Soak;
use hdrhistogram::Histogram;
use std::error::Error;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const THREADS: usize = 2;
const INPUTS: usize = 1024;
/// Between two replacements.
const PAUSE: Duration = Duration::from_millis(10);
/// Memory is looked at from then on: allocators take their time to settle.
const SETTLED: f64 = 0.2;
/// So much more is growth. A leak of one policy in each replacement would be hundreds of times that.
const MOST_GROWTH: u64 = 2 * 1024 * 1024;
/// The longest time that the table can tell, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// A policy in use, and which of the two it is.
struct Current {
    policy: Policy,
    which: usize,
}

/// What threads share.
struct Shared {
    current: RwLock<Arc<Current>>,
    /// Grows with each replacement.
    generation: AtomicU64,
    ends: AtomicBool,
}

/// What one thread saw.
struct Seen {
    latencies: Histogram<u64>,
    taken_over: u64,
}

/// Resident memory, in bytes.
struct Memory {
    start: u64,
    /// From when it has settled until the end.
    settled: Vec<u64>,
}

/// Both policies, as artifacts, and what each decides.
struct Policies {
    artifacts: [Vec<u8>; 2],
    expected: [Vec<Outcome>; 2],
}

fn main() -> Fallible<()> {
    let minutes: f64 = match std::env::args().nth(1) {
        Some(text) => text.parse().map_err(|_| format!("`{text}` is no number of minutes"))?,
        None => 10.0,
    };
    let texts = guard::texts(INPUTS, guard::SEED);
    let policies = policies(&texts)?;
    let first = Current { policy: Policy::from_artifact(policies.artifact(0)?)?, which: 0 };
    let shared = Shared {
        current: RwLock::new(Arc::new(first)),
        generation: AtomicU64::new(0),
        ends: AtomicBool::new(false),
    };
    let whole = Duration::from_secs_f64(minutes * 60.0);
    let (seen, replacements, memory) = std::thread::scope(|scope| {
        let deciding: Vec<_> = (0..THREADS)
            .map(|at| {
                scope.spawn({
                    let (shared, texts, policies) = (&shared, &texts, &policies);
                    move || {
                        let seen = decide(shared, texts, policies, at);
                        // A wrong decision ends all of it.
                        shared.ends.store(true, Ordering::Relaxed);
                        seen
                    }
                })
            })
            .collect();
        let replaced = replace(&shared, &policies, whole);
        shared.ends.store(true, Ordering::Relaxed);
        let mut seen = Vec::new();
        for thread in deciding {
            seen.push(thread.join().map_err(|_| "a thread panicked")??);
        }
        let (replacements, memory) = replaced?;
        Fallible::Ok((seen, replacements, memory))
    })?;
    let soak = report(whole, &seen, replacements, &memory)?;
    if let Some(file) = std::env::args_os().nth(2) {
        soak.write(Path::new(&file))?;
    }
    Ok(())
}

impl Policies {
    fn artifact(&self, which: usize) -> Fallible<&[u8]> {
        Ok(self.artifacts.get(which).ok_or("there are two policies")?)
    }

    fn expected(&self, which: usize, input: usize) -> Option<Outcome> {
        self.expected.get(which)?.get(input).copied()
    }
}

fn policies(texts: &[String]) -> Fallible<Policies> {
    let stricter = guard::POLICY
        .replace(">= 50000", ">= 20000")
        .replace("> 1000\n", "> 500\n")
        .replace("<= 1000\n", "<= 500\n")
        .replace("actor.level < 3", "actor.level < 7")
        .replace("[lead, admin]", "[lead]");
    let both =
        [guard::POLICY, &stricter].map(|text| Policy::from_strings(guard::SCHEMA, text, None));
    let [first, second] = both;
    let (first, second) = (first?, second?);
    let expected = [outcomes(&first, texts)?, outcomes(&second, texts)?];
    let [a, b] = &expected;
    let different = a.iter().zip(b).filter(|(a, b)| a != b).count();
    if different < INPUTS / 20 {
        return Err(format!("the policies differ in {different} inputs only").into());
    }
    Ok(Policies { artifacts: [first.to_artifact(), second.to_artifact()], expected })
}

/// What a policy decides: found from slots, and held against what it decides from text.
fn outcomes(policy: &Policy, texts: &[String]) -> Fallible<Vec<Outcome>> {
    let slots = guard::Slots::of(policy).ok_or("the policy has other slots")?;
    let mut frame = policy.frame();
    let inputs = guard::contexts(texts)?;
    let mut outcomes = Vec::with_capacity(texts.len());
    for (input, text) in inputs.iter().zip(texts) {
        slots.fill(&mut frame, input);
        let outcome = Policy::decide(&mut frame).map_err(|error| format!("{error:?}: {text}"))?;
        if Policy::decision(&frame, &outcome) != policy.evaluate_json(text.as_bytes())? {
            return Err(format!("slots and text are decided otherwise: {text}").into());
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Decides until it is told to end, in whatever policy is current.
fn decide(shared: &Shared, texts: &[String], policies: &Policies, start: usize) -> Fallible<Seen> {
    let inputs = guard::contexts(texts)?;
    let mut seen = Seen { latencies: Histogram::new_with_bounds(1, LONGEST, 3)?, taken_over: 0 };
    let mut at = start;
    while !shared.ends.load(Ordering::Relaxed) {
        let generation = shared.generation.load(Ordering::Acquire);
        let current = Arc::clone(&shared.current.read().unwrap_or_else(PoisonError::into_inner));
        let slots = guard::Slots::of(&current.policy).ok_or("the policy has other slots")?;
        let mut frame = current.policy.frame();
        seen.taken_over += 1;
        while shared.generation.load(Ordering::Acquire) == generation
            && !shared.ends.load(Ordering::Relaxed)
        {
            let Some(input) = inputs.get(at) else {
                at = 0;
                continue;
            };
            let started = Instant::now();
            slots.fill(&mut frame, input);
            let outcome = Policy::decide(&mut frame);
            let took = started.elapsed();
            seen.latencies.saturating_record(took.as_nanos() as u64);
            let expected = policies.expected(current.which, at);
            if outcome.as_ref().ok() != expected.as_ref() {
                return Err(format!("input {at}: {outcome:?}, not {expected:?}").into());
            }
            at += 1;
        }
    }
    Ok(seen)
}

/// Replaces the policy until the time is over. How often, and the memory from time to time.
fn replace(shared: &Shared, policies: &Policies, whole: Duration) -> Fallible<(u64, Memory)> {
    let start = Instant::now();
    let mut replacements = 0_u64;
    let mut memory = Memory { start: resident()?, settled: Vec::new() };
    let mut said = Instant::now();
    while start.elapsed() < whole && !shared.ends.load(Ordering::Relaxed) {
        std::thread::sleep(PAUSE);
        replacements += 1;
        let which = (replacements % 2) as usize;
        let next = Current { policy: Policy::from_artifact(policies.artifact(which)?)?, which };
        *shared.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        shared.generation.fetch_add(1, Ordering::Release);
        if replacements.is_multiple_of(16) && start.elapsed() >= whole.mul_f64(SETTLED) {
            memory.settled.push(resident()?);
        }
        if std::io::stderr().is_terminal() && said.elapsed() > Duration::from_secs(1) {
            said = Instant::now();
            eprint!("\r{:.0} of {:.0} s", start.elapsed().as_secs_f64(), whole.as_secs_f64());
        }
    }
    Ok((replacements, memory))
}

/// The process's resident memory, in bytes.
fn resident() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

fn report(whole: Duration, seen: &[Seen], replacements: u64, memory: &Memory) -> Fallible<Soak> {
    let mut all = Histogram::<u64>::new_with_bounds(1, LONGEST, 3)?;
    for seen in seen {
        all.add(&seen.latencies)?;
    }
    let settled = &memory.settled;
    let (first, last) = settled.first().zip(settled.last()).ok_or("too short to look at memory")?;
    let soak = Soak {
        machine: Machine::here(),
        seconds: whole.as_secs_f64(),
        threads: THREADS,
        decisions: all.len(),
        // The first one has ended the run.
        wrong_decisions: 0,
        replacements,
        taken_over: seen.iter().map(|seen| seen.taken_over).sum(),
        p50_ns: all.value_at_quantile(0.5),
        p99_ns: all.value_at_quantile(0.99),
        p999_ns: all.value_at_quantile(0.999),
        max_ns: all.max(),
        memory_at_start: memory.start,
        memory_settled: *first,
        memory_largest: settled.iter().max().copied().unwrap_or(*last),
        memory_at_end: *last,
    };
    println!("# Policies replaced while threads decide\n");
    println!(
        "Written by `make soak` (`cargo run --release -p actra-benches --bin soak`). Workload W1; the policy is"
    );
    println!(
        "replaced every {} ms, by turns with one that decides otherwise, loaded from its artifact. Each",
        PAUSE.as_millis()
    );
    println!(
        "decision is held against what its policy says; a wrong one would have ended the run. Latencies are"
    );
    println!(
        "those of filling the frame and deciding, with the reading of the clock, and of whatever else this"
    );
    println!(
        "machine did: nothing is pinned or tuned. Memory has settled after {:.0} % of the time.\n",
        SETTLED * 100.0
    );
    print!("{}", soak.table());
    if *last > first + MOST_GROWTH {
        return Err("memory has grown".into());
    }
    Ok(soak)
}
