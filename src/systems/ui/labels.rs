//! The texts beside the dots: program and port, ASN and organisation, and how many lie on one spot. Laid out only when a connection, a rule, the
//! view or a panel changed; in between the same shapes are painted again.

use std::sync::Arc;

use bevy::{platform::collections::HashMap, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, Color32, Context, Galley, LayerId, Stroke},
};

use super::{
    label_layout::{Candidate, DotGrid, LabelLayout, LabelText, Obstacles},
    place_counts, row,
    style::{medium, mono, sans},
    words,
};
use crate::{
    components::{
        connection::{Connection, MatchedRule, Position, Trail},
        filtering::Passes,
        fleet::HiddenAgents,
        hilbert_view::HilbertView,
        map_view::MapView,
        palette::Palette,
        panels::{Panels, PxRect},
        picture::Picture,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::LocatedConnection,
};

/// Texts considered; a screen has no room for more, and the oldest connections come first.
const MOST_CANDIDATES: usize = 600;
/// Longer names of organisations are cut.
const LONGEST_NAME: usize = 26;
/// Space between the two lines, in points.
const LEADING: f32 = 1.0;

type Shown = (&'static Connection, &'static MatchedRule, Option<&'static Position>, &'static Passes);
type CameOrChanged =
    Or<(Changed<Connection>, Changed<MatchedRule>, Changed<Position>, Changed<Passes>, Added<Trail>)>;

/// The shapes of the texts that are placed, ready to paint.
#[derive(Default)]
pub(super) struct Painted {
    labels: Vec<PaintedLabel>,
    counts: Vec<(egui::Pos2, Arc<Galley>)>,
}

struct PaintedLabel {
    first: (egui::Pos2, Arc<Galley>),
    second: (egui::Pos2, Arc<Galley>),
    leader: [egui::Pos2; 2],
    colour: Color32,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    mut layout: ResMut<LabelLayout>,
    (book, hidden_agents): (Res<RuleBook>, Res<HiddenAgents>),
    (view, space): (Res<MapView>, Res<HilbertView>),
    (theme, palette, panels): (Res<Theme>, Res<Palette>, Res<Panels>),
    shown: Query<Shown, Without<Trail>>,
    changed: Query<(), CameOrChanged>,
    mut gone: RemovedComponents<Connection>,
    mut painted: Local<Painted>,
    mut last_panels: Local<Panels>,
) -> Result {
    // While all dots fly, no text keeps up with its own.
    if space.is_flying() {
        *painted = Painted::default();
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let some_gone = gone.read().count() > 0;
    let restyled =
        hidden_agents.is_changed() || theme.is_changed() || palette.is_changed() || *last_panels != *panels;
    let moved = view.is_changed() || space.is_changed();
    if restyled || some_gone || !changed.is_empty() || book.is_changed() || moved {
        last_panels.clone_from(&panels);
        let inputs = Inputs {
            book: &book,
            hidden_agents: &hidden_agents,
            view: &view,
            picture: Picture::new(*view, *space),
            theme: &theme,
            palette: *palette,
        };
        let (candidates, colours, beyond) = inputs.candidates(context, &shown);
        let (mut dots, dots_px) = inputs.dot_grid(&shown);
        painted.counts = inputs.counts(context, &dots_px, &panels.rects, &mut dots);
        let obstacles = Obstacles { window_px: view.size_px, panels: &panels.rects, dots };
        let before = layout.without_room;
        layout.arrange(candidates, &obstacles, view.px_per_point);
        layout.without_room += beyond;
        if layout.without_room != before {
            // The status line has been drawn with the old figure.
            context.request_repaint();
        }
        painted.labels = inputs.paint(context, &layout, &colours);
    }
    let painter = context.layer_painter(LayerId::background());
    for (at, galley) in &painted.counts {
        painter.galley(*at, galley.clone(), Color32::PLACEHOLDER);
    }
    for label in &painted.labels {
        painter.line_segment(label.leader, Stroke::new(1.0, label.colour.gamma_multiply(0.45)));
        for (at, galley) in [&label.first, &label.second] {
            painter.galley(*at, galley.clone(), Color32::PLACEHOLDER);
        }
    }
    Ok(())
}

struct Inputs<'a> {
    book: &'a RuleBook,
    hidden_agents: &'a HiddenAgents,
    view: &'a MapView,
    picture: Picture,
    theme: &'a Theme,
    palette: Palette,
}

impl Inputs<'_> {
    fn hides(&self, connection: &Connection, label: usize) -> bool {
        self.book.is_hidden(label) || self.hidden_agents.hides(connection.0.key.agent)
    }

    /// Texts that want a place, the colour of each one's dot, and how many connections more want one.
    fn candidates(
        &self,
        context: &Context,
        shown: &Query<Shown, Without<Trail>>,
    ) -> (Vec<Candidate>, Vec<Color32>, usize) {
        let mut connections: Vec<_> = shown
            .iter()
            .filter(|(connection, matched, _, passes)| {
                let label = self.book.label_of(matched.0);
                let has_text = matched.0.is_some_and(|rule| self.book.shows_text(rule));
                has_text && passes.0 && !self.hides(connection, label)
            })
            .collect();
        connections
            .sort_unstable_by_key(|(connection, ..)| (connection.0.opened_unix_millis, connection.0.key));
        let mut seen: HashMap<LabelText, usize> = HashMap::default();
        let mut beyond = 0;
        let (mut found, mut colours): (Vec<(LabelText, [f32; 2], usize)>, Vec<Color32>) = Default::default();
        for (connection, matched, position, _) in connections {
            let Some(dot_px) = self.picture.px_of(&connection.0, position) else {
                continue;
            };
            let on_screen = (0..2).all(|axis| (0.0..=self.view.size_px[axis]).contains(&dot_px[axis]));
            let Some(rule) = matched.0.and_then(|rule| self.book.rules.rules().get(rule)) else {
                continue;
            };
            if !on_screen {
                continue;
            }
            if found.len() == MOST_CANDIDATES {
                beyond += 1;
                continue;
            }
            let text = label_text(&connection.0, rule.port, dot_px);
            if let Some(index) = seen.get(&text) {
                found[*index].2 += 1;
                continue;
            }
            seen.insert(text.clone(), found.len());
            found.push((text, dot_px, 1));
            let label = self.book.label_of(matched.0);
            let [r, g, b, _] = self.palette.bytes(label, rule.color.to_array());
            colours.push(Color32::from_rgb(r, g, b));
        }
        let candidates = found
            .into_iter()
            .map(|(text, dot_px, count)| {
                let (first, second) = self.galleys(context, &text, count);
                let points = self.view.px_per_point;
                let size = egui::vec2(
                    first.size().x.max(second.size().x),
                    first.size().y + LEADING + second.size().y,
                );
                Candidate { text, count, dot_px, size_px: [size.x * points, size.y * points] }
            })
            .collect();
        (candidates, colours, beyond)
    }

    /// Where dots are, and the place of each.
    fn dot_grid(&self, shown: &Query<Shown, Without<Trail>>) -> (DotGrid, Vec<[f32; 2]>) {
        let (mut grid, mut dots_px) = (DotGrid::new(self.view.size_px), Vec::new());
        for (connection, matched, position, passes) in shown {
            if passes.0
                && !self.hides(connection, self.book.label_of(matched.0))
                && let Some(px) = self.picture.px_of(&connection.0, position)
            {
                grid.mark(px, size::DOT * self.view.px_per_point);
                dots_px.push(px);
            }
        }
        (grid, dots_px)
    }

    /// The figures of spots with more than one dot, where texts may not lie then. They go with all text.
    fn counts(
        &self,
        context: &Context,
        dots_px: &[[f32; 2]],
        panels: &[PxRect],
        grid: &mut DotGrid,
    ) -> Vec<(egui::Pos2, Arc<Galley>)> {
        if !self.book.all_text {
            return Vec::new();
        }
        let [width, height] = self.view.size_px;
        let is_inside = |px: &&[f32; 2]| (0.0..=width).contains(&px[0]) && (0.0..=height).contains(&px[1]);
        let crowded = place_counts::crowded(dots_px.iter().filter(is_inside).copied());
        let painter = context.layer_painter(LayerId::background());
        let colour = self.theme.colours.text.egui();
        let galleys: Vec<_> = crowded
            .iter()
            .map(|spot| painter.layout_no_wrap(row::grouped(spot.count), mono(size::TEXT_SMALL), colour))
            .collect();
        let points = self.view.px_per_point;
        let sizes: Vec<[f32; 2]> =
            galleys.iter().map(|galley| [galley.size().x * points, galley.size().y * points]).collect();
        let places = place_counts::arrange(&crowded, &sizes, self.view.size_px, panels, points);
        let placed = places.into_iter().zip(galleys).filter_map(|(place, galley)| {
            let rect = place?;
            grid.mark_rect(&rect);
            Some((egui::pos2(rect.min[0] / points, rect.min[1] / points), galley))
        });
        placed.collect()
    }

    fn galleys(&self, context: &Context, text: &LabelText, count: usize) -> (Arc<Galley>, Arc<Galley>) {
        let first = if count > 1 { format!("{}  ×{count}", text.first) } else { text.first.clone() };
        let colours = &self.theme.colours;
        let painter = context.layer_painter(LayerId::background());
        (
            painter.layout_no_wrap(first, medium(size::TEXT), colours.text.egui()),
            painter.layout_no_wrap(text.second.clone(), sans(size::TEXT_SMALL), colours.text_second.egui()),
        )
    }

    fn paint(&self, context: &Context, layout: &LabelLayout, colours: &[Color32]) -> Vec<PaintedLabel> {
        let points = self.view.px_per_point;
        let pos = |px: [f32; 2]| egui::pos2(px[0] / points, px[1] / points);
        layout
            .placed
            .iter()
            .map(|placed| {
                let candidate = &layout.candidates[placed.candidate];
                let (first, second) = self.galleys(context, &candidate.text, candidate.count);
                let (min, max) = (pos(placed.rect.min), pos(placed.rect.max));
                let left = |galley: &Galley| {
                    if placed.slot.is_left() { max.x - galley.size().x } else { min.x }
                };
                let first_at = egui::pos2(left(&first), min.y);
                let second_at = egui::pos2(left(&second), min.y + first.size().y + LEADING);
                let dot = pos(candidate.dot_px);
                // The leader ends where the text begins, at the height of the middle of it.
                let near = egui::pos2(dot.x.clamp(min.x - 2.0, max.x + 2.0), dot.y.clamp(min.y, max.y));
                let start = dot + (near - dot).normalized() * (size::DOT + 1.5);
                PaintedLabel {
                    first: (first_at, first),
                    second: (second_at, second),
                    leader: [start, near],
                    colour: colours[placed.candidate],
                }
            })
            .collect()
    }
}

/// Program and port, and below it who holds the address, or where it is when nobody is known to hold it.
fn label_text(connection: &LocatedConnection, port: u16, dot_px: [f32; 2]) -> LabelText {
    let second = match (&connection.asn, &connection.place) {
        (Some(asn), _) => format!("AS{}  {}", asn.number, shortened(&asn.organisation)),
        (None, Ok(place)) => shortened(&words::place(place)),
        (None, Err(_)) => String::new(),
    };
    LabelText {
        first: format!("{}:{port}", connection.observation.owner.name()),
        second: second.trim().to_owned(),
        at: dot_px.map(|px| (px * 4.0) as i32),
    }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((cut, _)) => format!("{}…", name[..cut].trim_end()),
        None => name.to_owned(),
    }
}
