//! What the user should read: bad lines of files, aged data, dropped events. Shown in the window until dismissed.

use bevy::prelude::Resource;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Warning,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub severity: Severity,
    /// What it is about, for example a file; a newer notice on the same topic takes the place of the older one.
    pub topic: String,
    pub lines: Vec<String>,
}

/// Lines of a topic that goes on: what nobody dismissed shall not fill the screen.
const MOST_ADDED_LINES: usize = 6;

#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices(pub Vec<Notice>);

impl Notices {
    /// Replaces what was said on the topic; no lines means that all is well again.
    pub fn say(&mut self, severity: Severity, topic: impl Into<String>, lines: Vec<String>) {
        let topic = topic.into();
        self.0.retain(|notice| notice.topic != topic);
        if !lines.is_empty() {
            self.0.push(Notice { severity, topic, lines });
        }
    }

    /// Says one thing more on the topic, after what was said before; the oldest go.
    pub fn add(&mut self, severity: Severity, topic: impl Into<String>, line: String) {
        let topic = topic.into();
        let known = self.0.iter().position(|notice| notice.topic == topic).map(|at| self.0.remove(at));
        let mut notice = known.unwrap_or_else(|| Notice { severity, topic, lines: Vec::new() });
        notice.severity = severity.max(notice.severity);
        notice.lines.retain(|known| *known != line);
        notice.lines.push(line);
        let too_many = notice.lines.len().saturating_sub(MOST_ADDED_LINES);
        notice.lines.drain(..too_many);
        self.0.push(notice);
    }

    pub fn dismiss(&mut self, topic: &str) {
        self.0.retain(|notice| notice.topic != topic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_kept_short_and_said_once() {
        let mut notices = Notices::default();
        for agent in 0..20 {
            notices.add(Severity::Info, "Agents", format!("agent {agent} is new"));
        }
        notices.add(Severity::Warning, "Agents", "agent 16 is new".to_owned());
        assert_eq!(notices.0.len(), 1);
        let notice = &notices.0[0];
        assert_eq!(notice.severity, Severity::Warning);
        assert_eq!(notice.lines.len(), MOST_ADDED_LINES);
        assert_eq!(notice.lines.last().map(String::as_str), Some("agent 16 is new"));
        assert_eq!(notice.lines.iter().filter(|line| line.contains("16")).count(), 1);
    }
}
