//! Moments as people write them: a date, a time of day, so long ago, or an end of the recording.

use std::str::FromStr;

use anyhow::{Context, bail};
use jiff::{civil::DateTime, tz::TimeZone};

use super::complain;
use crate::{
    components::time_travel::{Edge, Edges, Span},
    history::Player,
};

/// A moment on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the clock on the wall, in the time zone of this machine.
    Local(DateTime),
    /// With its offset from UTC: milliseconds since the Unix epoch.
    At(i64),
    /// So many milliseconds before now.
    Ago(i64),
    Now,
    /// First moment of the recording.
    Start,
    /// Last moment of the recording.
    End,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no moment: 2026-11-25, 2026-11-25T14:00, \"2026-11-25 14:00:05\", 6h (ago; s, m, h, d, w), now, start and \
     end are understood"
)]
pub struct NoMoment(String);

const UNITS: [(char, i64); 5] =
    [('s', 1_000), ('m', 60_000), ('h', 3_600_000), ('d', 86_400_000), ('w', 604_800_000)];

impl FromStr for When {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let no_moment = || NoMoment(text.to_owned());
        match text.trim() {
            "now" => return Ok(Self::Now),
            "start" => return Ok(Self::Start),
            "end" => return Ok(Self::End),
            _ => {}
        }
        let word = text.trim().trim_end_matches("ago").trim_end();
        let word = word.strip_prefix('-').unwrap_or(word);
        let ago = UNITS.iter().find_map(|(unit, millis)| {
            let count =
                word.strip_suffix(*unit).filter(|count| count.starts_with(|c: char| c.is_ascii_digit()))?;
            count.parse::<u32>().ok().map(|count| i64::from(count) * millis)
        });
        if let Some(millis) = ago {
            return Ok(Self::Ago(millis));
        }
        let text = text.trim();
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(at.as_millisecond()));
        }
        text.parse::<jiff::civil::Date>()
            .map(|date| date.at(0, 0, 0, 0))
            .ok()
            .filter(|_| !text.contains([':', 'T', 't', ' ']))
            .or_else(|| text.parse().ok())
            .map(Self::Local)
            .ok_or_else(no_moment)
    }
}

impl When {
    /// As an end of what is played.
    ///
    /// # Errors
    /// When the calendar has no such moment.
    pub fn edge(&self) -> anyhow::Result<Edge> {
        Ok(match self {
            Self::At(unix_millis) => Edge::At(*unix_millis),
            Self::Now => Edge::Ago(0),
            Self::Start => Edge::Start,
            Self::End => Edge::End,
            Self::Ago(millis) => Edge::Ago(*millis),
            Self::Local(at) => Edge::At(
                at.to_zoned(TimeZone::system())
                    .with_context(|| format!("{at} is no moment here"))?
                    .timestamp()
                    .as_millisecond(),
            ),
        })
    }
}

/// Both ends that were asked for; those of the recording where none was.
///
/// # Errors
/// When the calendar has no such moment.
pub fn edges(from: Option<When>, to: Option<When>) -> anyhow::Result<Edges> {
    Ok(Edges { from: from.unwrap_or(When::Start).edge()?, to: to.unwrap_or(When::End).edge()? })
}

/// The stretch that was asked for, of a recording; all of it where nothing was.
///
/// # Errors
/// When nothing is recorded, or not in that stretch.
pub fn stretch(player: &Player, from: Option<When>, to: Option<When>, now_ms: i64) -> anyhow::Result<Span> {
    let (from_ms, to_ms) = player.span(now_ms)?.context("the history is empty: nothing was recorded yet")?;
    let recorded = Span { from_ms, to_ms };
    let edges = edges(from, to)?;
    let from_ms = edges.from.unix_millis(recorded, now_ms);
    let to_ms = edges.to.unix_millis(recorded, now_ms);
    if from_ms >= to_ms {
        bail!("--from ({}) is not before --to ({})", shown(from_ms), shown(to_ms));
    }
    if to_ms < recorded.from_ms || recorded.to_ms < from_ms {
        bail!(
            "nothing was recorded from {} to {}: the history goes from {} to {}",
            shown(from_ms),
            shown(to_ms),
            shown(recorded.from_ms),
            shown(recorded.to_ms)
        );
    }
    let cut = Span { from_ms: from_ms.max(recorded.from_ms), to_ms: to_ms.min(recorded.to_ms) };
    if from.is_some() && cut.from_ms > from_ms || to.is_some() && cut.to_ms < to_ms {
        complain(&format!("recorded is {} to {}", shown(cut.from_ms), shown(cut.to_ms)));
    }
    Ok(cut)
}

