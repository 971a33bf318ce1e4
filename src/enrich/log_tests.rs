use std::{fs, sync::Arc};

use super::*;
use crate::{
    enrich::FleetLines,
    geo::Geography,
    model::{Change, ConnectionId, Direction, Event, Observation, Owner, Protocol, Traffic},
    net::server::{AgentNews, Identity, News, OpenSocket, Origin},
};

#[path = "log_story_tests.rs"]
mod story;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("fleet.jsonl")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    /// Lines that go on from what is in the file.
    fn lines(&self) -> FleetLines<LogFile> {
        let mut log = FleetLog::open(&self.path()).unwrap();
        assert_eq!(log.complaint, None);
        let (_, earlier) = log.take_earlier();
        FleetLines::new(log.go_on().unwrap(), earlier, &Geography::default())
    }

    fn events(&self) -> Vec<String> {
        let event = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        self.text().lines().map(event).collect()
    }
}

fn socket(connection: u64, port: u16) -> OpenSocket {
    let observation = Observation {
        protocol: Protocol::Tcp,
        local: ([10, 0, 0, 1], port).into(),
        peer: ([127, 0, 0, 1], 443).into(),
        direction: Direction::Outbound,
        owner: Owner::Unknown,
        uid: 0,
        traffic: Traffic::default(),
    };
    let connection = ConnectionId(connection);
    OpenSocket { connection, opened_sequence: connection.0, opened_unix_millis: 5, observation }
}

fn from_agent(news: News) -> [AgentNews; 1] {
    let origin = Some(Arc::new(Origin { identity: Identity::Token(3), boot: [1; 16] }));
    [AgentNews { agent: AgentId(1), origin, news, delivery: None }]
}

fn snapshot(run: u64, base: u64, connections: Vec<OpenSocket>) -> [AgentNews; 1] {
    from_agent(News::Snapshot { run, base, same_boot: true, unix_millis: 90, connections })
}

const LINE: &str = "{\"event\":\"run\",\"agent\":\"web1\",\"id\":\"3\",\"unix_millis\":1,\"run\":\"7\"}\n";

#[test]
fn a_file_is_made_when_lines_may_come_and_not_before() {
    let folder = Folder::new();
    drop(FleetLog::open(&folder.path()).unwrap());
    assert!(!folder.path().exists(), "a program that cannot listen leaves nothing");
    let (one, other) = (FleetLog::open(&folder.path()).unwrap(), FleetLog::open(&folder.path()).unwrap());
    let mut file = one.go_on().unwrap();
    assert!(matches!(other.go_on(), Err(LogError::Busy(_))), "one writes at a time");
    file.write_all(LINE.as_bytes()).unwrap();
    file.flush().unwrap();
    assert_eq!(folder.text(), LINE);
}

#[test]
fn a_torn_line_is_cut_off_and_the_last_numbers_are_found() {
    let folder = Folder::new();
    let whole = format!("{LINE}{}", LINE.replace("\"7\"", "\"b\",\"sequence\":9"));
    fs::write(folder.path(), format!("{whole}{{\"event\":\"opened\",\"run\":\"0a\",\"sequ")).unwrap();
    let mut log = FleetLog::open(&folder.path()).unwrap();
    assert!(matches!(FleetLog::open(&folder.path()), Err(LogError::Busy(_))), "one writes at a time");
    let (known, _) = log.take_earlier();
    assert_eq!((known.len(), &known[0].runs), (1, &[(7, 0), (11, 9)].into()));
    assert_eq!(log.complaint, None);
    let mut file = log.go_on().unwrap();
    file.write_all(LINE.as_bytes()).unwrap();
    file.flush().unwrap();
    assert_eq!(folder.text(), format!("{whole}{LINE}"));
}

#[test]
fn a_last_line_that_lacks_only_its_newline_is_kept() {
    let folder = Folder::new();
    let last = LINE.replace("\"7\"", "\"b\",\"sequence\":9");
    fs::write(folder.path(), format!("{LINE}{}", last.trim_end())).unwrap();
    let mut log = FleetLog::open(&folder.path()).unwrap();
    assert_eq!(log.take_earlier().0[0].runs, [(7, 0), (11, 9)]);
    let mut file = log.go_on().unwrap();
    file.write_all(LINE.as_bytes()).unwrap();
    file.flush().unwrap();
    assert_eq!(folder.text(), format!("{LINE}{last}{LINE}"));
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let folder = Folder::new();
    for text in ["Dear diary\nno end", "my only copy", "{}\n", "\n", "\0\0\0\0"] {
        fs::write(folder.path(), text).unwrap();
        let error = FleetLog::open(&folder.path()).unwrap_err();
        assert!(
            matches!(error, LogError::Foreign(_)) && error.to_string().contains("fleet.jsonl"),
            "{error}"
        );
        assert_eq!(folder.text(), text);
    }
    assert!(matches!(FleetLog::open(Path::new("/dev/full")), Err(LogError::NoFile(_))));
    assert!(matches!(FleetLog::open(folder.0.path()), Err(LogError::NoFile(_))));
}

