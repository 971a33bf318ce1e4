//! Top left: who reports, how, how far away, and how many sockets. A click on a name hides or shows that agent's
//! connections, one on its figure lists them, a right click opens its card. While the map shows the past, those of the
//! recording stand here.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Color32, Rangef, Rect, RichText, Stroke, Ui},
};

use super::{
    panel, row, status,
    style::{medium, sans},
};
use crate::{
    components::{
        account::Account,
        action::{ListKind, UiAction},
        connection::Agents,
        fleet::{AgentRings, HiddenAgents, ListenState, Listening, colour_of},
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
        time_travel::TimeTravel,
        wall::Wall,
    },
    model::{AgentId, AgentLink, AgentStatus, CollectorMethod},
};

const WIDTH: f32 = 224.0;
const AGENT_HEIGHT: f32 = 36.0;
/// Where a click means the list, at the right end of a row.
const FIGURE_WIDTH: f32 = 56.0;
/// Share of the window's height that the panel may take; more agents scroll.
const TALLEST: f32 = 0.42;

pub(super) fn show(
    mut contexts: EguiContexts,
    (agents, travel, wall): (Res<Agents>, Res<TimeTravel>, Option<Res<Wall>>),
    (hidden, rings, listening): (Res<HiddenAgents>, Res<AgentRings>, Res<Listening>),
    account: Res<Account>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let shown: Vec<&AgentStatus> = agents.0.iter().filter(|agent| belongs(&agent.link, &travel)).collect();
    // A wall shows what its scene names, whatever room there is.
    let has_room = view.has_room_for_panels() || wall.is_some();
    if shown.is_empty() || !has_room {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    // Where a wall's clock is too near it hangs below that.
    let right = size::MARGIN + WIDTH + 2.0 * size::INNER;
    if right + size::MARGIN > context.content_rect().width() {
        return Ok(());
    }
    let top = panel::free_column(&panels, &view, Rangef::new(size::MARGIN, right)).min;
    let margin = egui::vec2(size::MARGIN, top);
    let tallest = context.content_rect().height() * TALLEST;
    let ringed = rings.0 && shown.len() > 1;
    let (rect, ()) =
        panel::floating(context, "agents", Align2::LEFT_TOP, margin, panel::frame(&theme), |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            head(ui, &listening, (travel.is_now(), wall.is_some()), &theme, &mut actions);
            let height = (shown.len() as f32 * (AGENT_HEIGHT + 2.0)).min(tallest);
            egui::ScrollArea::vertical().max_height(tallest).min_scrolled_height(height).show(ui, |ui| {
                for agent in shown {
                    let count = account.by_agent.get(&agent.agent).copied().unwrap_or(0);
                    let look = Look { count, hidden: hidden.hides(agent.agent), ringed };
                    one(ui, agent, look, &theme, &mut actions);
                    notes(ui, agent, &theme);
                }
            });
        });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

/// Whether an agent is one of the time that the map shows.
fn belongs(link: &AgentLink, travel: &TimeTravel) -> bool {
    (*link == AgentLink::Recorded) != travel.is_now()
}

/// Says whether a port is open, or that these are agents of the past. Scenes and stills have no listener, and say nothing of it.
fn head(
    ui: &mut Ui,
    listening: &Listening,
    (is_now, is_wall): (bool, bool),
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    let faint = theme.colours.text_faint.egui();
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, "Agents", sans(size::TEXT_SMALL), faint);
    if !is_now {
        let accent = theme.colours.accent.egui();
        row::text(
            ui,
            line.right_center(),
            Align2::RIGHT_CENTER,
            "as recorded",
            sans(size::TEXT_SMALL),
            accent,
        );
        return;
    }
    let (word, colour) = match &listening.state {
        ListenState::Unavailable => return,
        // Nobody presses a key there.
        ListenState::Off if is_wall => return,
        ListenState::Off => ("add  n".to_owned(), faint),
        ListenState::On(facts) => {
            (format!("listening {}", port_of(&facts.address)), theme.colours.good.egui())
        }
        ListenState::Failed(_) => ("not listening".to_owned(), theme.colours.warning.egui()),
    };
    row::text(ui, line.right_center(), Align2::RIGHT_CENTER, &word, sans(size::TEXT_SMALL), colour);
    if response.on_hover_text("listen for agents on other machines, and add them").clicked() {
        actions.write(UiAction::ToggleFleet);
    }
}

fn port_of(address: &str) -> String {
    address.rsplit_once(':').map_or_else(|| address.to_owned(), |(_, port)| format!(":{port}"))
}

#[derive(Clone, Copy)]
struct Look {
    count: usize,
    hidden: bool,
    ringed: bool,
}

