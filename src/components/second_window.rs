//! The address space in a window of its own, beside the map: whether it is open, and what it shows. What the address space
//! is set to is shared with the main picture; what part of it is seen is not. The window itself is `systems/second_window`'s.

use bevy::prelude::{Component, Resource};

use super::{
    action::Pane,
    hilbert_view::HilbertView,
    map_view::{FIRST_SIZE_PX, MapView},
    panels::Panels,
    picture::Picture,
    space_cells::SpaceCells,
};

/// Marks the second window.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct SpaceWindow;

/// Marks the camera whose picture is in it.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct SpaceCamera;

/// `None`, and nothing more, while it is closed.
#[derive(Resource, Debug, Default)]
pub struct SecondWindow(pub Option<Box<SecondSpace>>);

#[derive(Debug)]
pub struct SecondSpace {
    /// Has always arrived.
    pub view: HilbertView,
    pub cells: SpaceCells,
    pub panels: Panels,
}

impl SecondSpace {
    /// Its picture as that of the main window is told: of the world there is nothing in it.
    pub fn picture(&self) -> Picture {
        Picture::new(MapView::home(self.view.size_px(), self.view.px_per_point()), self.view)
    }
}

impl SecondWindow {
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Opens it with all of the address space, as the main picture has it set.
    pub fn open(&mut self, main: &HilbertView) {
        let view = main.beside(FIRST_SIZE_PX.map(|px| px as f32), 1.0);
        self.0 =
            Some(Box::new(SecondSpace { view, cells: SpaceCells::default(), panels: Panels::default() }));
    }

    pub fn close(&mut self) {
        self.0 = None;
    }

    pub fn view_mut(&mut self) -> Option<&mut HilbertView> {
        self.0.as_mut().map(|second| &mut second.view)
    }

    /// That of a window, `main` being the main one's; `None` where it is closed.
    pub fn picture_of(&self, pane: Pane, main: (&MapView, &HilbertView)) -> Option<Picture> {
        match pane {
            Pane::Main => Some(Picture::new(*main.0, *main.1)),
            Pane::Second => self.0.as_ref().map(|second| second.picture()),
        }
    }
}

/// Whether either picture shows the address space, or is about to: what that needs is asked for and kept up then.
pub fn shows_space(main: &HilbertView, second: &SecondWindow) -> bool {
    main.is_coming_or_visible() || second.is_open()
}
