//! The detailed history as the window writes it: real connections of this test, over loopback, looked up in the file by
//! other means than the program's.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, params};

use crate::desktop::{Desktop, Region, Window, eventually, picture::is_like};

/// Of the button that forgets.
const RED: [u8; 3] = [0xFF, 0x6B, 0x6B];
/// Where a dialog lies.
const MIDDLE: Region = Region::new([380, 200], [900, 520]);

/// Both ends of a connection; each is one on this machine.
type Pair = (TcpStream, TcpStream);

struct Peer(TcpListener);

impl Peer {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn connect(&self) -> Pair {
        let client = TcpStream::connect(self.0.local_addr().unwrap()).unwrap();
        (client, self.0.accept().unwrap().0)
    }

    /// How many of its connections are on record, and how many of those as closed. `None` before there is a file.
    fn recorded(&self, path: &Path) -> Option<(i64, i64)> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let count =
            "SELECT count(*), count(lasted_ms) FROM connection WHERE local_port = ?1 OR peer_port = ?1";
        database.query_row(count, params![self.port()], |row| Ok((row.get(0)?, row.get(1)?))).ok()
    }

    fn has(&self, what: &str, path: &Path, rows: (i64, i64)) {
        eventually(what, || (self.recorded(path) == Some(rows)).then_some(()));
    }
}

fn open(desktop: &Desktop) -> Option<(Window<'_>, PathBuf)> {
    let path = desktop.home.path().join("recorded.sqlite");
    let window = desktop.open(&["--history", path.to_str().unwrap()])?;
    Some((window, path))
}

#[test]
fn connections_are_on_record_while_they_last_and_end_with_the_window_at_the_latest() {
    let Some(desktop) = Desktop::start() else { return };
    let Some((window, path)) = open(&desktop) else { return };
    let peer = Peer::new();
    let (first, second) = (peer.connect(), peer.connect());
    peer.has("two connections of two ends", &path, (4, 0));
    drop(first);
    peer.has("the end of one", &path, (4, 2));
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    assert_eq!(peer.recorded(&path), Some((4, 4)), "the other ended, as far as this history goes");
    let database = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let ended: (i64, i64) = database
        .query_row("SELECT count(*), sum(ended) FROM recording", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(ended, (1, 1));
    drop(second);
}

#[test]
fn r_forgets_what_is_closed_after_a_click_on_red_alone() {
    let Some(desktop) = Desktop::start() else { return };
    let Some((window, path)) = open(&desktop) else { return };
    let peer = Peer::new();
    let (first, _second) = (peer.connect(), peer.connect());
    peer.has("two connections of two ends", &path, (4, 0));
    drop(first);
    peer.has("the end of one", &path, (4, 2));

    // What this machine does meanwhile changes the picture, so that it never comes to rest.
    let red = || window.picture().find(MIDDLE, is_like(RED)).filter(|red| red.size()[0] > 40);
    let is_gone = || red().is_none().then_some(());
    window.key("r");
    eventually("the question", red);
    window.key("Escape");
    eventually("no question", is_gone);
    assert_eq!(peer.recorded(&path), Some((4, 2)), "nothing went");

    window.key("r");
    let button = eventually("the question again", red);
    window.tap(button.center());
    eventually("the question answered", is_gone);
    peer.has("what is open stays", &path, (2, 0));
}