#[test]
fn what_is_damaged_is_passed_over_and_told_once() {
    let folder = Folder::new();
    let huge = format!("{{\"event\":\"opened\",\"agent\":\"{}\"}}\n", "x".repeat(1 << 20));
    let damaged = format!("{LINE}\nnot ours\n{huge}\0\0\0\n{LINE}");
    for (end, is_cut) in [("", false), ("not ours", false), ("\0\0", false), ("{\"even", true)] {
        fs::write(folder.path(), format!("{damaged}{end}")).unwrap();
        let mut log = FleetLog::open(&folder.path()).unwrap();
        let complaint = log.complaint.clone().unwrap();
        assert!(complaint.contains("fleet.jsonl") && complaint.contains(": 4, "), "{complaint}");
        assert!(complaint.contains(&format!("byte {}", LINE.len())), "{complaint}");
        assert_eq!(log.take_earlier().0.len(), 1);
        let mut file = log.go_on().unwrap();
        file.write_all(LINE.as_bytes()).unwrap();
        file.flush().unwrap();
        // Of what is not ours nothing is taken away.
        let kept = if is_cut || end.is_empty() { String::new() } else { format!("{end}\n") };
        assert!(folder.text() == format!("{damaged}{kept}{LINE}"), "{end:?}");
    }
}

#[test]
fn only_what_follows_the_last_checkpoint_is_read() {
    let folder = Folder::new();
    let mut lines = folder.lines();
    lines.write_all(snapshot(7, 4, vec![socket(1, 1), socket(2, 2)]), &Geography::default()).unwrap();
    lines.out_mut().after_checkpoint = BETWEEN_CHECKPOINTS;
    let closed = Event {
        sequence: 5,
        unix_millis: 95,
        connection: ConnectionId(1),
        change: Change::Closed { traffic: None },
    };
    lines
        .write_all(from_agent(News::Events { run: 7, events: vec![closed] }), &Geography::default())
        .unwrap();
    drop(lines);
    let wanted = ["run", "opened", "opened", "snapshot", "known", "open", "open", "checkpoint", "closed"];
    assert_eq!(folder.events(), wanted);
    // Nobody looks at what is before.
    let text = folder.text();
    let known = text.find("{\"event\":\"known\"").unwrap();
    let begin = str::from_utf8(LINE_BEGINS).unwrap();
    let head = "x".repeat(known - begin.len() - 1);
    fs::write(folder.path(), format!("{begin}{head}\n{}", &text[known..])).unwrap();
    let mut log = FleetLog::open(&folder.path()).unwrap();
    assert_eq!(log.complaint, None);
    let (known, earlier) = log.take_earlier();
    assert_eq!((&known[0].runs, known[0].boot), (&[(7, 5)].into(), Some([1; 16])));
    let open: Vec<_> = earlier[0].1.open.values().map(|open| open.observation.local.port()).collect();
    assert_eq!(open, [2]);
}

#[test]
fn a_checkpoint_that_is_none_is_passed_over() {
    let folder = Folder::new();
    let bad =
        ["{\"event\":\"checkpoint\",\"unix_millis\":1}\n", "{\"event\":\"checkpoint\",\"bytes\":9999999}\n"];
    // The first says that it begins in the middle of a line, the last is torn.
    let middle = "{\"event\":\"checkpoint\",\"unix_millis\":1,\"bytes\":3}\n";
    for text in [bad[0], bad[1], middle, "{\"event\":\"checkpoint\",\"unix_millis\":1,\"bytes\":0}"] {
        fs::write(folder.path(), format!("{LINE}{text}")).unwrap();
        let mut log = FleetLog::open(&folder.path()).unwrap();
        assert_eq!(log.take_earlier().0.len(), 1, "{text}");
    }
    // One that lies where two blocks of the search meet is found.
    let good = format!("{LINE}{{\"event\":\"checkpoint\",\"unix_millis\":1,\"bytes\":{}}}\n", LINE.len());
    let filler = LINE.replace("web1", "other");
    for shift in 0..100 {
        let behind = filler.repeat((300 << 10) / filler.len());
        let file = format!("{LINE}{good}{}", &behind[..(256 << 10) + 20 - shift]);
        fs::write(folder.path(), &file).unwrap();
        let tail = tail::find(&File::open(folder.path()).unwrap(), file.len() as u64).unwrap();
        assert_eq!((tail.begins, tail.checkpoint_bytes), (LINE.len() as u64, good.len() as u64), "{shift}");
    }
}

#[test]
fn a_file_that_is_moved_away_is_begun_anew_with_all_that_is_open() {
    let folder = Folder::new();
    let moved = folder.0.path().join("fleet.jsonl.1");
    let mut lines = folder.lines();
    lines.write_all(snapshot(7, 4, vec![socket(1, 1), socket(2, 2)]), &Geography::default()).unwrap();
    fs::rename(folder.path(), &moved).unwrap();
    lines.write_all(snapshot(8, 9, vec![socket(1, 1)]), &Geography::default()).unwrap();
    let wanted = ["known", "open", "open", "checkpoint", "closed", "run", "snapshot"];
    assert_eq!(folder.events(), wanted);
    assert_eq!(fs::read_to_string(&moved).unwrap().lines().count(), 4, "the old one stays as it is");
    // Emptied after it was copied.
    File::options().write(true).open(folder.path()).unwrap().set_len(0).unwrap();
    lines.write_all(snapshot(8, 10, vec![socket(1, 1)]), &Geography::default()).unwrap();
    assert_eq!(folder.events(), ["known", "open", "checkpoint", "snapshot"]);
    drop(lines);
    folder.lines().write_all(snapshot(9, 1, Vec::new()), &Geography::default()).unwrap();
    assert_eq!(folder.events()[4..], ["closed", "run", "snapshot"]);
}

#[test]
fn a_file_that_cannot_be_begun_anew_is_the_end() {
    let folder = Folder::new();
    let mut lines = folder.lines();
    fs::rename(folder.path(), folder.0.path().join("fleet.jsonl.1")).unwrap();
    fs::write(folder.path(), "Dear diary").unwrap();
    let error = lines.write_all(snapshot(7, 4, Vec::new()), &Geography::default()).unwrap_err();
    assert!(error.to_string().contains("moved away"), "{error}");
    assert_eq!(folder.text(), "Dear diary");
}
