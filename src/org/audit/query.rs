//! What `GET /admin/audit_logs` is asked for (W-286).

use super::super::{
    journal::number,
    refusal::{Refusal, unknown},
};
use crate::scim::text;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// How many entries a page has at most, and when nothing else is asked for.
const MOST: i64 = 20_000;

/// The longest span in days, which no calendar leaves.
const MOST_DAYS: i64 = 36_500;

const NAMES: [&str; 6] = ["anonymize", "startDate", "numDays", "endDate", "limit", "cursor"];

/// From when until when, and how it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first moment, in microseconds since 1970.
    pub start: i64,
    /// The moment after the last.
    pub end: i64,
    /// Whether addresses and names are left out.
    pub anonymize: bool,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The range.
    pub range: Range,
    /// The most entries of a page; without it, the answer is a stream of all.
    pub limit: Option<usize>,
    /// Where the page begins: after this many entries of the events after this position.
    pub after: (i64, usize),
}

/// What a cursor says: the page after it is of the same range.
#[derive(Serialize, Deserialize)]
struct Place {
    range: Range,
    after: (i64, usize),
}

impl Asked {
    /// Reads the parameters, at this moment. A mistake is [`Refusal::Invalid`]: which parameter, what was expected, and
    /// what was found.
    pub fn read<'p>(
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
        now: i64,
    ) -> Result<Self, Refusal> {
        let mut given = Given::default();
        for (name, value) in parameters {
            match name {
                "anonymize" => given.anonymize = Some(truth(name, value)?),
                "startDate" => given.start = Some(moment(name, value)?),
                "numDays" => given.days = Some(number(name, value, 0, MOST_DAYS)?),
                "endDate" => given.end = Some(moment(name, value)?),
                "limit" => given.limit = Some(number(name, value, 1, MOST)?),
                "cursor" => given.cursor = Some(value.to_owned()),
                other => return Err(unknown("parameter", other, NAMES)),
            }
        }
        given.check(now)
    }

    /// The cursor of the page that begins there.
    pub fn cursor(&self, after: (i64, usize)) -> String {
        let place = Place { range: self.range, after };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).unwrap_or_default())
    }
}

