//! What the user asked for. Keys, gestures and panels all send these; only `systems/interact` acts on them.

use bevy::prelude::{Message, Resource};

use crate::model::NoPlace;

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
    ToggleTheme,
    TogglePalette,
    ToggleHelp,
    ToggleFullscreen,
    ShowWholeWorld,
    ZoomAt {
        px: [f32; 2],
        factor: f32,
    },
    PanPx {
        delta: [f32; 2],
    },
    OpenList(ListKind),
    CloseList,
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
    /// Index of a label of the rules file; one past the last for connections without a rule.
    Label(usize),
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
    pub list: Option<ListKind>,
    pub fullscreen: bool,
}
