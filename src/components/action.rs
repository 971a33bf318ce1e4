//! What the user asked for. Keys, gestures and panels all send these; only `systems/interact` acts on them.

use std::time::Duration;

use bevy::prelude::{Message, Resource};

use super::{
    cards::{CardConnection, Question},
    hilbert_view::SpaceColour,
    history::Kept,
    sql::SqlAction,
    time_travel::TimeAction,
    trails::LapseStyle,
};
use crate::{
    hilbert::{Family, Prefix},
    model::{AgentId, NoPlace},
};

/// The window whose picture is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    Main,
    /// The address space beside the map.
    Second,
}

#[derive(Message, Clone, Debug, PartialEq)]
pub enum UiAction {
    ToggleAllText,
    ToggleLabelText {
        label: usize,
    },
    ToggleLabelDots {
        label: usize,
    },
    ReloadRules,
    /// Hide or show an agent's connections.
    ToggleAgent {
        agent: AgentId,
    },
    /// Rings in the agents' colours around their dots.
    ToggleRings,
    ToggleFleet,
    /// Listen for agents at the usual port, or stop.
    ToggleListening,
    AddAgent {
        name: String,
    },
    /// What the register of agents shall do with one of that name.
    ChangeAgent {
        name: String,
        change: AgentChange,
    },
    OpenAgentCard {
        agent: AgentId,
    },
    CloseAgentCard,
    ToggleTheme,
    TogglePalette,
    /// Whether things pulse, fly and glide.
    ToggleMotion,
    /// The window in which all of this is set.
    ToggleSettings,
    /// A column of lists of connections, by name.
    ToggleColumn {
        column: &'static str,
    },
    ToggleHelp,
    ToggleFullscreen,
    /// The whole world, or the whole address space.
    ShowWhole(Pane),
    ZoomAt {
        pane: Pane,
        px: [f32; 2],
        factor: f32,
    },
    PanPx {
        pane: Pane,
        delta: [f32; 2],
    },
    /// Opens it, or closes it where it is open.
    OpenList(ListKind),
    CloseList(ListKind),
    /// Lists what is drawn near a place of the window.
    LookAt {
        pane: Pane,
        px: [f32; 2],
    },
    /// The dialog that says how much of the history is kept.
    ToggleKeep,
    KeepHistory(Kept),
    /// The dialog that asks whether all of it shall go.
    ToggleReset,
    /// Forgets the counts of places and the detailed history.
    ResetHistory,
    /// The box in which the filter is typed.
    ToggleFilter,
    Filter(FilterAction),
    Card(CardAction),
    /// The window for questions to the history.
    ToggleSql,
    Sql(SqlAction),
    /// What is left of connections that closed: dots only, trails, all of them.
    NextLapseStyle,
    SetLapseStyle(LapseStyle),
    /// How long trails fade.
    NextTrailLength,
    SetTrailLength(Duration),
    /// What time the map shows.
    Time(TimeAction),
    /// The view of the address space.
    Space(SpaceAction),
    /// A click on the bare map.
    PickAt {
        pane: Pane,
        px: [f32; 2],
    },
    /// The circles of the simple history.
    ToggleHistory,
    ShowHistory(bool),
    SaveHistory,
    LoadHistory,
    /// What to do with the history that was read.
    AnswerLoad(LoadAnswer),
    DismissNotice {
        topic: String,
    },
    /// Closes the topmost thing; quits from the bare map.
    Back,
    Quit,
    /// Hand the move or the resize of the window to the system.
    DragWindow,
    ResizeWindow(ResizeEdge),
}

/// What becomes of a card, by its number.
#[derive(Clone, Debug, PartialEq)]
pub enum CardAction {
    Open(CardConnection),
    /// One for whatever is typed.
    LookUp,
    Close(u32),
    /// Somebody works on it: it lies on top of the others.
    ToFront(u32),
    Ask {
        card: u32,
        question: Question,
    },
    /// Ends what was asked.
    Cancel(u32),
}

/// What becomes of the view of the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpaceAction {
    /// In place of the world, and back.
    Toggle,
    Show(bool),
    /// In a window of its own beside the map, and away again.
    ToggleWindow,
    CloseWindow,
    /// IPv4 or IPv6.
    ToggleFamily,
    NextColour,
    SetColour(SpaceColour),
    SetFamily(Family),
    ToggleCurve,
    /// Columns for rows.
    Transpose,
    /// Fly to it.
    ShowBlock(Pane, Prefix),
}

/// What becomes of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterAction {
    /// The text as it stands in the box now.
    Set(String),
    /// One condition more.
    Add(String),
    /// Everything is shown again, and the box is closed.
    Clear,
    /// Keep the text for another time, or forget one that was kept.
    Save,
    Forget(String),
}

/// Which connections a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    All,
    OnMap,
    Hidden,
    WithoutPlace(NoPlace),
    WithoutAnyPlace,
    BeyondEdge,
    UnknownProgram,
    Agent(AgentId),
    /// Index of a label of the rules file; one past the last for connections without a rule.
    Label(usize),
    /// Near where somebody looked, by the number of that look.
    Near(u32),
}

/// What becomes of a history that was read from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadAnswer {
    Add,
    Replace,
    Cancel,
}

/// What may be done to an agent's entry.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentChange {
    Rename(String),
    /// Latitude and longitude in degrees, or none.
    SetHome(Option<[f32; 2]>),
    Revoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResizeEdge {
    North,
    South,
    East,
    West,
    NorthEast,
    NorthWest,
    SouthEast,
    SouthWest,
}

/// What is open on top of the map.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Overlays {
    pub help: bool,
    pub filter: bool,
    /// In the order in which they were opened.
    pub lists: Vec<ListKind>,
    /// The dialog with the listener's switch and the command line for a new agent.
    pub fleet: bool,
    pub agent_card: Option<AgentId>,
    pub sql: bool,
    pub keep: bool,
    pub reset: bool,
    pub settings: bool,
    pub fullscreen: bool,
}
