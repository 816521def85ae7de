//! Medians of interleaved samples: what disturbs the machine disturbs both sides of a pair.

use serde::{Deserialize, Serialize};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Most samples of each side.
const MOST: usize = 400;

/// How long a pair is measured.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For about so long, both sides together,
    pub time: Duration,
    /// but for so many rounds at least.
    pub fewest: usize,
    /// How long one sample takes, about.
    pub sample: Duration,
}

const SAMPLE: Duration = Duration::from_micros(400);

impl Pace {
    /// What results are written from.
    pub const THOROUGH: Self =
        Self { time: Duration::from_millis(600), fewest: 15, sample: SAMPLE };
    /// Enough rounds for a spread, and no more.
    pub const QUICK: Self = Self { time: Duration::from_millis(60), fewest: 7, sample: SAMPLE };

    /// So many times as long.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { time: self.time.mul_f64(factor), ..self }
    }

    /// With samples of so long.
    #[must_use]
    pub const fn with_sample(self, sample: Duration) -> Self {
        Self { sample, ..self }
    }
}

/// A pair, measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// Median nanoseconds of the one that is judged.
    #[serde(rename = "ours_ns")]
    pub ours: f64,
    /// Median nanoseconds of the one that it is held against.
    #[serde(rename = "theirs_ns")]
    pub theirs: f64,
    /// Median of the rounds' ratios, ours by theirs.
    pub ratio: f64,
    /// The ratio that a tenth of the rounds stays below, and the one that a tenth exceeds.
    pub spread: (f64, f64),
}

/// Something to be measured.
pub trait Side {
    /// Nanoseconds that so many turns take.
    fn sample(&mut self, turns: u32) -> Result<f64, Box<dyn Error>>;
}

/// An operation of this process.
struct Here<F>(F);

impl<T, F: FnMut() -> T> Side for Here<F> {
    fn sample(&mut self, turns: u32) -> Result<f64, Box<dyn Error>> {
        let start = Instant::now();
        for _ in 0..turns {
            black_box((self.0)());
        }
        Ok(start.elapsed().as_nanos() as f64)
    }
}

/// An operation of this process as a side of a pair.
pub fn here<T>(operation: impl FnMut() -> T) -> impl Side {
    Here(operation)
}

/// The same as doing the one and then the other.
pub fn both<'a>(first: &'a mut dyn Side, second: &'a mut dyn Side) -> impl Side + 'a {
    struct Both<'a>(&'a mut dyn Side, &'a mut dyn Side);
    impl Side for Both<'_> {
        fn sample(&mut self, turns: u32) -> Result<f64, Box<dyn Error>> {
            Ok(self.0.sample(turns)? + self.1.sample(turns)?)
        }
    }
    Both(first, second)
}

/// Measures a pair of operations of this process, by turns.
pub fn pair<A, B>(
    pace: Pace,
    ours: impl FnMut() -> A,
    theirs: impl FnMut() -> B,
) -> Result<Pair, Box<dyn Error>> {
    pair_of(pace, &mut here(ours), &mut here(theirs))
}

/// Measures a pair by turns.
pub fn pair_of(
    pace: Pace,
    ours: &mut dyn Side,
    theirs: &mut dyn Side,
) -> Result<Pair, Box<dyn Error>> {
    let (our_turns, our_time) = calibrate(pace, ours)?;
    let (their_turns, their_time) = calibrate(pace, theirs)?;
    let rounds = (pace.time.as_nanos() as f64 / (our_time + their_time).max(1.0)) as usize;
    let rounds = rounds.clamp(pace.fewest, MOST.max(pace.fewest));
    let mut our_samples = Vec::with_capacity(rounds);
    let mut their_samples = Vec::with_capacity(rounds);
    let mut ratios = Vec::with_capacity(rounds);
    for round in 0..rounds {
        // Neither side always goes first.
        let (our_sample, their_sample) = if round % 2 == 0 {
            let our_sample = ours.sample(our_turns)?;
            (our_sample, theirs.sample(their_turns)?)
        } else {
            let their_sample = theirs.sample(their_turns)?;
            (ours.sample(our_turns)?, their_sample)
        };
        let ours = our_sample / f64::from(our_turns);
        let theirs = their_sample / f64::from(their_turns);
        our_samples.push(ours);
        their_samples.push(theirs);
        ratios.push(ours / theirs);
    }
    Ok(Pair {
        ours: at_percent(&mut our_samples, 50),
        theirs: at_percent(&mut their_samples, 50),
        ratio: at_percent(&mut ratios, 50),
        spread: (at_percent(&mut ratios, 10), at_percent(&mut ratios, 90)),
    })
}

/// How many turns make a sample, and how many nanoseconds that takes.
fn calibrate(pace: Pace, side: &mut dyn Side) -> Result<(u32, f64), Box<dyn Error>> {
    // Of W2, three inputs have one of each kind.
    let mut turns = 3_u32;
    loop {
        let taken = side.sample(turns)?;
        if taken >= pace.sample.as_nanos() as f64 || turns >= 1 << 24 {
            return Ok((turns, taken));
        }
        turns *= 2;
    }
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
        let pace = Pace { time: Duration::from_millis(20), fewest: 15, sample: SAMPLE };
        let pair = pair(pace, || work(40_000), || work(10_000)).unwrap();
        assert!(pair.ratio > 1.5, "{pair:?}");
    }
}
