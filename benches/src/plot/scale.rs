//! An axis of powers of ten.

/// Values from one power of ten to another, laid along a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: i32,
    high: i32,
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis that has all the values, which are above 0; at least one decade of them.
    pub(super) fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite() && *value > 0.0) {
            low = low.min(value.log10());
            high = high.max(value.log10());
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let low = low.floor() as i32;
        Self { low, high: (high.ceil() as i32).max(low + 1), from, to }
    }

    /// Where a value lies.
    pub(super) fn at(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.from + part * (self.to - self.from)
    }

    /// The powers of ten.
    pub(super) fn decades(&self) -> impl Iterator<Item = f64> + use<> {
        (self.low..=self.high).map(|power| 10_f64.powi(power))
    }
}

/// Nanoseconds in the unit that fits.
pub fn duration(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        ..1e6 => (nanoseconds / 1e3, "µs"),
        ..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    if value < 10.0 && value.fract() > 0.05 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_surround_the_values_and_divide_the_stretch() {
        let scale = Scale::of([30.0, 4000.0].into_iter(), 0.0, 300.0);
        assert_eq!(scale.decades().collect::<Vec<_>>(), [10.0, 100.0, 1000.0, 10_000.0]);
        assert_eq!([10.0, 100.0, 10_000.0].map(|value| scale.at(value)), [0.0, 100.0, 300.0]);
    }

    #[test]
    fn an_axis_without_values_is_an_axis() {
        assert_eq!(Scale::of([].into_iter(), 0.0, 1.0).decades().count(), 2);
        assert_eq!(Scale::of([10.0].into_iter(), 0.0, 1.0).decades().count(), 2);
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        let durations = [1.0, 9.96, 64.4, 1500.0, 2e6, 3.2e9].map(duration);
        assert_eq!(durations, ["1 ns", "10.0 ns", "64 ns", "1.5 µs", "2 ms", "3.2 s"]);
    }
}
