//! Stretches of time that activity is told of.

use super::words::words;

words! {
    /// How far back activity is told.
    ActivityWindow, "a window":
    /// The last 30 days, by the day.
    Days30 = "30d",
    /// The last 13 weeks, by the week.
    Months3 = "3m",
    /// The last 26 weeks, by the week.
    Months6 = "6m",
    /// The last 52 weeks, by the week.
    Months12 = "12m",
    /// Everything that is kept, by the week.
    All = "all",
}

words! {
    /// What a number of active people stands for.
    ActivityUnit, "a unit":
    /// A day of UTC.
    Day = "day",
    /// A week, from Monday to Sunday.
    Week = "week",
}

impl ActivityWindow {
    /// How many weeks it has, where it is told by the week and ends.
    pub fn weeks(self) -> Option<i64> {
        match self {
            Self::Months3 => Some(13),
            Self::Months6 => Some(26),
            Self::Months12 => Some(52),
            Self::Days30 | Self::All => None,
        }
    }
}

/// A day of UTC, counted from Monday, 1969-12-29, so that weeks begin on Mondays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

/// Microseconds.
const DAY: i64 = 24 * 3_600 * 1_000_000;
/// 1970-01-01 was a Thursday.
const THURSDAY: i64 = 3;

impl Day {
    /// How many days a row of the database holds.
    pub const PERIOD: i64 = 28;

    /// The day of a moment (microseconds since 1970).
    pub fn of(at: i64) -> Self {
        Self(at.div_euclid(DAY) + THURSDAY)
    }

    /// When it begins; microseconds since 1970.
    pub fn begins(self) -> i64 {
        (self.0 - THURSDAY) * DAY
    }

    /// The Monday of its week.
    pub fn monday(self) -> Self {
        Self(self.0 - self.0.rem_euclid(7))
    }

    /// The four weeks it belongs to.
    pub fn period(self) -> i64 {
        self.0.div_euclid(Self::PERIOD)
    }

    /// Its bit among those of its four weeks.
    pub fn bit(self) -> i64 {
        1 << self.0.rem_euclid(Self::PERIOD)
    }

    /// The bits from this day to the end of its four weeks.
    pub fn rest(self) -> i64 {
        ((1 << Self::PERIOD) - 1) & !(self.bit() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays_and_a_day_has_a_bit_of_its_own() {
        let thursday = Day::of(0);

        assert_eq!(thursday.monday().begins(), -3 * DAY);
        assert_eq!(Day::of(DAY - 1), thursday);
        assert_eq!((thursday.period(), thursday.bit()), (0, 8));
        assert_eq!(thursday.rest() & 7, 0);
        assert_eq!((Day(28).period(), Day(28).bit(), Day(28).rest()), (1, 1, (1 << 28) - 1));
    }
}
