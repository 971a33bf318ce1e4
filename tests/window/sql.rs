//! The window for questions to the history: typed, asked, plotted, cancelled.

use crate::desktop::{
    Desktop, Home, Picture, Region, Window, eventually,
    picture::{Rgb, is_bright, is_like},
};

/// The window at the right of a window of 1280 to 720, and what is in it.
const EDITOR: [i32; 2] = [900, 160];
const ROWS: Region = Region::new([712, 240], [1244, 436]);
/// Below the editor, where an error stands and pushes the buttons down.
const ERROR: Region = Region::new([712, 205], [1244, 270]);
/// Left of the window: Brazil, and the key with the plots beside it.
const BRAZIL: Region = Region::new([440, 500], [500, 580]);
const PLOTS: Region = Region::new([222, 560], [500, 660]);
/// Below the rows: what became of the file, and at the right end what writes it.
const REMARK: Region = Region::new([806, 444], [898, 468]);
const JSON: Region = Region::new([1192, 446], [1240, 466]);
const ORANGE: Rgb = [0xE6, 0x9F, 0x00];
const RED: Rgb = [0xFF, 0x6B, 0x6B];
const ACCENT: Rgb = [0x5A, 0xC8, 0xFA];

/// Forty connections to São Paulo.
fn history(home: &Home) -> String {
    home.history(
            "INSERT INTO agent VALUES (1, 'here');
             INSERT INTO place VALUES (1, -23.5, -46.6, 'São Paulo', '', 'BR');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 40)
             INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, place)
             SELECT 1764000000000 + i, 0, 10, 1, 0, 0, 1, 1, 16843009 + i, 443, 1 FROM n;",
    )
}

fn open<'a>(desktop: &'a Desktop, history: &str) -> Option<Window<'a>> {
    desktop.open(&["--demo", "antimeridian", "--history", history])
}

fn ask(window: &Window, sql: &str) {
    window.press(EDITOR);
    // All letters must have come before Ctrl is held.
    for (text, key) in [("", "a"), (sql, "Return")] {
        window.write(text);
        window.rest();
        window.ctrl(key);
    }
}

fn orange(picture: &Picture, region: Region) -> usize {
    picture.count(region, is_like(ORANGE))
}

#[test]
fn a_question_is_answered_plotted_and_cleared() {
    let Some(desktop) = Desktop::start() else { return };
    let history = history(&desktop.home);
    let Some(window) = open(&desktop, &history) else { return };
    let bare = window.rest();
    window.key("q");
    window.shows("the window", |picture| picture.changed(&bare, picture.map()) > 100_000);
    // Letters are text here, and no keys.
    ask(&window, "select lat, lon, peer from connections");
    let answered = window.shows("rows", |picture| picture.bright(ROWS) > 1_500);

    let plot = answered.find(Region::new([1205, 210], [1240, 232]), is_bright).expect("a button").center();
    window.click(plot);
    let plotted = window.shows("a dot, and its colour beside the key", |picture| {
        orange(picture, BRAZIL) > 10 && orange(picture, PLOTS) > 30
    });
    let dot = plotted.find(BRAZIL, is_like(ORANGE)).expect("a dot").center();
    window.click(dot);
    window.shows("a ring around the dot of the selected row", |picture| {
        picture.count(BRAZIL, is_like(ACCENT)) > 30
    });
    window.click(plot);
    window.shows("no dot", |picture| orange(picture, BRAZIL) + orange(picture, PLOTS) == 0);

    window.press(EDITOR);
    window.key("Escape");
    window
        .shows("the map alone", |picture| picture.changed(&bare, Region::new([720, 260], [1000, 430])) == 0);
}

/// On the square of all addresses, left of the SQL window: the blocks of the lowest numbers.
const LOWEST: Region = Region::new([300, 40], [460, 160]);

