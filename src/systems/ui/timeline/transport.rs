//! Above the bar: step, play, speed, and the way back to now. Buttons are drawn as shapes; each says its key.

use bevy_egui::egui::{
    Align2, Color32, CursorIcon, FontId, Painter, Pos2, Rect, RectAlign, Response, Sense, Shape, Stroke,
    Tooltip, Ui, pos2, vec2,
};

use crate::{
    components::{
        action::UiAction,
        bindings::KEYS,
        theme::{Theme, size},
        time_travel::{TimeAction, TimeTravel},
    },
    systems::ui::{
        row::{self, grouped},
        status,
        style::{medium, mono, sans},
    },
};

/// What all of it takes, and what the words on a stretch that is too large take besides.
pub(super) const WIDTH: f32 = 400.0;
pub(super) const SUMS_WIDTH: f32 = 270.0;
const BUTTON: f32 = 26.0;
const SPEED_BUTTON: f32 = 20.0;
/// Half of what a sign measures.
const SIGN: f32 = 4.5;
const SPEED_WIDTH: f32 = 56.0;
/// Share of its colour behind a word that is lit.
const LIT: f32 = 0.14;
const LAMP: f32 = 3.0;

/// What a button does, in words, and what it asks for.
type Hint = (&'static str, TimeAction);

#[derive(Clone, Copy)]
enum Sign {
    Play,
    Pause,
    StepBack,
    StepForward,
    Slower,
    Faster,
}

/// What lies in the row from left to right.
struct Row<'a> {
    ui: &'a Ui,
    theme: &'a Theme,
    rect: Rect,
    /// Where the next one begins.
    left: f32,
    /// Whether there is a past to play.
    is_usable: bool,
}

pub(super) fn show(
    ui: &Ui,
    rect: Rect,
    travel: &TimeTravel,
    theme: &Theme,
    mut send: impl FnMut(TimeAction),
) {
    let is_usable = travel.recorded.is_some();
    // Signs stand in the middle of their buttons; the first one shall begin where the bar does.
    let mut row = Row { ui, theme, rect, left: rect.left() - BUTTON * 0.5 + SIGN, is_usable };
    let (sign, hint) = match travel.is_playing && !travel.is_now() {
        true => (Sign::Pause, "pause"),
        false => (Sign::Play, "play the past"),
    };
    let mut asked = None;
    row.button(BUTTON, Sign::StepBack, ("back to the event before", TimeAction::StepBack), &mut asked);
    row.button(BUTTON, sign, (hint, TimeAction::PlayOrPause), &mut asked);
    row.button(BUTTON, Sign::StepForward, ("on to the next event", TimeAction::StepForward), &mut asked);
    row.left += size::GRID;
    row.button(SPEED_BUTTON, Sign::Slower, ("slower", TimeAction::Slower), &mut asked);
    row.figure(&format!("×{}", grouped(travel.speed as usize)));
    row.button(SPEED_BUTTON, Sign::Faster, ("faster", TimeAction::Faster), &mut asked);
    row.left += size::GRID;
    let hint = "at the end begin again";
    row.toggle("loop", travel.loops, (hint, TimeAction::ToggleLoop), &mut asked);
    let hint = "pass over time in which nothing happened";
    row.toggle("skip idle", travel.skips_idle, (hint, TimeAction::ToggleSkipIdle), &mut asked);
    row.left += size::GRID;
    row.live(travel.is_now(), &mut asked);
    asked.into_iter().for_each(&mut send);
    if let Some(words) = status::sums_line(travel) {
        let colour = theme.colours.text_second.egui();
        let at = pos2(row.left + size::INNER, rect.center().y);
        row::text(ui, at, Align2::LEFT_CENTER, &words, sans(size::TEXT_SMALL), colour);
    }
}

