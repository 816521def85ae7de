//! Kleene's three-valued logic.

/// A truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It may or may not.
    Unknown,
    /// It holds.
    True,
}

impl Truth {
    /// `not`.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    /// `all`: false where a part is false, else unknown where a part is unknown, else true.
    pub fn all(parts: &[Self]) -> Self {
        if parts.contains(&Self::False) {
            Self::False
        } else if parts.contains(&Self::Unknown) {
            Self::Unknown
        } else {
            Self::True
        }
    }

    /// `any`: true where a part is true, else unknown where a part is unknown, else false.
    pub fn any(parts: &[Self]) -> Self {
        if parts.contains(&Self::True) {
            Self::True
        } else if parts.contains(&Self::Unknown) {
            Self::Unknown
        } else {
            Self::False
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, *};

    #[test]
    fn kleene_tables() {
        assert_eq!([False, Unknown, True].map(Truth::negated), [True, Unknown, False]);
        let table = [
            (False, False, False, False),
            (False, Unknown, False, Unknown),
            (False, True, False, True),
            (Unknown, Unknown, Unknown, Unknown),
            (Unknown, True, Unknown, True),
            (True, True, True, True),
        ];
        for (a, b, all, any) in table {
            for parts in [[a, b], [b, a]] {
                assert_eq!(Truth::all(&parts), all, "{parts:?}");
                assert_eq!(Truth::any(&parts), any, "{parts:?}");
            }
        }
        assert_eq!((Truth::all(&[]), Truth::any(&[])), (True, False));
    }
}