/// Local date and time to the second.
pub fn shown(unix_millis: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_millis).map_or_else(
        |_| format!("{unix_millis} ms"),
        |at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::history::create_or_migrate;

    #[test]
    fn moments_are_read() {
        for (text, when) in [
            ("2026-11-25", When::Local(date(2026, 11, 25).at(0, 0, 0, 0))),
            ("2026-11-25T14:00", When::Local(date(2026, 11, 25).at(14, 0, 0, 0))),
            ("2026-11-25 14:00:05", When::Local(date(2026, 11, 25).at(14, 0, 5, 0))),
            ("2025-11-24T16:00:05Z", When::At(1_764_000_005_000)),
            ("2025-11-24T21:00:05+05:00", When::At(1_764_000_005_000)),
            ("6h", When::Ago(21_600_000)),
            ("-6h", When::Ago(21_600_000)),
            ("90s ago", When::Ago(90_000)),
            ("2w", When::Ago(1_209_600_000)),
            ("now", When::Now),
            ("start", When::Start),
            (" end ", When::End),
        ] {
            assert_eq!(text.parse(), Ok(when), "{text}");
        }
        for bad in [
            "",
            "yesterday",
            "25.11.2026",
            "2026-13-01",
            "2026-11-25T25:00",
            "h",
            "-",
            "1y",
            "--6h",
            "+6h",
            "-now",
            "99999999999999999h",
        ] {
            let said = bad.parse::<When>().unwrap_err().to_string();
            assert!(said.starts_with(&format!("`{bad}`")), "{said}");
        }
    }

    #[test]
    fn moments_are_those_of_the_recording_and_of_now() {
        let recorded = Span { from_ms: 1_000, to_ms: 90_000 };
        let at = |when: When| when.edge().unwrap().unix_millis(recorded, 80_000);
        assert_eq!(
            [When::Start, When::End, When::Now, When::Ago(10_000)].map(at),
            [1_000, 90_000, 80_000, 70_000]
        );
        let midnight = at(When::Local(date(2026, 11, 25).at(0, 0, 0, 0)));
        assert_eq!(shown(midnight), "2026-11-25 00:00:00");
    }

    #[test]
    fn a_stretch_is_cut_to_what_was_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let mut database = rusqlite::Connection::open(&path).unwrap();
        create_or_migrate(&mut database).unwrap();
        let day = 1_764_000_000_000;
        database
            .execute_batch(&format!(
                "INSERT INTO connection (opened_ms, n, agent, protocol, inbound, local, local_port, peer, peer_port, place)
                 VALUES ({day} + 1000, 0, 1, 0, 0, 1, 1, 1, 1, -6);
                 INSERT INTO recording VALUES (1, {day}, {day} + 9000, 1)"
            ))
            .unwrap();
        let player = Player::open(&path).unwrap();
        let cut = |from: Option<i64>, to: Option<i64>| {
            let at = |at: i64| When::At(day + at);
            let cut = stretch(&player, from.map(at), to.map(at), day + 60_000)?;
            anyhow::Ok((cut.from_ms - day, cut.to_ms - day))
        };
        assert_eq!(cut(None, None).unwrap(), (1_000, 9_000));
        assert_eq!(cut(Some(0), Some(50_000)).unwrap(), (1_000, 9_000));
        assert_eq!(cut(Some(2_000), Some(3_000)).unwrap(), (2_000, 3_000));
        assert!(cut(Some(10_000), Some(11_000)).unwrap_err().to_string().contains("nothing was recorded"));
        let ago = stretch(&player, Some(When::Ago(58_000)), Some(When::Now), day + 60_000).unwrap();
        assert_eq!(ago, Span { from_ms: day + 2_000, to_ms: day + 9_000 });
    }
}
