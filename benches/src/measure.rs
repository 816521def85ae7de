//! Medians of interleaved samples: what disturbs the machine disturbs both sides of a pair.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one sample takes, about.
const SAMPLE: Duration = Duration::from_micros(400);
/// Fewest and most samples of each side.
const SAMPLES: (usize, usize) = (15, 400);

/// A pair, measured.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Median nanoseconds of the one that is judged.
    pub ours: f64,
    /// Median nanoseconds of the one that it is held against.
    pub theirs: f64,
    /// Median of the rounds' ratios, ours by theirs.
    pub ratio: f64,
    /// The ratio that a tenth of the rounds stays below, and the one that a tenth exceeds.
    pub spread: (f64, f64),
}

/// Measures a pair of operations, by turns, for about `time` in all.
pub fn pair<A, B>(
    time: Duration,
    mut ours: impl FnMut() -> A,
    mut theirs: impl FnMut() -> B,
) -> Pair {
    let (our_turns, our_time) = calibrate(&mut ours);
    let (their_turns, their_time) = calibrate(&mut theirs);
    let round = our_time + their_time;
    let rounds = (time.as_nanos() / round.as_nanos().max(1)) as usize;
    let rounds = rounds.clamp(SAMPLES.0, SAMPLES.1);
    let mut our_samples = Vec::with_capacity(rounds);
    let mut their_samples = Vec::with_capacity(rounds);
    let mut ratios = Vec::with_capacity(rounds);
    for round in 0..rounds {
        // Neither side always goes first.
        let (our_sample, their_sample) = if round % 2 == 0 {
            let our_sample = sample(our_turns, &mut ours);
            (our_sample, sample(their_turns, &mut theirs))
        } else {
            let their_sample = sample(their_turns, &mut theirs);
            (sample(our_turns, &mut ours), their_sample)
        };
        our_samples.push(our_sample);
        their_samples.push(their_sample);
        ratios.push(our_sample / their_sample);
    }
    Pair {
        ours: at_percent(&mut our_samples, 50),
        theirs: at_percent(&mut their_samples, 50),
        ratio: at_percent(&mut ratios, 50),
        spread: (at_percent(&mut ratios, 10), at_percent(&mut ratios, 90)),
    }
}

/// How many turns make a sample, and how long that takes.
fn calibrate<T>(operation: &mut impl FnMut() -> T) -> (u32, Duration) {
    let mut turns = 1_u32;
    loop {
        let start = Instant::now();
        for _ in 0..turns {
            black_box(operation());
        }
        let taken = start.elapsed();
        if taken >= SAMPLE || turns >= 1 << 24 {
            return (turns, taken);
        }
        turns *= 2;
    }
}

/// Nanoseconds of one turn.
fn sample<T>(turns: u32, operation: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..turns {
        black_box(operation());
    }
    start.elapsed().as_nanos() as f64 / f64::from(turns)
}

fn at_percent(samples: &mut [f64], percent: usize) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    let at = (samples.len().saturating_sub(1)) * percent / 100;
    samples.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let mut samples = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(at_percent(&mut samples, 50), 3.0);
        assert_eq!(at_percent(&mut samples, 10), 1.0);
        assert_eq!(at_percent(&mut samples, 90), 4.0);
    }

    #[test]
    fn what_does_more_takes_longer() {
        let work = |turns: u64| (0..turns).fold(0_u64, |sum, n| black_box(sum ^ n));
        let pair = pair(Duration::from_millis(20), || work(40_000), || work(10_000));
        assert!(pair.ratio > 1.5, "{pair:?}");
    }
}
