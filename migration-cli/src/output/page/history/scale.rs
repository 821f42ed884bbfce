//! How long a bar is: a migration may take a millisecond or a night, and both have to be seen.

use std::time::Duration;

use super::super::html::Html;

/// A logarithmic scale that begins at a millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// How often its end is ten times a millisecond.
    decades: u32,
}

const LEAST: u32 = 3;
/// Ten thousand seconds and more are one length.
const MOST: u32 = 7;

/// What stands at the beginning, and at the end of each decade.
const TICKS: [&str; 8] = ["1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s", "10000 s"];

impl Scale {
    /// One on which the longest has a place.
    pub(super) fn of(all: impl Iterator<Item = Duration>) -> Scale {
        let longest = all.max().unwrap_or_default();
        let fits = |it: &u32| Duration::from_millis(10_u64.pow(*it)) >= longest;
        Scale { decades: (LEAST..MOST).find(fits).unwrap_or(MOST) }
    }

    /// How the style draws the lines behind the bars.
    pub(super) fn class(self) -> &'static str {
        match self.decades {
            LEAST => "decades-3",
            4 => "decades-4",
            5 => "decades-5",
            6 => "decades-6",
            _ => "decades-7",
        }
    }

    /// The length of a bar, in hundredths of the whole.
    fn length(self, time: Duration) -> f64 {
        let decades = (time.as_secs_f64() * 1000.0).max(1.0).log10();
        (decades / f64::from(self.decades) * 100.0).clamp(1.0, 100.0)
    }

    pub(super) fn bar(self, time: Option<Duration>) -> Html {
        let mut html = Html::new();
        html.open(
            "svg",
            &[
                ("class", "bar"),
                ("viewBox", "0 0 100 10"),
                ("preserveAspectRatio", "none"),
                ("aria-hidden", "true"),
            ],
        );
        if let Some(time) = time {
            let length = format!("{:.1}", self.length(time));
            html.open("rect", &[("width", &length), ("height", "10")]).close("rect");
        }
        html.close("svg");
        html
    }

    /// What the lines behind the bars mean.
    pub(super) fn axis(self) -> Html {
        let mut html = Html::new();
        let class = format!("axis {}", self.class());
        html.open("div", &[("class", &class), ("aria-hidden", "true")])
            .open("span", &[("class", "ticks")]);
        for tick in &TICKS[..=self.decades as usize] {
            html.element("span", &[], tick);
        }
        html.close("span").close("div");
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_has_a_place_and_the_shortest_is_seen() {
        let check = |millis: u64, decades: u32| {
            let time = Duration::from_millis(millis);
            let scale = Scale::of([time, Duration::from_millis(1)].into_iter());
            assert_eq!(scale, Scale { decades }, "{millis}");
            assert!(scale.length(time) <= 100.0, "{millis}");
            assert!(scale.length(Duration::ZERO) >= 1.0);
        };
        check(0, 3);
        check(1_000, 3);
        check(1_001, 4);
        check(3_600_000, 7);
        check(u64::from(u32::MAX), 7);
        assert_eq!(Scale::of(std::iter::empty()), Scale { decades: LEAST });
        let half = Scale { decades: 4 }.length(Duration::from_millis(100));
        assert!((half - 50.0).abs() < 0.1, "{half}");
    }
}