/// The parameters, each by itself.
#[derive(Default)]
struct Given {
    anonymize: Option<bool>,
    start: Option<i64>,
    days: Option<i64>,
    end: Option<i64>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Given {
    fn check(self, now: i64) -> Result<Asked, Refusal> {
        let invalid = |sentence: &str| Err(Refusal::Invalid(sentence.to_owned()));
        if self.days.is_some() && self.end.is_some() {
            return invalid("numDays: expected no endDate beside it, found both; give one of them");
        }
        let is_paged = self.limit.is_some() || self.end.is_some();
        let limit = is_paged.then(|| usize::try_from(self.limit.unwrap_or(MOST)).unwrap_or_default());
        let Some(cursor) = &self.cursor else {
            return Ok(Asked { range: self.range(now)?, limit, after: (0, 0) });
        };
        if !is_paged {
            return invalid("cursor: expected limit or endDate beside it, found neither");
        }
        let place = URL_SAFE_NO_PAD.decode(cursor).ok();
        let Some(place) = place.and_then(|bytes| serde_json::from_slice::<Place>(&bytes).ok()) else {
            return invalid("cursor: expected the next_cursor of an earlier answer, found something else");
        };
        let begun = Self { start: self.start.or(Some(place.range.start)), cursor: None, ..self };
        let asked = begun.range(now)?;
        let other_end = (begun.end.is_some() || begun.days.is_some()) && asked.end != place.range.end;
        let other_start = asked.start != place.range.start;
        let other_manner = asked.anonymize != place.range.anonymize;
        if other_end || other_start || other_manner {
            return invalid(
                "cursor: expected the startDate, numDays, endDate and anonymize that it came with, found others",
            );
        }
        Ok(Asked { range: place.range, limit, after: place.after })
    }

    fn range(&self, now: i64) -> Result<Range, Refusal> {
        let today = now - now.rem_euclid(DAY);
        let days = self.days.unwrap_or(0) * DAY;
        let start = self.start.unwrap_or(today - days);
        let end = match (self.end, self.days) {
            (Some(end), _) => end,
            // the last day counts as a whole
            (None, Some(_)) => start + days + DAY,
            (None, None) => now.max(start),
        };
        if end < start {
            let (start, end) = (text::date_time(start), text::date_time(end));
            return Err(Refusal::Invalid(format!(
                "endDate: expected a time after startDate, {start}, found {end}"
            )));
        }
        Ok(Range { start, end, anonymize: self.anonymize.unwrap_or(false) })
    }
}

fn truth(name: &str, value: &str) -> Result<bool, Refusal> {
    value.to_ascii_lowercase().parse().map_err(|_| {
        Refusal::Invalid(format!("{name}: expected true or false, found {}", text::shown(value)))
    })
}

/// `YYYY-MM-DD`, `…THH`, `…THH:mm` or `…THH:mm:ss`, all UTC.
fn moment(name: &str, value: &str) -> Result<i64, Refusal> {
    const REST: &str = "T00:00:00";
    // an offset would say another moment than W&B reads
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit() || b"-T:".contains(&byte));
    let rest = match value.len() {
        10 | 13 | 16 | 19 if is_plain => REST.get(value.len() - 10..),
        _ => None,
    };
    rest.and_then(|rest| text::instant(&format!("{value}{rest}"))).ok_or_else(|| {
        let expected = "expected a time in UTC, such as 2026-02-03, 2026-02-03T08, 2026-02-03T08:00 or 2026-02-03T08:00:00";
        Refusal::Invalid(format!("{name}: {expected}, found {}", text::shown(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-02-03T10:30:00Z";

    fn ask(query: &str) -> Result<Asked, String> {
        let pairs =
            query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap());
        Asked::read(pairs, text::instant(NOW).unwrap()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn wandbs_parameters_a_line_each() {
        for (query, start, end, limit) in [
            ("", "2026-02-03T00:00", "2026-02-03T10:30", None),
            ("numDays=0", "2026-02-03T00:00", "2026-02-04T00:00", None),
            ("numDays=2", "2026-02-01T00:00", "2026-02-04T00:00", None),
            ("startDate=2026-02-01", "2026-02-01T00:00", "2026-02-03T10:30", None),
            ("startDate=2026-02-01T08", "2026-02-01T08:00", "2026-02-03T10:30", None),
            ("startDate=2026-02-01T08:15", "2026-02-01T08:15", "2026-02-03T10:30", None),
            ("startDate=2026-02-01T08:15:00", "2026-02-01T08:15", "2026-02-03T10:30", None),
            ("startDate=2026-01-01&numDays=10", "2026-01-01T00:00", "2026-01-12T00:00", None),
            (
                "startDate=2026-01-01&endDate=2026-01-03T10",
                "2026-01-01T00:00",
                "2026-01-03T10:00",
                Some(20_000),
            ),
            ("limit=2", "2026-02-03T00:00", "2026-02-03T10:30", Some(2)),
            ("anonymize=true&limit=20000", "2026-02-03T00:00", "2026-02-03T10:30", Some(20_000)),
            ("startDate=2027-01-01", "2027-01-01T00:00", "2027-01-01T00:00", None),
        ] {
            let asked = ask(query).unwrap();
            let minute = |micros| text::date_time(micros)[..16].to_owned();
            assert_eq!(
                (minute(asked.range.start), minute(asked.range.end)),
                (start.into(), end.into()),
                "{query}"
            );
            assert_eq!(asked.limit, limit, "{query}");
        }
    }

    #[test]
    fn wrong_parameters_a_line_each() {
        for (query, told) in [
            ("anonymize=perhaps", "anonymize: expected true or false, found perhaps"),
            ("startDate=monday", "startDate: expected a time in UTC"),
            ("startDate=2026-02-30", "startDate: expected a time in UTC"),
            ("startDate=2026-02-01T08:15:00Z", "startDate: expected a time in UTC"),
            ("endDate=2026-02-01T08:", "endDate: expected a time in UTC"),
            ("numDays=-1", "numDays: expected a whole number from 0 to 36500, found -1"),
            ("numDays=1&endDate=2026-02-04", "numDays: expected no endDate beside it"),
            ("startDate=2026-02-04&endDate=2026-02-03", "endDate: expected a time after startDate"),
            ("limit=0", "limit: expected a whole number from 1 to 20000, found 0"),
            ("limit=20001", "limit: expected a whole number from 1 to 20000, found 20001"),
            ("cursor=x", "cursor: expected limit or endDate beside it"),
            ("cursor=x&limit=2", "cursor: expected the next_cursor of an earlier answer"),
            ("startdate=2026-02-01", "there is no parameter \"startdate\"; the nearest is \"startDate\""),
        ] {
            let refusal = ask(query).unwrap_err();
            assert!(refusal.starts_with(told), "{query}: {refusal}");
        }
    }

    #[test]
    fn a_cursor_goes_on_in_its_own_range_alone() {
        let first = ask("startDate=2026-02-01&limit=2").unwrap();
        let cursor = first.cursor((7, 1));

        let next = ask(&format!("startDate=2026-02-01&limit=5&cursor={cursor}")).unwrap();
        assert_eq!((next.range, next.limit, next.after), (first.range, Some(5), (7, 1)));
        assert_eq!(ask(&format!("limit=5&cursor={cursor}")).unwrap().range, first.range);
        for other in ["startDate=2026-02-02", "endDate=2026-02-02", "numDays=4", "anonymize=true"] {
            let refusal = ask(&format!("limit=2&cursor={cursor}&{other}")).unwrap_err();
            assert!(refusal.contains("that it came with"), "{other}: {refusal}");
        }
    }
}
