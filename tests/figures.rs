//! What the harnesses print and what they leave as JSON is the same.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../examples/support/figures.rs"]
mod figures;

use figures::{Figure, Figures, Goal};
use serde_json::Value;

/// The figure as JSON has it.
fn kept(figure: Figure) -> (String, Value) {
    let line = figure.to_string();
    let mut figures = Figures::new("made up");
    figures.group("a group");
    figures.add(figure);
    let all: Value = serde_json::from_str(&figures.to_json().unwrap()).unwrap();
    (line, all["groups"][0]["figures"][0].clone())
}

#[test]
fn a_line_says_what_json_says() {
    for (ours, theirs, goal, met) in [
        (0.25, 10.0, Goal::AtMost(1.0 / 12.0), true),
        (1.75, 1.0, Goal::AtMost(1.5), false),
        (727.0, 1_000.0, Goal::AtLeast(0.6), true),
        (42.0, 100.0, Goal::AtLeast(0.6), false),
        (f64::NAN, 100.0, Goal::AtMost(0.6), false),
    ] {
        let (line, json) = kept(Figure::new("a look", ours, "ms").beside("ss", theirs).goal(goal));
        assert!(
            line.contains("a look")
                && line.contains(" ms, ")
                && (line.contains(" of ss (") || line.contains(" times ss (")),
            "{line}"
        );
        assert_eq!(
            (&json["name"], &json["unit"], &json["beside"]["name"]),
            (&"a look".into(), &"ms".into(), &"ss".into())
        );
        assert_eq!(json["beside"]["value"], theirs);
        assert_eq!((json["value"].as_f64(), json["ratio"].as_f64()), {
            let number = |value: f64| value.is_finite().then_some(value);
            (number(ours), number(ours / theirs))
        });
        assert_eq!(
            (&json["met"], line.ends_with(": met"), line.ends_with(": MISSED")),
            (&met.into(), met, !met)
        );
    }
}

#[test]
fn numbers_are_shown_as_they_are() {
    let shown = |value: f64| kept(Figure::new("x", value, "ms"));
    for (value, text) in
        [(0.0, "0"), (0.4567, "0.4567"), (4.567, "4.57"), (45.67, "45.7"), (45_678.9, "45679")]
    {
        let (line, json) = shown(value);
        assert!(line.ends_with(&format!(" {text} ms")), "{line}");
        assert_eq!(json["value"], value);
        assert!(
            json["ratio"].is_null()
                && json["beside"].is_null()
                && json["goal"].is_null()
                && json["met"].is_null()
        );
    }
    let (line, json) = kept(Figure::new("x", 1.0, "ms").beside("lsof", 40.0).goal(Goal::AtMost(1.0 / 25.0)));
    assert!(line.contains("1/40 of lsof (40); goal at most 1/25: met"), "{line}");
    assert_eq!(json["goal"]["at_most"], 1.0 / 25.0);
}

#[test]
fn without_a_contestant_the_goal_is_for_the_value() {
    let (line, json) = kept(Figure::new("size", 2.75, "MB").goal(Goal::AtMost(3.0)));
    assert!(line.ends_with("2.75 MB; goal at most 3: met"), "{line}");
    assert_eq!(json["met"], true);
}

#[test]
fn the_machine_and_what_was_skipped_are_there() {
    let mut figures = Figures::new("made up");
    figures.skip("connmap", "not installed");
    figures.skip("connmap", "not installed");
    let all: Value = serde_json::from_str(&figures.to_json().unwrap()).unwrap();
    assert_eq!((&all["harness"], &all["skipped"][0]["contestant"]), (&"made up".into(), &"connmap".into()));
    assert_eq!(all["skipped"][0]["why"], "not installed");
    assert_eq!(all["skipped"].as_array().unwrap().len(), 1, "once is enough");
    assert_eq!(all["version"], connmapperl::version::VERSION);
    assert!(
        all["machine"]["cores"].as_u64().unwrap() > 0 && all["machine"]["memory_bytes"].as_u64().unwrap() > 0
    );
    assert!(all["date"].as_str().unwrap().starts_with("20"), "{}", all["date"]);
}
