//! Keeps what people should read from becoming a flood: one line a minute about each address or agent, and few in all.
//! Pure; the clock is the caller's.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

/// Between two lines about the same.
const BETWEEN_LINES: Duration = Duration::from_secs(60);
/// Lines a minute about all of them together: a scan from many addresses shall not push everything else away.
const MOST_LINES: u32 = 20;
/// How many are remembered; when there are more, all that told nothing of late are forgotten.
const MOST_SUBJECTS: usize = 4_096;

#[derive(Debug)]
pub struct Notices<K> {
    subjects: HashMap<K, Told>,
    minute: Option<Instant>,
    lines: u32,
    /// Left out because there were too many in all.
    left_out: u64,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    since: u64,
}

impl<K: Hash + Eq> Default for Notices<K> {
    fn default() -> Self {
        Self { subjects: HashMap::new(), minute: None, lines: 0, left_out: 0 }
    }
}

impl<K: Hash + Eq> Notices<K> {
    /// What to show of this line now: nothing, or the line with a count of those that were not shown.
    pub fn line(&mut self, subject: K, line: String, now: Instant) -> Option<String> {
        let is_old = |at: Instant| now.duration_since(at) >= BETWEEN_LINES;
        if self.subjects.len() >= MOST_SUBJECTS {
            self.subjects.retain(|_, told| !is_old(told.at));
        }
        let since = match self.subjects.get_mut(&subject) {
            Some(told) if !is_old(told.at) => {
                told.since += 1;
                return None;
            }
            Some(told) => told.since,
            None => 0,
        };
        if self.minute.is_none_or(is_old) {
            (self.minute, self.lines) = (Some(now), 0);
        }
        self.lines += 1;
        if self.lines > MOST_LINES || self.subjects.len() >= MOST_SUBJECTS {
            self.left_out += 1 + since;
            self.subjects.remove(&subject);
            return None;
        }
        self.subjects.insert(subject, Told { at: now, since: 0 });
        let left_out = std::mem::take(&mut self.left_out);
        Some(match (since, left_out) {
            (0, 0) => line,
            (since, 0) => format!("{line} (and {since} more times in the minute before)"),
            (0, others) => format!("{line} (and {others} others in the minute before)"),
            (since, others) => {
                format!("{line} (and {since} more times, and {others} others, in the minute before)")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_and_a_count() {
        let (start, mut notices) = (Instant::now(), Notices::default());
        let mut line = |subject: u32, secs| {
            notices.line(subject, format!("{subject}"), start + Duration::from_secs(secs))
        };
        assert_eq!(line(1, 0).unwrap(), "1");
        assert_eq!((line(1, 1), line(1, 59)), (None, None));
        assert_eq!(line(2, 59).unwrap(), "2");
        assert_eq!(line(1, 60).unwrap(), "1 (and 2 more times in the minute before)");
        assert_eq!(line(1, 120).unwrap(), "1");
    }

    #[test]
    fn a_scan_from_everywhere_is_cut_short() {
        let (start, mut notices) = (Instant::now(), Notices::default());
        let shown = (0..100_000_u32).filter_map(|i| notices.line(i, String::new(), start)).count();
        assert_eq!(shown, MOST_LINES as usize);
        assert!(notices.subjects.len() <= MOST_SUBJECTS);
        let later = notices.line(1_000_000, "late".to_owned(), start + BETWEEN_LINES).unwrap();
        assert_eq!(later, "late (and 99980 others in the minute before)");
    }
}
