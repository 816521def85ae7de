//! What can come out for a row, and which way it goes from one outcome to another.

use actra::{Effect, InputCode, InputError, RuleId};
use std::fmt;

/// What a policy says of a row: an effect and the rule that decided (`None`: the default did).
pub(super) type Answer = Result<(Effect, Option<RuleId>), InputError>;

/// What came out for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Outcome {
    Decided(Effect),
    /// The row cannot be decided.
    Error(InputCode),
    /// The log has no decision there.
    Unrecorded,
    /// What the log has there is none of the three effects.
    Unreadable,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Direction {
    /// More is let through.
    Weaker,
    /// Less is.
    Stricter,
    /// As much as before: a block where there was an error, an error where there was another one.
    Sideways,
}

impl Direction {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Stricter => "stricter",
            Self::Sideways => "as strict",
        }
    }
}

impl Outcome {
    /// Whether it can be compared.
    pub(super) const fn is_known(self) -> bool {
        matches!(self, Self::Decided(_) | Self::Error(_))
    }

    /// How much is held back. Whoever enforces decisions blocks on an error.
    const fn strength(self) -> u8 {
        match self {
            Self::Decided(Effect::Allow) => 0,
            Self::Decided(Effect::RequireApproval) => 1,
            _ => 2,
        }
    }

    /// Which way it goes from here; `None` where it stays as it is, or nobody knows.
    pub(super) fn direction(self, new: Self) -> Option<Direction> {
        if self == new || !self.is_known() || !new.is_known() {
            return None;
        }
        Some(match new.strength().cmp(&self.strength()) {
            std::cmp::Ordering::Less => Direction::Weaker,
            std::cmp::Ordering::Greater => Direction::Stricter,
            std::cmp::Ordering::Equal => Direction::Sideways,
        })
    }

    /// Where a change stands in a report: the weakened ones first, those that lose most before the
    /// others.
    pub(super) fn rank(self, new: Self) -> (Direction, i8, u8, Self, Self) {
        let (from, to) = (self.strength(), new.strength());
        let lost = (from as i8) - (to as i8);
        let direction = self.direction(new).unwrap_or(Direction::Sideways);
        (direction, -lost.abs(), to, self, new)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided(effect) => f.write_str(effect.as_str()),
            Self::Error(code) => write!(f, "error: {}", code.as_str()),
            Self::Unrecorded => f.write_str("not recorded"),
            Self::Unreadable => f.write_str("recorded, and no effect"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lets_more_through_is_weaker_and_errors_block() {
        use Direction::*;
        let allow = Outcome::Decided(Effect::Allow);
        let approval = Outcome::Decided(Effect::RequireApproval);
        let block = Outcome::Decided(Effect::Block);
        let error = Outcome::Error(InputCode::WrongType);
        let other = Outcome::Error(InputCode::TooLarge);
        for (old, new, direction) in [
            (block, allow, Some(Weaker)),
            (error, allow, Some(Weaker)),
            (error, approval, Some(Weaker)),
            (block, approval, Some(Weaker)),
            (approval, allow, Some(Weaker)),
            (allow, approval, Some(Stricter)),
            (allow, error, Some(Stricter)),
            (approval, block, Some(Stricter)),
            (block, error, Some(Sideways)),
            (error, block, Some(Sideways)),
            (error, other, Some(Sideways)),
            (error, error, None),
            (allow, allow, None),
            (Outcome::Unrecorded, allow, None),
            (Outcome::Unreadable, allow, None),
        ] {
            assert_eq!(old.direction(new), direction, "{old} -> {new}");
        }
        let mut changes = [(allow, block), (approval, allow), (block, error), (block, allow)];
        changes.sort_by_key(|(old, new)| old.rank(*new));
        assert_eq!(changes, [(block, allow), (approval, allow), (allow, block), (block, error)]);
    }
}