fn one(ui: &mut Ui, agent: &AgentStatus, look: Look, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let colours = &theme.colours;
    let (line, response) = row::place(ui, WIDTH, AGENT_HEIGHT, theme);
    let top = line.left_top() + egui::vec2(5.0, 10.0);
    let lamp = lamp_colour(&agent.link, theme);
    if look.hidden {
        ui.painter().circle_stroke(top, 3.0, Stroke::new(1.0, lamp));
    } else {
        ui.painter().circle_filled(top, 3.5, lamp);
    }
    if look.ringed {
        let ring = theme.agents[colour_of(agent.agent)].egui();
        ui.painter().circle_stroke(top, 5.7, Stroke::new(1.2, ring));
    }
    let text = if look.hidden { colours.text_faint } else { colours.text }.egui();
    let text_at = top + egui::vec2(15.0, 0.0);
    let room = WIDTH - 20.0 - FIGURE_WIDTH;
    clipped(ui, &agent.name, text_at, room, text);
    let figure = Rect::from_min_size(line.min, egui::vec2(line.width(), 20.0));
    row::figure(ui, figure, look.count, text);
    let below = text_at + egui::vec2(0.0, 16.0);
    let faint = colours.text_faint.egui();
    row::text(ui, below, Align2::LEFT_CENTER, &how(agent), sans(size::TEXT_SMALL), faint);
    let on_figure = |at: egui::Pos2| at.x > line.max.x - FIGURE_WIDTH && at.y < line.min.y + 20.0;
    if response.secondary_clicked() {
        actions.write(UiAction::OpenAgentCard { agent: agent.agent });
    } else if response.clicked() {
        let listed = response.interact_pointer_pos().is_some_and(on_figure);
        actions.write(match listed {
            true => UiAction::OpenList(ListKind::Agent(agent.agent)),
            false => UiAction::ToggleAgent { agent: agent.agent },
        });
    }
    response.on_hover_text("click: hide or show · figure: list · right click: more");
}

/// A name that is too long is cut with an ellipsis.
fn clipped(ui: &Ui, name: &str, at: egui::Pos2, room: f32, colour: Color32) {
    let mut job = egui::text::LayoutJob::simple_singleline(name.to_owned(), medium(size::TEXT), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let galley = ui.painter().layout_job(job);
    let at = at - egui::vec2(0.0, galley.size().y * 0.5);
    ui.painter().galley(at, galley, colour);
}

/// What keeps this machine's programs without names stands below it; another's is on its card.
fn notes(ui: &mut Ui, agent: &AgentStatus, theme: &Theme) {
    // A scene's sockets are nobody's, so there is nothing to mend.
    if agent.agent != AgentId::THIS_MACHINE || agent.method == CollectorMethod::Demo {
        return;
    }
    for note in &agent.notes {
        let note = RichText::new(note).font(sans(size::TEXT_SMALL)).color(theme.colours.text_faint.egui());
        ui.scope(|ui| {
            ui.set_max_width(WIDTH);
            ui.add(egui::Label::new(note).wrap());
        });
    }
}

/// Green while news come, amber while the clock or the version should be looked at, red when cut off.
pub(super) fn lamp_colour(link: &AgentLink, theme: &Theme) -> Color32 {
    let colours = &theme.colours;
    match link {
        AgentLink::Connected { is_outdated: true, .. } => colours.warning,
        AgentLink::Local | AgentLink::Connected { .. } => colours.good,
        AgentLink::Recorded => colours.accent,
        AgentLink::Lost { .. } => colours.error,
    }
    .egui()
}

/// `polling 100 ms · 12 ms away · clock +0.3 s`
fn how(agent: &AgentStatus) -> String {
    let method = format!("{} {} ms", agent.method.label(), agent.tick_millis);
    match &agent.link {
        AgentLink::Local => method,
        AgentLink::Recorded => "recorded".to_owned(),
        AgentLink::Connected { delay_micros, clock_offset_millis, .. } => {
            let delay = delay_micros.map(delay_text);
            let offset = clock_offset_millis.map(|millis| format!("clock {}", offset_text(millis)));
            [Some(method), delay, offset].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
        AgentLink::Lost { since_unix_millis } => {
            format!("cut off since {}", status::date_and_time(*since_unix_millis).1)
        }
    }
}

pub(super) fn delay_text(micros: u32) -> String {
    if micros < 1_000 { "< 1 ms".to_owned() } else { format!("{} ms", micros / 1_000) }
}

pub(super) fn offset_text(millis: i64) -> String {
    match millis.unsigned_abs() {
        0..10 => "±0".to_owned(),
        10..1_000 => format!("{millis:+} ms"),
        1_000..120_000 => format!("{:+.1} s", millis as f64 / 1e3),
        120_000..7_200_000 => format!("{:+.0} min", millis as f64 / 60e3),
        _ => format!("{:+.0} h", millis as f64 / 3_600e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::time_travel::Shown;

    #[test]
    fn agents_are_those_of_the_time_that_is_shown() {
        let now = TimeTravel::default();
        let past = TimeTravel { shown: Shown::Moment, ..TimeTravel::default() };
        let lost = AgentLink::Lost { since_unix_millis: 0 };
        assert!(belongs(&AgentLink::Local, &now) && belongs(&lost, &now));
        assert!(!belongs(&AgentLink::Recorded, &now));
        assert!(!belongs(&AgentLink::Local, &past) && !belongs(&lost, &past));
        assert!(belongs(&AgentLink::Recorded, &past));
    }

    #[test]
    fn clocks_read_well() {
        assert_eq!(offset_text(-3), "±0");
        assert_eq!(offset_text(340), "+340 ms");
        assert_eq!(offset_text(-2_100), "-2.1 s");
        assert_eq!(offset_text(3_600_000), "+60 min");
        assert_eq!(offset_text(i64::MIN), "-2562047788015 h");
        assert_eq!(delay_text(12_700), "12 ms");
    }
}
