//! What is written in a scene is what is shown, and what is wrong is said with its place.

use proptest::prelude::*;

use super::*;

fn scene(text: &str) -> Scene {
    Scene::parse(text).unwrap()
}

fn problem(text: &str) -> String {
    Scene::parse(text).unwrap_err().to_string()
}

fn minute(hour: u16) -> Minute {
    hour * 60
}

#[test]
fn scenes_that_ship_can_be_read() {
    for (name, text) in SHIPPED {
        Scene::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_is_left_out_is_as_usual() {
    let scene = scene("[[view]]\nsecs = 60\n");
    assert_eq!((scene.text_scale, scene.pixel_shift, scene.theme), (2.2, true, None));
    assert_eq!((scene.views[0].show, scene.views[0].zoom), (Show::World, Zoom::World));
    assert!(scene.views[0].has(Part::Clock) && !scene.views[0].has(Part::Ticker));
    assert_eq!(scene.brightness(0), 1.0);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    assert!(problem("").contains("missing field `view`"));
    assert!(problem("view = []").contains("1 to 64 views"));
    assert!(problem("[[view]]\nsecs = 60\nsec = 1\n").starts_with("line 3, column 1: unknown field `sec`"));
    let short = "[[view]]\nsecs = 60\n[[view]]\nsecs = 1\n";
    assert_eq!(problem(short), "line 4, column 8: this may be 5 to 604800, and is 1");
    assert!(
        problem("text_scale = nan\n[[view]]\nsecs = 9\n")
            .starts_with("line 1, column 14: this may be 1 to 4")
    );
    assert!(
        problem("[[view]]\nsecs = 60\nhours = '7-8'\n").starts_with("line 3, column 9: \"7-8\" is no part")
    );
    let part = problem("[[view]]\nsecs = 60\nparts = ['clock', 'clok']\n");
    assert!(part.starts_with("line 3, column 19: unknown variant `clok`"), "{part}");
}

#[test]
fn views_follow_one_another_at_their_hours() {
    let day = "[[view]]\nsecs = 9\n[[view]]\nsecs = 9\nhours = '8:00-18:00'\n[[view]]\nsecs = 9\n";
    let scene = scene(day);
    let turns = |hour: u16| {
        let mut at = None;
        [(); 4].map(|()| {
            at = Some(scene.next(at, minute(hour)));
            at.unwrap()
        })
    };
    assert_eq!(turns(12), [0, 1, 2, 0]);
    assert_eq!(turns(20), [0, 2, 0, 2]);
}

#[test]
fn where_no_view_may_be_shown_all_are() {
    let scene = scene("[[view]]\nsecs = 9\nhours = '8:00-9:00'\n[[view]]\nsecs = 9\nhours = '8:00-9:00'\n");
    assert_eq!(scene.next(None, minute(12)), 0);
    assert_eq!(scene.next(Some(0), minute(12)), 1);
}

#[test]
fn the_night_is_dark_past_midnight() {
    let scene = scene("[night]\nhours = '22:00-07:00'\nbrightness = 0.4\n[[view]]\nsecs = 9\n");
    assert_eq!([21, 22, 0, 6, 7].map(|hour| scene.brightness(minute(hour))), [1.0, 0.4, 0.4, 0.4, 1.0]);
}

#[test]
fn hours_are_times_of_day_and_nothing_else() {
    for wrong in
        ["", "8:00", "8:00-", "25:00-1:00", "8:60-9:00", "+8:00-9:00", "8:0-9:00", "24:01-1:00", "a-b"]
    {
        assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
    }
    let all: Hours = "00:00-24:00".parse().unwrap();
    assert!((0..MINUTES_A_DAY).all(|minute| all.contains(minute)));
}

proptest! {
    #[test]
    fn one_of_two_halves_of_a_day_holds_each_minute(from in 0..MINUTES_A_DAY, to in 0..MINUTES_A_DAY, at in 0..MINUTES_A_DAY) {
        prop_assume!(from != to);
        let hours = |from: u16, to: u16| -> Hours {
            format!("{}:{:02}-{}:{:02}", from / 60, from % 60, to / 60, to % 60).parse().unwrap()
        };
        prop_assert!(hours(from, to).contains(at) != hours(to, from).contains(at));
    }

    #[test]
    fn no_text_makes_it_fall_over(text in "\\PC*") {
        let _ = Scene::parse(&text);
    }
}
