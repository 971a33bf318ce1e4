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

    pub fn dismiss(&mut self, topic: &str) {
        self.0.retain(|notice| notice.topic != topic);
    }
}
