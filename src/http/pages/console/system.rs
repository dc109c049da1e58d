//! The server behind the organization, and how many people were here over time.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    Page,
};
use crate::{
    org::span::ActivityWindow,
    service::{
        activity::{self, ActivityNumber, ActivityOverTime},
        system::{self, System},
    },
};
use askama::Template;

#[derive(Template)]
#[template(path = "http/pages/console/system.html")]
struct Shown<'p> {
    frame: &'p Frame,
    system: System,
    json: String,
}

/// A number of bytes as people read it.
fn size(bytes: &i64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut tenths = bytes / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).unwrap_or(&"kB"))
}

/// `GET /console/system`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    let system = system::read(&page.cx).await?;
    Answer::page(&Shown { frame: &page.frame, system, json: page.json("/system") })
}

/// A bar of the chart, in its units.
struct Bar {
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

/// How wide and how high the chart is, in its units.
const WIDTH: i64 = 720;
const HEIGHT: i64 = 160;

fn bars(series: &[ActivityNumber]) -> Vec<Bar> {
    let most = series.iter().map(|it| it.people).max().unwrap_or(0).max(1);
    let step = WIDTH / i64::try_from(series.len().max(1)).unwrap_or(1);
    let bar = |(n, number): (usize, &ActivityNumber)| {
        let height = number.people * HEIGHT / most;
        Bar { x: i64::try_from(n).unwrap_or(0) * step, y: HEIGHT - height, width: (step - 2).max(1), height }
    };
    series.iter().enumerate().map(bar).collect()
}

#[derive(Template)]
#[template(path = "http/pages/console/activity.html")]
struct Activity<'p> {
    frame: &'p Frame,
    activity: ActivityOverTime,
    bars: Vec<Bar>,
    json: String,
}

/// `GET /console/activity`.
pub(super) async fn activity(page: &Page<'_>) -> Result<Answer, Failed> {
    let window = page.asked.query("window").parse().unwrap_or(ActivityWindow::Months3);
    let activity = activity::over(&page.cx, window).await?;
    let bars = bars(&activity.series);
    let json = page.json(&format!("/activity?window={window}"));
    Answer::page(&Activity { frame: &page.frame, activity, bars, json })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, expected) in
            [(0, "0.0 kB"), (1_500, "1.5 kB"), (2_340_000, "2.3 MB"), (9_900_000_000, "9.9 GB")]
        {
            assert_eq!(size(&bytes), expected);
        }
    }

    #[test]
    fn the_highest_bar_is_as_high_as_the_chart() {
        let number = |people| ActivityNumber { from: String::new(), people };
        let bars = bars(&[number(1), number(4), number(0)]);
        assert_eq!(bars.iter().map(|it| it.height).collect::<Vec<_>>(), [40, 160, 0]);
        assert!(bars.iter().all(|it| it.x + it.width <= WIDTH && it.y + it.height == HEIGHT));
    }
}