impl Row<'_> {
    fn place(&mut self, name: &str, width: f32) -> Response {
        let rect = Rect::from_min_size(pos2(self.left, self.rect.top()), vec2(width, self.rect.height()));
        self.left += width;
        let sense = if self.is_usable { Sense::click() } else { Sense::hover() };
        let response = self.ui.interact(rect, self.ui.id().with(name), sense);
        if self.is_usable { response.on_hover_cursor(CursorIcon::PointingHand) } else { response }
    }

    fn colour(&self, response: &Response) -> Color32 {
        let colours = &self.theme.colours;
        match (self.is_usable, response.hovered()) {
            (false, _) => colours.text_faint.egui().gamma_multiply(0.6),
            (true, false) => colours.text_second.egui(),
            (true, true) => colours.text.egui(),
        }
    }

    fn button(&mut self, width: f32, sign: Sign, hint: Hint, asked: &mut Option<TimeAction>) {
        let response = self.place(key_of(&hint.1), width);
        draw(self.ui.painter(), response.rect.center(), sign, self.colour(&response));
        ask(&response, hint, asked);
    }

    /// The speed, between its two buttons.
    fn figure(&mut self, words: &str) {
        let at = pos2(self.left + SPEED_WIDTH * 0.5, self.rect.center().y);
        let colours = &self.theme.colours;
        let colour = if self.is_usable { colours.text } else { colours.text_faint }.egui();
        row::text(self.ui, at, Align2::CENTER_CENTER, words, mono(size::TEXT_SMALL), colour);
        self.left += SPEED_WIDTH;
    }

    /// A word that is lit while it holds.
    fn toggle(&mut self, word: &str, is_on: bool, hint: Hint, asked: &mut Option<TimeAction>) {
        let font: FontId = sans(size::TEXT_SMALL);
        let width = row::width(self.ui, word, font.clone());
        let response = self.place(word, width + size::INNER);
        let colour = match (is_on && self.is_usable, response.hovered()) {
            (true, _) => self.theme.colours.accent.egui(),
            (false, _) => self.colour(&response),
        };
        if is_on && self.is_usable {
            let lit = response.rect.shrink2(vec2(2.0, 4.0));
            self.ui.painter().rect_filled(lit, 4.0, colour.gamma_multiply(LIT));
        }
        row::text(self.ui, response.rect.center(), Align2::CENTER_CENTER, word, font, colour);
        ask(&response, hint, asked);
    }

    /// A lamp that is lit while the map shows now; else the way back. Always there, whatever is recorded.
    fn live(&mut self, is_now: bool, asked: &mut Option<TimeAction>) {
        let font = medium(size::TEXT_SMALL);
        let text_at = LAMP * 2.0 + size::GRID * 0.75;
        let width = text_at + row::width(self.ui, "Live", font.clone());
        let rect = Rect::from_min_size(pos2(self.left, self.rect.top()), vec2(width, self.rect.height()));
        self.left += width;
        let sense = if is_now { Sense::hover() } else { Sense::click() };
        let mut response = self.ui.interact(rect, self.ui.id().with("live"), sense);
        let colours = &self.theme.colours;
        let lamp = rect.left_center() + vec2(LAMP, 0.0);
        let colour = match (is_now, response.hovered()) {
            (true, _) => colours.good,
            (false, true) => colours.text,
            (false, false) => colours.text_second,
        };
        if is_now {
            self.ui.painter().circle_filled(lamp, LAMP, colour.egui());
        } else {
            response = response.on_hover_cursor(CursorIcon::PointingHand);
            self.ui.painter().circle_stroke(lamp, LAMP - 0.5, Stroke::new(1.2, colour.egui()));
        }
        let at = rect.left_center() + vec2(text_at, 0.0);
        row::text(self.ui, at, Align2::LEFT_CENTER, "Live", font, colour.egui());
        let hint = if is_now { "the map shows now" } else { "back to now" };
        ask(&response, (hint, TimeAction::GoLive), asked);
    }
}

/// Which key does the same.
fn key_of(action: &TimeAction) -> &'static str {
    let same = KEYS.iter().find(|key| matches!(&key.action, UiAction::Time(time) if time == action));
    same.map_or("", |key| key.keys)
}

/// Notes what a click asks for. The hint stands above, where it hides nothing of the bar.
fn ask(response: &Response, (words, action): Hint, asked: &mut Option<TimeAction>) {
    let mut tooltip = Tooltip::for_enabled(response);
    tooltip.popup = tooltip.popup.align(RectAlign::TOP_START);
    tooltip.show(|ui| ui.label(format!("{words} · {}", key_of(&action))));
    if response.clicked() {
        *asked = Some(action);
    }
}

fn draw(painter: &Painter, center: Pos2, sign: Sign, colour: Color32) {
    let triangle = |tip_x: f32, base_x: f32, half: f32| {
        let points =
            vec![center + vec2(tip_x, 0.0), center + vec2(base_x, -half), center + vec2(base_x, half)];
        painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
    };
    let bar = |x: f32, width: f32| {
        let rect = Rect::from_center_size(center + vec2(x, 0.0), vec2(width, SIGN * 2.0));
        painter.rect_filled(rect, 0.5, colour);
    };
    let chevron = |tip_x: f32, base_x: f32| {
        let half = SIGN * 0.75;
        let points = [center + vec2(base_x, -half), center + vec2(tip_x, 0.0), center + vec2(base_x, half)];
        painter.add(Shape::line(points.to_vec(), Stroke::new(1.3, colour)));
    };
    match sign {
        Sign::Play => triangle(SIGN + 1.0, -SIGN + 1.0, SIGN + 0.5),
        Sign::Pause => [-2.5, 2.5].into_iter().for_each(|x| bar(x, 2.6)),
        Sign::StepBack => {
            triangle(-SIGN + 2.0, SIGN, SIGN);
            bar(-SIGN + 0.6, 1.8);
        }
        Sign::StepForward => {
            triangle(SIGN - 2.0, -SIGN, SIGN);
            bar(SIGN - 0.6, 1.8);
        }
        Sign::Slower => [-2.0, 2.0].into_iter().for_each(|x| chevron(x - 1.5, x + 1.5)),
        Sign::Faster => [-2.0, 2.0].into_iter().for_each(|x| chevron(x + 1.5, x - 1.5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_has_a_key() {
        use TimeAction::{
            Faster, GoLive, PlayOrPause, Slower, StepBack, StepForward, ToggleLoop, ToggleSkipIdle,
        };
        for action in [StepBack, PlayOrPause, StepForward, Slower, Faster, ToggleLoop, ToggleSkipIdle, GoLive]
        {
            assert!(!key_of(&action).is_empty(), "{action:?}");
        }
    }
}
