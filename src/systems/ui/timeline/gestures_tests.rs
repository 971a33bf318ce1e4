use bevy_egui::egui::{self, Modifiers, Pos2, RawInput, Rect, Sense, pos2, vec2};

use super::*;

const RECORDED: Span = Span { from_ms: 0, to_ms: 1_000_000 };
const BAR: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1_000.0, 40.0) };

/// A bar of a thousand points and a million milliseconds, and a hand that plays on it.
struct Played {
    context: egui::Context,
    hand: Hand,
    travel: TimeTravel,
    view: Span,
    time_secs: f64,
}

impl Played {
    fn new(shown: Shown, at_ms: i64) -> Self {
        let travel = TimeTravel { shown, at_ms, recorded: Some(RECORDED), ..TimeTravel::default() };
        let mut played = Self {
            context: egui::Context::default(),
            hand: Hand::default(),
            travel,
            view: RECORDED,
            time_secs: 0.0,
        };
        played.frame(Vec::new());
        played.frame(Vec::new());
        played
    }

    /// One frame; what is asked for is obeyed at once, as in the program.
    fn frame(&mut self, events: Vec<Event>) -> Vec<TimeAction> {
        self.time_secs += 0.05;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1_000.0, 200.0))),
            time: Some(self.time_secs),
            events,
            ..RawInput::default()
        };
        let mut sent = Vec::new();
        let scale = Scale { view: self.view, line: BAR.x_range() };
        let (hand, travel) = (&mut self.hand, &self.travel);
        let output = self.context.run_ui(input, |ui| {
            egui::Area::new(egui::Id::new("bar")).fixed_pos(Pos2::ZERO).show(ui.ctx(), |ui| {
                let response = ui.allocate_rect(BAR, Sense::click_and_drag());
                hand.obey(&response, ui, (&scale, travel, RECORDED), |action| sent.push(action));
            });
        });
        drawn_by_nobody(output);
        for action in &sent {
            match action {
                TimeAction::Scrub { at_ms } => {
                    (self.travel.shown, self.travel.at_ms) = (Shown::Moment, *at_ms);
                }
                TimeAction::Select(span) => self.travel.shown = Shown::Span(*span),
                TimeAction::GoLive => self.travel.shown = Shown::Now,
                TimeAction::View(view) => self.view = *view,
                _ => {}
            }
        }
        sent
    }

    fn move_to(&mut self, x: f32) -> Vec<TimeAction> {
        self.frame(vec![Event::PointerMoved(pos2(x, 20.0))])
    }

    fn button(&mut self, x: f32, button: PointerButton, pressed: bool) -> Vec<TimeAction> {
        let modifiers = Modifiers::NONE;
        self.frame(vec![Event::PointerButton { pos: pos2(x, 20.0), button, pressed, modifiers }])
    }

    fn drag(&mut self, button: PointerButton, way: &[f32]) -> Vec<TimeAction> {
        self.move_to(way[0]);
        let mut sent = self.button(way[0], button, true);
        for x in &way[1..] {
            sent.extend(self.move_to(*x));
        }
        sent.extend(self.button(way[way.len() - 1], button, false));
        sent
    }

    fn click(&mut self, x: f32) -> Vec<TimeAction> {
        self.drag(PointerButton::Primary, &[x])
    }
}

/// egui wants to be told that textures were seen to.
fn drawn_by_nobody(mut output: egui::FullOutput) {
    output.textures_delta.clear();
}

#[test]
fn a_click_shows_the_moment_below_it() {
    let mut played = Played::new(Shown::Now, 0);
    assert_eq!(played.click(250.0), [TimeAction::Scrub { at_ms: 250_000 }]);
}

#[test]
fn a_double_click_shows_the_whole_recording_and_what_was_shown_before() {
    let mut played = Played::new(Shown::Now, 0);
    played.view = Span { from_ms: 100_000, to_ms: 300_000 };
    played.click(250.0);
    let sent = played.click(250.0);
    assert_eq!(sent, [TimeAction::GoLive, TimeAction::View(whole(RECORDED))]);
    assert!(played.travel.is_now());
}

#[test]
fn a_drag_selects_in_either_direction_and_ends_with_the_recording() {
    let mut played = Played::new(Shown::Now, 0);
    let selected = |from_ms, to_ms| [TimeAction::Select(Span { from_ms, to_ms })];
    assert_eq!(played.drag(PointerButton::Primary, &[600.0, 500.0, 300.0]), selected(300_000, 600_000));
    assert_eq!(played.drag(PointerButton::Primary, &[900.0, 1_400.0]), selected(900_000, 1_000_000));
    played.view = Span { from_ms: 0, to_ms: 2_000_000 };
    let beyond = played.drag(PointerButton::Primary, &[700.0, 800.0]);
    assert_eq!(beyond, [TimeAction::Scrub { at_ms: 1_000_000 }], "nothing lies beyond it");
}

#[test]
fn the_stretch_is_seen_while_it_is_drawn() {
    let mut played = Played::new(Shown::Now, 0);
    played.move_to(200.0);
    played.button(200.0, PointerButton::Primary, true);
    played.move_to(400.0);
    let scale = Scale { view: RECORDED, line: BAR.x_range() };
    assert_eq!(played.hand.stretch(&scale), Some(Span { from_ms: 200_000, to_ms: 400_000 }));
    played.button(400.0, PointerButton::Primary, false);
    assert_eq!(played.hand.stretch(&scale), None);
}

#[test]
fn the_head_is_pulled_along() {
    let mut played = Played::new(Shown::Moment, 500_000);
    let sent = played.drag(PointerButton::Primary, &[502.0, 540.0, 700.0]);
    assert_eq!(sent.last(), Some(&TimeAction::Scrub { at_ms: 700_000 }));
    assert!(sent.len() >= 2, "it follows, and does not only arrive");
    assert!(sent.iter().all(|action| matches!(action, TimeAction::Scrub { .. })), "{sent:?}");
}

#[test]
fn the_middle_button_moves_the_view_with_the_pointer() {
    let mut played = Played::new(Shown::Now, 0);
    played.view = Span { from_ms: 400_000, to_ms: 600_000 };
    played.drag(PointerButton::Middle, &[500.0, 600.0, 750.0]);
    assert_eq!(played.view, Span { from_ms: 350_000, to_ms: 550_000 });
    assert!(played.travel.is_now(), "and shows nothing else");
}

#[test]
fn the_wheel_zooms_around_the_pointer() {
    let mut played = Played::new(Shown::Now, 0);
    played.move_to(250.0);
    let turn = |notches: f32| Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, notches),
        phase: egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    };
    played.frame(vec![turn(1.0), turn(1.0)]);
    assert_eq!(played.view, Span { from_ms: 90_000, to_ms: 730_000 });
    for _ in 0..40 {
        played.frame(vec![turn(3.0)]);
    }
    assert_eq!(played.view.len_ms(), 60_000, "a minute at the closest");
    assert!(played.view.contains(250_000));
    for _ in 0..40 {
        played.frame(vec![turn(-3.0)]);
    }
    assert_eq!(played.view, whole(RECORDED));
}
