//! How many people were here, over time (W-035).

use super::{Context, Error, Result, authorization::About};
use crate::{
    org::{
        authority::Action,
        span::{ActivityUnit, ActivityWindow, Day},
    },
    scim::text,
    store::{ReadTx, people as rows},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// How long it is known who was here on which day, in days.
pub const KEPT: i64 = 400;

/// How many people were here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityOverTime {
    /// How far back that is.
    pub window: ActivityWindow,
    /// How many different people were here in all that time; those who left since count.
    pub people: i64,
    /// What the numbers of the series stand for.
    pub unit: ActivityUnit,
    /// A number for each day or week, the first first and the one that is not over last.
    pub series: Vec<ActivityNumber>,
}

/// How many different people were here on a day or in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ActivityNumber {
    /// The day, or the Monday of the week, in UTC: `2026-11-30`.
    pub from: String,
    /// How many.
    pub people: i64,
}

/// How many people were here in a window that ends now. Days are those of UTC.
pub async fn over(cx: &Arc<Context>, window: ActivityWindow) -> Result<ActivityOverTime> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ActivityRead, About::ORGANIZATION)?;
        told(tx, &job, window)
    };
    cx.app.store.scan(work).await
}

fn told(tx: &ReadTx<'_>, cx: &Context, window: ActivityWindow) -> Result<ActivityOverTime> {
    let (organization, today) = (&cx.organization, Day::of(cx.now));
    let week = today.monday();
    let (first, last, step, unit) = match window {
        ActivityWindow::Days30 => (Day(today.0 - 29), today, 1, ActivityUnit::Day),
        _ => {
            let weeks = window.weeks().unwrap_or(KEPT / 7);
            (Day(week.0 - 7 * (weeks - 1)), week, 7, ActivityUnit::Week)
        }
    };
    let numbers = match unit {
        ActivityUnit::Day => rows::days(tx, organization, first)?,
        ActivityUnit::Week => rows::weeks(tx, organization, first)?,
    };
    let mut by_day = BTreeMap::new();
    for (day, people) in numbers {
        *by_day.entry(day).or_insert(0) += people;
    }
    let known = by_day.iter().filter(|(day, people)| **day >= first && **people > 0);
    let begins = match window {
        // nobody was here before somebody was
        ActivityWindow::All => known.map(|(day, _)| *day).min().unwrap_or(last),
        _ => first,
    };
    let days = (begins.0..=last.0).step_by(step).map(Day);
    let series = days.map(|day| ActivityNumber {
        from: text::date_time(day.begins()).chars().take(10).collect(),
        people: by_day.get(&day).copied().unwrap_or(0),
    });
    let people = rows::distinct(tx, organization, first)?;
    Ok::<_, Error>(ActivityOverTime { window, people, unit, series: series.collect() })
}