#[test]
fn what_is_plotted_lies_in_the_address_space_too() {
    let Some(desktop) = Desktop::start() else { return };
    let history = history(&desktop.home);
    let Some(window) = open(&desktop, &history) else { return };
    let bare = window.rest();
    window.key("q");
    ask(&window, "select peer from connections");
    let answered = window.shows("rows", |picture| picture.bright(ROWS) > 300);
    let plot = answered.find(Region::new([1205, 210], [1240, 232]), is_bright).expect("a button").center();
    window.click(plot);
    window.shows("the plot beside the key", |picture| orange(picture, PLOTS) > 30);
    window.press(EDITOR);
    window.key("Escape");
    let below = Region::new([720, 260], [1000, 430]);
    window.shows("the map alone", |picture| picture.changed(&bare, below) == 0);
    window.key("z");
    let space = window.shows("a mark on the square", |picture| orange(picture, LOWEST) > 10);
    let mark = space.find(LOWEST, is_like(ORANGE)).expect("a mark").center();
    window.click(mark);
    window.shows("a ring around the mark of the selected row", |picture| {
        picture.count(LOWEST, is_like(ACCENT)) > 30
    });
}

#[test]
fn an_endless_question_is_cancelled_and_an_error_is_marked() {
    let Some(desktop) = Desktop::start() else { return };
    let history = history(&desktop.home);
    let Some(window) = open(&desktop, &history) else { return };
    window.key("q");
    ask(&window, "with recursive n(i) as (select 1 union all select i from n) select count(*) from n");
    // Where the button for asking was is the one that cancels.
    let has_run = || window.picture().count(Region::new([722, 210], [748, 230]), is_like(ACCENT)) > 5;
    eventually("the other button", || (!has_run()).then_some(()));
    window.tap([735, 220]);
    let is_red = is_like(RED);
    let cancelled = window.shows("that it was cancelled", |picture| picture.count(ERROR, &is_red) > 10);
    let [width, _] = cancelled.find(ERROR, &is_red).expect("a word").size();
    assert!(width < 120, "it was not cancelled, but took too long");

    ask(&window, "select nonsense from connections");
    let wrong = window.shows("the error and its place", |picture| {
        picture.find(ERROR, &is_red).is_some_and(|red| red.size()[0] > 150)
    });
    let editor = Region::new([712, 90], [1244, 120]);
    let is_reddish = |[r, g, b]: Rgb| r > g.saturating_add(15) && r > b.saturating_add(15);
    assert!(wrong.count(editor, is_reddish) > 200, "the word is marked");
    ask(&window, "select 1");
    window.shows("no error", |picture| picture.count(ERROR, &is_red) == 0);
}

#[test]
fn an_answer_is_written_as_json_and_replaced_only_when_asked_twice() {
    let Some(desktop) = Desktop::start() else { return };
    let history = history(&desktop.home);
    let Some(window) = open(&desktop, &history) else { return };
    window.key("q");
    ask(&window, "select opened, lat, lon, peer from connections");
    let answered = window.shows("rows", |picture| picture.bright(ROWS) > 1_500);
    let json = answered.find(JSON, is_bright).expect("a button").center();
    let file = desktop.home.path().join("connmapperl-query.json");
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    window.click(json);
    eventually("the file", || (read().matches("1.1.1.").count() == 40).then_some(()));

    // Nobody's file is lost by a second click.
    std::fs::write(&file, "mine").unwrap();
    window.click(json);
    let asked = window.shows("the question", |picture| picture.find(REMARK, is_bright).is_some());
    assert_eq!(read(), "mine");
    window.click(asked.find(REMARK, is_bright).expect("a button").center());
    eventually("the file replaced", || (read().matches("1.1.1.").count() == 40).then_some(()));
}

/// Of the choice that holds.
const CHOSEN: Rgb = [0x1F, 0x3F, 0x4F];
const MONTH: Region = Region::new([632, 351], [692, 368]);
const FOR_EVER: Region = Region::new([762, 351], [820, 368]);

/// What this machine does meanwhile changes the picture, so that it never comes to rest.
fn chooses(window: &Window, choice: Region) {
    eventually("the choice that holds", || {
        (window.picture().count(choice, is_like(CHOSEN)) > 100).then_some(())
    });
}

#[test]
fn what_is_kept_holds_at_once_and_at_the_next_start() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&[]) else { return };
    window.key("p");
    chooses(&window, FOR_EVER);
    window.tap(MONTH.center());
    chooses(&window, MONTH);
    window.key("Escape");
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));

    let Some(window) = desktop.open(&[]) else { return };
    window.key("p");
    chooses(&window, MONTH);
}
